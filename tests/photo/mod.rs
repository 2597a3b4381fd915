//! Tests of `photo`.
mod damage;
mod drawn;
mod formats;
mod limits;
mod orientation;
mod preprocessing;
mod thumbnails;
