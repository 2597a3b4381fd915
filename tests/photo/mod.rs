//! Tests of `photo`.
mod apart;
mod damage;
mod drawn;
mod formats;
mod grid;
mod hostile;
mod libjpeg;
mod limits;
mod more_formats;
mod orientation;
mod preprocessing;
mod raw;
mod reduced;
mod thumbnails;
