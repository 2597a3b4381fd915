//! From bytes to upright 8-bit RGB.

mod av1;
mod avif;
mod enough;
mod heif;
mod jpeg;
mod libjpeg;
mod light;
mod others;
mod pixels;
mod raw;
mod tiff;

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

pub use enough::Enough;

use super::recognise::{recognise, recognise_bytes};
use super::{DecodeError, Format, Limits, PhotoError, complete};

/// Counts up whenever files can be read that could not be before, so that they are tried again.
pub const READER_VERSION: u32 = 3;

/// The photo at `path` as upright 8-bit RGB.
///
/// The format is found by content, that of TGA with the help of the name. EXIF orientation is applied, alpha laid over white, grey, palette, 16-bit and CMYK
/// converted; of an animation or a multi-page file the first picture counts. Colour profiles are ignored.
///
/// # Errors
/// [`PhotoError`], naming the file: unreadable, no photo, truncated, damaged, unsupported, or over `limits`.
pub fn read(path: &Path, limits: &Limits) -> Result<RgbImage, PhotoError> {
    let loaded = load(path, limits)?;
    decode_as(loaded.format, &loaded.bytes, limits).map_err(|source| PhotoError::Decode {
        path: path.to_owned(),
        source,
    })
}

/// As [`read`], where the picture may come out reduced as far as is `enough`.
///
/// # Errors
/// As [`read`].
pub fn read_for(path: &Path, enough: Enough, limits: &Limits) -> Result<RgbImage, PhotoError> {
    let loaded = load(path, limits)?;
    decode_for(loaded.format, &loaded.bytes, Some(enough), limits).map_err(|source| {
        PhotoError::Decode {
            path: path.to_owned(),
            source,
        }
    })
}

/// A photo's file in memory.
pub(super) struct Loaded {
    pub format: Format,
    pub bytes: Vec<u8>,
}

/// The first half of [`read`]: everything before the pixels.
pub(super) fn load(path: &Path, limits: &Limits) -> Result<Loaded, PhotoError> {
    let io = |source| PhotoError::Io {
        path: path.to_owned(),
        source,
    };
    // Opening a pipe would wait for a writer, so its kind is asked first.
    let metadata = std::fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return Err(PhotoError::NotAFile {
            path: path.to_owned(),
        });
    }
    let too_large = |bytes| PhotoError::FileTooLarge {
        path: path.to_owned(),
        bytes,
        limit: limits.max_file_bytes,
    };
    if metadata.len() > limits.max_file_bytes {
        return Err(too_large(metadata.len()));
    }
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
    // A large file that is no photo is not read.
    let format = recognise(&mut file, Some(path)).map_err(io)?;
    let Some(format) = format else {
        let empty = metadata.len() == 0;
        return Err(PhotoError::Decode {
            path: path.to_owned(),
            source: if empty {
                DecodeError::Empty
            } else {
                DecodeError::NotAPhoto
            },
        });
    };
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    // One byte past the limit tells a file that grew meanwhile.
    file.take(limits.max_file_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(Loaded { format, bytes })
}

/// A photo's bytes as upright 8-bit RGB; see [`read`]. Without a name TGA is not known.
///
/// # Errors
/// [`DecodeError`]. A panic inside a decoder is caught and becomes [`DecodeError::Panicked`].
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    let format = recognise_bytes(bytes).ok_or(DecodeError::NotAPhoto)?;
    decode_as(format, bytes, limits)
}

/// The same of bytes whose format is known.
pub(super) fn decode_as(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<RgbImage, DecodeError> {
    decode_for(format, bytes, None, limits)
}

/// The same, reduced as far as is enough, if that is said.
pub(super) fn decode_for(
    format: Format,
    bytes: &[u8],
    enough: Option<Enough>,
    limits: &Limits,
) -> Result<RgbImage, DecodeError> {
    guarded(format, || {
        let container = complete::check(format, bytes)?;
        let (image, orientation) = match format {
            Format::Jpeg => jpeg::decode(bytes, container.jpeg_end, enough, limits)?,
            Format::Tiff => tiff::decode(bytes, limits)?,
            Format::Raw => raw::decode(bytes, enough, limits)?,
            Format::Heic | Format::Avif => return heif::decode(format, bytes, limits),
            Format::Hdr | Format::Exr => return light::decode(format, bytes, limits),
            _ => others::decode(format, bytes, container.exif, limits)?,
        };
        Ok(upright(image, orientation))
    })
}

/// Turns and mirrors the picture as the camera was held.
fn upright(image: RgbImage, orientation: Orientation) -> RgbImage {
    if orientation == Orientation::NoTransforms {
        return image;
    }
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(orientation);
    image.into_rgb8()
}

/// Runs a decoder; should it panic on a crafted file, that file fails and the program goes on.
fn guarded<T>(
    format: Format,
    decoder: impl FnOnce() -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    // Nothing outlives the closure but its result, so no broken state can be seen after a panic.
    catch_unwind(AssertUnwindSafe(decoder)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown reason".to_owned());
        Err(DecodeError::Panicked { format, reason })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panicking_decoder_is_a_failed_file() {
        let result: Result<(), _> = guarded(Format::Gif, || panic!("index out of bounds"));
        assert_eq!(
            result,
            Err(DecodeError::Panicked {
                format: Format::Gif,
                reason: "index out of bounds".to_owned()
            })
        );
    }
}
