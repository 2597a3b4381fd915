//! HEIC and AVIF: the same container around pictures coded as HEVC or as AV1.

use heifer::heifer_isobmff::{self, HeifFile};
use heifer::{Image, Options};
use image::{DynamicImage, RgbImage, RgbaImage};

use super::{avif, light, pixels};
use crate::photo::{DecodeError, Format, Limits, heif};

/// Bytes that a pixel takes at most: four samples, twice where the picture is turned, the RGB, and its frame.
const BYTES_PER_PIXEL: u64 = 4 + 4 + 3 + 6;
/// The same of a picture made of tiles, whose frames are small.
const BYTES_PER_TILED_PIXEL: u64 = 4 + 4 + 3;
/// The same of light in floating point.
const BYTES_PER_BRIGHT_PIXEL: u64 = 8 + 12 + 3 + 6;

/// Decodes the main picture, upright.
pub(super) fn decode(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<RgbImage, DecodeError> {
    let file = heif::parse(bytes).map_err(|error| from_container(format, error))?;
    match heif::coding(&file).as_ref() {
        Some(b"hvc1" | b"hev1") => hevc(format, bytes, &file, limits),
        Some(b"av01") => avif::decode(&file, limits),
        Some(other) => Err(DecodeError::Unsupported {
            format,
            reason: format!("pictures coded as \"{}\"", other.escape_ascii()),
        }),
        None => Err(DecodeError::Damaged {
            format,
            reason: "its pictures are made of each other".to_owned(),
        }),
    }
}

fn hevc(
    format: Format,
    bytes: &[u8],
    file: &HeifFile<'_>,
    limits: &Limits,
) -> Result<RgbImage, DecodeError> {
    let main = file
        .primary_item()
        .map_err(|error| from_container(format, error))?;
    let size = file
        .image_size(main.id)
        .map_err(|error| from_container(format, error))?;
    let (width, height) = size.unwrap_or_default();
    let tiled = main.item_type.0 == *b"grid";
    let per_pixel = if tiled {
        BYTES_PER_TILED_PIXEL
    } else {
        BYTES_PER_PIXEL
    };
    limits.check(width, height, per_pixel)?;
    let options = Options {
        // Several photos are decoded at once as it is.
        max_threads: 1,
        max_pixels: limits.max_pixels.min(limits.max_bytes / per_pixel).max(1),
    };
    match heifer::decode_srgb_rgba8(bytes, &options) {
        Ok(image) => from_samples(format, image),
        // Pictures for bright screens.
        Err(heifer::Error::Unsupported(_)) => {
            limits.check(width, height, BYTES_PER_BRIGHT_PIXEL)?;
            let bright = heifer::hdr::decode_hdr_with_options(bytes, &options, 1.0)
                .map_err(|error| from_heifer(format, error))?;
            let light = bright.data.as_chunks::<3>().0;
            light::shown(bright.width, bright.height, light).ok_or_else(|| too_few(format))
        }
        Err(error) => Err(from_heifer(format, error)),
    }
}

fn from_samples(format: Format, image: Image<u8>) -> Result<RgbImage, DecodeError> {
    let (width, height) = (image.width, image.height);
    if image.has_alpha {
        let rgba = RgbaImage::from_raw(width, height, image.data).ok_or_else(|| too_few(format))?;
        return Ok(pixels::to_rgb(DynamicImage::ImageRgba8(rgba)));
    }
    RgbImage::from_raw(width, height, image.into_rgb8()).ok_or_else(|| too_few(format))
}

fn too_few(format: Format) -> DecodeError {
    DecodeError::Damaged {
        format,
        reason: "its size and its pixels do not agree".to_owned(),
    }
}

/// Errors of the container in our words.
pub(super) fn from_container(format: Format, error: heifer_isobmff::Error) -> DecodeError {
    let reason = error.to_string();
    match error {
        heifer_isobmff::Error::UnexpectedEof => DecodeError::Truncated { format, reason },
        _ => DecodeError::Damaged { format, reason },
    }
}

fn from_heifer(format: Format, error: heifer::Error) -> DecodeError {
    let reason = error.to_string();
    match error {
        heifer::Error::Container(error) => from_container(format, error),
        heifer::Error::Unsupported(_) => DecodeError::Unsupported { format, reason },
        _ => DecodeError::Damaged { format, reason },
    }
}
