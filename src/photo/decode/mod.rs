//! From bytes to upright 8-bit RGB.

mod jpeg;
mod libjpeg;
mod others;
mod pixels;
mod tiff;

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use super::{DecodeError, Format, Limits, PhotoError, complete};

/// The photo at `path` as upright 8-bit RGB.
///
/// The format is found by content. EXIF orientation is applied, alpha laid over white, grey, palette, 16-bit and CMYK
/// converted; of an animation or a multi-page file the first picture counts. Colour profiles are ignored.
///
/// # Errors
/// [`PhotoError`], naming the file: unreadable, no photo, truncated, damaged, unsupported, or over `limits`.
pub fn read(path: &Path, limits: &Limits) -> Result<RgbImage, PhotoError> {
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
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    // One byte past the limit tells a file that grew meanwhile.
    let reading = File::open(path)
        .map_err(io)?
        .take(limits.max_file_bytes.saturating_add(1));
    let mut reading = std::io::BufReader::with_capacity(1 << 16, reading);
    if Format::of(peek(&mut reading).map_err(io)?).is_some() {
        reading.read_to_end(&mut bytes).map_err(io)?;
    } else if metadata.len() > 0 {
        return Err(PhotoError::Decode {
            path: path.to_owned(),
            source: DecodeError::NotAPhoto,
        });
    }
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    decode(&bytes, limits).map_err(|source| PhotoError::Decode {
        path: path.to_owned(),
        source,
    })
}

/// The first bytes of a stream, left in it: a large file that is no photo is not read.
fn peek(reading: &mut impl std::io::BufRead) -> std::io::Result<&[u8]> {
    reading.fill_buf()
}

/// A photo's bytes as upright 8-bit RGB; see [`read`].
///
/// # Errors
/// [`DecodeError`]. A panic inside a decoder is caught and becomes [`DecodeError::Panicked`].
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    let format = Format::of(bytes).ok_or(DecodeError::NotAPhoto)?;
    guarded(format, || {
        let container = complete::check(format, bytes)?;
        let (image, orientation) = match format {
            Format::Jpeg => jpeg::decode(bytes, container.jpeg_end, limits)?,
            Format::Tiff => tiff::decode(bytes, limits)?,
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
