//! One file in: decoding, orientation, limits, the one preprocessing and thumbnails.
//!
//! [`read`] turns a file into upright 8-bit RGB, [`evaluation_crop`] turns that into the square the model sees, and
//! [`Thumbnails`] keeps small copies for the window. [`sniff`] tells photos from other files by their first bytes.

mod complete;
mod crop;
mod decode;
mod error;
mod format;
mod header;
mod limits;
mod orientation;
mod region;
mod thumbnails;

pub use crop::{PREPROCESSING_VERSION, evaluation_crop, resized_crop};
pub use decode::{decode, read};
pub use error::{DecodeError, PhotoError};
pub use format::{Format, sniff};
pub use header::{FACTS_VERSION, Header, header};
pub use limits::Limits;
pub use region::Region;
pub use thumbnails::{THUMBNAIL_SIDE_PX, Thumbnails, thumbnail};
