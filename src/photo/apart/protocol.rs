//! What goes between the program and a decoding process: orders one way; news, pictures and failures the other.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bincode::Options;
use image::RgbImage;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::photo::decode::{Enough, decode_for, load};
use crate::photo::thumbnails::{self, reduced, thumbnail};
use crate::photo::{DecodeError, Limits, PhotoError, evaluation_crop};

/// What a process says first: both sides have to be the same program.
pub(super) const GREETING: &str = concat!("puma decodes, version ", env!("CARGO_PKG_VERSION"));

/// Longest message in bytes, pixels not counted.
const MOST_BYTES: u64 = 1 << 20;

/// One photo to be decoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::photo) struct Order {
    path: OsString,
    limits: Limits,
    wanted: Wanted,
}

/// What is to become of a photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::photo) enum Wanted {
    /// The whole picture.
    Whole,
    /// A copy with no side above this.
    Reduced {
        /// Its longest side in pixels.
        longest_px: u32,
    },
    /// What the model sees of it, and beside that a copy with no side above this.
    Look {
        /// The side of what the model sees, in pixels.
        size_px: u32,
        /// The longest side of the copy, in pixels.
        longest_px: u32,
    },
    /// What the model sees of it.
    Crop {
        /// Its side in pixels.
        size_px: u32,
        /// File that becomes the photo's thumbnail, unless it is there already.
        thumbnail: Option<OsString>,
    },
}

impl Wanted {
    /// How far the picture may be reduced by its decoder; not at all where all of it is wanted.
    fn enough(&self) -> Option<Enough> {
        Some(match *self {
            Wanted::Whole => return None,
            Wanted::Reduced { longest_px } => Enough::for_copy(longest_px),
            // A small copy beside it makes do with what is left, so that a question sees exactly what indexing saw.
            Wanted::Look { size_px, .. } | Wanted::Crop { size_px, .. } => {
                Enough::for_crop(size_px)
            }
        })
    }
}

/// What an order brings.
#[derive(Debug, PartialEq)]
pub(in crate::photo) struct Pictures {
    pub main: RgbImage,
    /// Empty unless the order is for two.
    pub beside: RgbImage,
}

impl From<RgbImage> for Pictures {
    fn from(main: RgbImage) -> Pictures {
        let beside = RgbImage::default();
        Pictures { main, beside }
    }
}

impl Order {
    pub(in crate::photo) fn new(path: &Path, limits: Limits, wanted: Wanted) -> Order {
        Order {
            path: path.into(),
            limits,
            wanted,
        }
    }

    /// Decodes on this thread; `begun` is called when the file is in memory.
    pub(in crate::photo) fn carry_out(&self, begun: impl FnOnce()) -> Result<Pictures, PhotoError> {
        let path = Path::new(&self.path);
        let loaded = load(path, &self.limits)?;
        begun();
        let enough = self.wanted.enough();
        let image = decode_for(loaded.format, &loaded.bytes, enough, &self.limits)
            .map_err(|source| self.failed(source))?;
        drop(loaded);
        Ok(match &self.wanted {
            Wanted::Whole => image.into(),
            Wanted::Reduced { longest_px } => reduced(&image, *longest_px).into(),
            Wanted::Look {
                size_px,
                longest_px,
            } => Pictures {
                main: evaluation_crop(&image, *size_px),
                beside: reduced(&image, *longest_px),
            },
            Wanted::Crop {
                size_px,
                thumbnail: file,
            } => {
                if let Some(file) = file.as_ref().map(Path::new)
                    && !file.exists()
                {
                    thumbnails::keep(file, &thumbnail(&image));
                }
                evaluation_crop(&image, *size_px).into()
            }
        })
    }

    /// That this photo could not be decoded.
    pub(in crate::photo) fn failed(&self, source: DecodeError) -> PhotoError {
        PhotoError::Decode {
            path: PathBuf::from(&self.path),
            source,
        }
    }

    /// Most bytes of pixels that a picture of an honest answer has.
    fn most_pixel_bytes(&self) -> u64 {
        let crop = match self.wanted {
            Wanted::Whole | Wanted::Reduced { .. } => 0,
            Wanted::Crop { size_px, .. } | Wanted::Look { size_px, .. } => {
                u64::from(size_px) * u64::from(size_px)
            }
        };
        3 * self.limits.max_pixels.max(crop)
    }

    /// An answer of a process as the caller wants it.
    pub(super) fn answer(&self, reply: Result<Pictures, Failure>) -> Result<Pictures, PhotoError> {
        reply.map_err(|failure| failure.of(PathBuf::from(&self.path)))
    }
}

/// What a process says after an order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// The file is in memory and is being decoded.
    Begun,
    /// Width and height of the pictures, whose pixels follow.
    Pictures {
        main: (u32, u32),
        beside: (u32, u32),
    },
    /// There is none.
    Failed(Failure),
}

/// [`PhotoError`] without what only lives in one process.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Failure {
    Io { code: Option<i32>, text: String },
    NotAFile,
    FileTooLarge { bytes: u64, limit: u64 },
    Decode(DecodeError),
}

impl From<PhotoError> for Failure {
    fn from(error: PhotoError) -> Failure {
        match error {
            PhotoError::Io { source, .. } => Failure::Io {
                code: source.raw_os_error(),
                text: source.to_string(),
            },
            PhotoError::NotAFile { .. } => Failure::NotAFile,
            PhotoError::FileTooLarge { bytes, limit, .. } => Failure::FileTooLarge { bytes, limit },
            PhotoError::Decode { source, .. } => Failure::Decode(source),
        }
    }
}

impl Failure {
    fn of(self, path: PathBuf) -> PhotoError {
        match self {
            Failure::Io { code, text } => PhotoError::Io {
                path,
                source: code.map_or_else(|| io::Error::other(text), io::Error::from_raw_os_error),
            },
            Failure::NotAFile => PhotoError::NotAFile { path },
            Failure::FileTooLarge { bytes, limit } => {
                PhotoError::FileTooLarge { path, bytes, limit }
            }
            Failure::Decode(source) => PhotoError::Decode { path, source },
        }
    }
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().with_limit(MOST_BYTES)
}

/// Writes a message, in one piece: a pipe would wake its reader for every letter of a path.
pub(super) fn send(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = options().serialize(message).map_err(io::Error::other)?;
    out.write_all(&bytes)?;
    out.flush()
}

/// Waits for a message.
pub(super) fn receive<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<T> {
    options().deserialize_from(input).map_err(io::Error::other)
}

/// The pixels of one picture that follow [`News::Pictures`]; more than the order can give are refused.
pub(super) fn receive_pixels(
    input: &mut impl Read,
    (width, height): (u32, u32),
    order: &Order,
) -> io::Result<RgbImage> {
    let length = 3 * u64::from(width) * u64::from(height);
    if length > order.most_pixel_bytes() {
        return Err(io::Error::other("more pixels than were asked for"));
    }
    let mut image = RgbImage::new(width, height);
    input.read_exact(&mut image)?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_through_whole() {
        let order = Order::new(
            Path::new("a/photo.jpg"),
            Limits::default(),
            Wanted::Crop {
                size_px: 224,
                thumbnail: Some("b.jpg".into()),
            },
        );
        let mut pipe = Vec::new();
        send(&mut pipe, &order).unwrap();
        send(&mut pipe, &News::Begun).unwrap();
        let mut input = &pipe[..];
        assert_eq!(receive::<Order>(&mut input).unwrap(), order);
        assert!(matches!(receive::<News>(&mut input).unwrap(), News::Begun));
        assert!(receive::<News>(&mut input).is_err());
    }

    #[test]
    fn failures_keep_their_words() {
        let missing = Order::new(Path::new("no/such.jpg"), Limits::default(), Wanted::Whole);
        let error = missing.carry_out(|| ()).unwrap_err();
        let text = error.to_string();
        assert_eq!(
            Failure::from(error).of("no/such.jpg".into()).to_string(),
            text
        );
        let pixels = receive_pixels(&mut &[0; 12][..], (1 << 20, 1 << 20), &missing);
        assert!(pixels.is_err());
    }
}
