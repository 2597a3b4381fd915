//! One file in: decoding, orientation, limits, the one preprocessing and thumbnails.
//!
//! [`read`] turns a file into upright 8-bit RGB ([`read_for`] reduced, where that is enough), [`evaluation_crop`] turns that into the square the model sees, and
//! [`Thumbnails`] keeps small copies for the window. [`Reader`] does the same in processes that can be stopped. [`sniff`] tells photos from other files by their first bytes.

mod apart;
mod boxes;
mod camera;
mod complete;
mod crop;
mod decode;
mod error;
mod fields;
mod format;
mod header;
mod heif;
mod limited;
mod limits;
mod modified;
mod named;
mod orientation;
mod part;
mod raw;
mod reader;
mod recognise;
mod region;
mod thumbnails;

pub use apart::{ProcessLimits, WORKER_COMMAND, serve};
pub use camera::{Camera, camera};
pub use crop::{PREPROCESSING_VERSION, evaluation_crop, resized_crop};
pub use decode::{Enough, READER_VERSION, decode, read, read_for};
pub use error::{DecodeError, PhotoError};
pub use format::Format;
pub use header::{FACTS_VERSION, Header, header};
pub use limits::Limits;
pub use modified::mtime_ns;
pub use named::broken_promise;
pub use part::{Part, part};
pub use reader::{Looked, Reader};
pub use recognise::sniff;
pub use region::Region;
pub use thumbnails::{THUMBNAIL_SIDE_PX, Thumbnails, reduced, thumbnail};
