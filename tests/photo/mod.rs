//! Tests of `photo`.
mod damage;
mod drawn;
mod formats;
mod libjpeg;
mod limits;
mod orientation;
mod preprocessing;
mod thumbnails;
