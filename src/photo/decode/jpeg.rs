//! JPEG, strictly: a picture of which a part is missing is not filled with grey.

use image::RgbImage;
use image::metadata::Orientation;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::pixels::{cmyk_to_rgb, ycbcr_to_rgb};
use super::{Enough, libjpeg};
use crate::photo::{DecodeError, Format, Limits, complete, orientation};

/// What the decoder says to junk between header segments, which harms nothing.
const JUNK_BETWEEN_HEADERS: &str = "Extra bytes between headers";

/// What a JPEG ends with.
const END_MARK: [u8; 2] = [0xff, 0xd9];

/// Decodes baseline and progressive JPEG: grey, RGB, YCbCr, CMYK and YCCK; `end` is where the end mark stands.
///
/// A flawless one comes out reduced as far as is `enough`.
pub(super) fn decode(
    bytes: &[u8],
    end: usize,
    enough: Option<Enough>,
    limits: &Limits,
) -> Result<(RgbImage, Orientation), DecodeError> {
    if let Some(image) = libjpeg::decode(
        &bytes[..bytes.len().min(end + END_MARK.len())],
        enough,
        limits,
    ) {
        return Ok((image, orientation_of(bytes)));
    }
    let fenced = fenced(&bytes[..end.min(bytes.len())]);
    match decode_with(&fenced, limits, true) {
        Err(DecodeError::Damaged { reason, .. }) if reason.contains(JUNK_BETWEEN_HEADERS) => {
            decode_with(&fenced, limits, false)
        }
        result => result,
    }
}

/// The picture's data with 32 bytes of ones before its end mark.
///
/// The decoder would read zeros, which mean something, beyond an end mark that comes too early (a repaired download).
/// No code of a JPEG is all ones, so ones stop it instead; a complete picture never reaches them.
fn fenced(data: &[u8]) -> Vec<u8> {
    let mut fenced = Vec::with_capacity(data.len() + 66);
    fenced.extend_from_slice(data);
    fenced.extend_from_slice(&[0xff, 0].repeat(32));
    fenced.extend_from_slice(&END_MARK);
    fenced
}

fn decode_with(
    bytes: &[u8],
    limits: &Limits,
    strict: bool,
) -> Result<(RgbImage, Orientation), DecodeError> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(from_zune)?;
    let (width, height) = decoder
        .dimensions()
        .and_then(|(width, height)| Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?)))
        .ok_or_else(|| damaged("it has no size"))?;
    let stored = decoder
        .input_colorspace()
        .ok_or_else(|| damaged("it has no colours"))?;
    // Decoded samples, the RGB made of them, and the coefficients (two bytes) that a file in passes keeps whole.
    let samples = stored.num_components() as u64;
    let kept = if complete::jpeg_has_passes(bytes) {
        2 * samples
    } else {
        0
    };
    limits.check(width, height, samples + 3 + kept)?;
    // The decoder takes any four inks for inverted ones, which holds for Adobe's files only: they are converted here.
    let wanted = match stored {
        ColorSpace::Luma | ColorSpace::CMYK | ColorSpace::YCCK => stored,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let pixels = decoder.decode().map_err(from_zune)?;
    let orientation = decoder.exif().map_or(Orientation::NoTransforms, |block| {
        orientation::from_exif(block)
    });
    let rgb = match wanted {
        ColorSpace::Luma => triple(&pixels),
        ColorSpace::CMYK | ColorSpace::YCCK => {
            inks_to_rgb(&pixels, wanted, has_adobe_marker(bytes))
        }
        _ => pixels,
    };
    let image = RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| damaged("its size and its pixels do not agree"))?;
    Ok((image, orientation))
}

/// Grey to RGB.
fn triple(grey: &[u8]) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(grey.len() * 3);
    grey.iter()
        .for_each(|grey| rgb.extend_from_slice(&[*grey; 3]));
    rgb
}

/// Four samples a pixel to RGB.
///
/// Adobe's programs store inks inverted (255 is no ink) and mark the file; without their marker inks are stored plainly.
fn inks_to_rgb(pixels: &[u8], stored: ColorSpace, inverted: bool) -> Vec<u8> {
    let to_rgb = |pixel: &[u8; 4]| {
        let mut inks = *pixel;
        if stored == ColorSpace::YCCK {
            let [y, cb, cr, k] = inks;
            let [r, g, b] = ycbcr_to_rgb([y, cb, cr]);
            inks = [255 - r, 255 - g, 255 - b, k];
        }
        cmyk_to_rgb(if inverted {
            inks.map(|ink| 255 - ink)
        } else {
            inks
        })
    };
    let mut rgb = Vec::with_capacity(pixels.len() / 4 * 3);
    pixels
        .as_chunks()
        .0
        .iter()
        .for_each(|pixel| rgb.extend_from_slice(&to_rgb(pixel)));
    rgb
}

/// The orientation in the first EXIF segment before the first scan.
fn orientation_of(bytes: &[u8]) -> Orientation {
    complete::jpeg_segments(bytes)
        .find(|segment| segment.marker == 0xe1 && segment.payload.starts_with(b"Exif\0\0"))
        .map_or(Orientation::NoTransforms, |segment| {
            orientation::from_exif(segment.payload)
        })
}

/// Whether an Adobe APP14 segment stands before the first scan.
fn has_adobe_marker(bytes: &[u8]) -> bool {
    complete::jpeg_segments(bytes)
        .any(|segment| segment.marker == 0xee && segment.payload.starts_with(b"Adobe"))
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::Damaged {
        format: Format::Jpeg,
        reason: reason.to_owned(),
    }
}

/// The decoder's errors in our words.
fn from_zune(error: DecodeErrors) -> DecodeError {
    let format = Format::Jpeg;
    let reason = format!("{error:?}");
    match error {
        DecodeErrors::Unsupported(_) => DecodeError::Unsupported { format, reason },
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => {
            DecodeError::Truncated { format, reason }
        }
        _ => DecodeError::Damaged { format, reason },
    }
}
