//! TIFF: what the `image` crate reads of it, and the kinds that it leaves out.

mod page;

use std::borrow::Cow;
use std::io::{Cursor, ErrorKind};

use image::RgbImage;
use image::metadata::Orientation;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use self::page::Page;
use super::others;
use crate::photo::{DecodeError, Format, Limits};

type Result<T> = std::result::Result<T, DecodeError>;
type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// Decodes the first page.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(RgbImage, Orientation)> {
    // The decoder refuses palettes but reads their indices once they are called grey.
    let (bytes, is_palette) = match palette_called_grey(bytes) {
        Some(patched) => (Cow::Owned(patched), true),
        None => (Cow::Borrowed(bytes), false),
    };
    let mut decoder = Decoder::new(Cursor::new(&*bytes))
        .map_err(from_tiff)?
        .with_limits(decoder_limits(limits));
    let (width, height) = decoder.dimensions().map_err(from_tiff)?;
    let colours = decoder.colortype().map_err(from_tiff)?;
    let bits = u64::from(colours.num_samples()) * u64::from(colours.bit_depth());
    limits.check(width, height, bits.div_ceil(8) + 3)?;
    refuse_preview(&mut decoder)?;
    refuse_truncated(&mut decoder, bytes.len() as u64)?;

    let orientation = decoder
        .find_tag_unsigned::<u8>(Tag::Orientation)
        .ok()
        .flatten()
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms);
    let page = Page {
        width,
        height,
        colours,
    };
    let image = if is_palette {
        let map = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(from_tiff)?;
        let indices = page.small_samples(read(&mut decoder)?)?;
        page.coloured(&indices, &map)?
    } else {
        match colours {
            ColorType::Gray(2 | 4) => page.packed_grey(read(&mut decoder)?)?,
            ColorType::Gray(32) => page.float_grey(read(&mut decoder)?)?,
            ColorType::Multiband { num_samples: 2, .. } if !is_planar(&mut decoder) => {
                page.grey_with_alpha(read(&mut decoder)?)?
            }
            ColorType::YCbCr(8) if !is_planar(&mut decoder) => page.ycbcr(&mut decoder)?,
            _ => {
                return Ok((
                    others::decode(Format::Tiff, &bytes, None, limits)?.0,
                    orientation,
                ));
            }
        }
    };
    Ok((image, orientation))
}

/// The memory limit in the words of the `tiff` crate.
fn decoder_limits(limits: &Limits) -> tiff::decoder::Limits {
    let most = usize::try_from(limits.max_bytes).unwrap_or(usize::MAX);
    let mut decoder_limits = tiff::decoder::Limits::default();
    decoder_limits.decoding_buffer_size = most;
    decoder_limits.intermediate_buffer_size = most;
    decoder_limits.ifd_value_size = most;
    decoder_limits
}

/// The samples of the page.
fn read(decoder: &mut Reader) -> Result<DecodingResult> {
    let mut samples = DecodingResult::U8(Vec::new());
    decoder
        .read_image_to_buffer(&mut samples)
        .map_err(from_tiff)?;
    Ok(samples)
}

fn is_planar(decoder: &mut Reader) -> bool {
    const PLANAR: u16 = 2;
    decoder
        .find_tag_unsigned(Tag::PlanarConfiguration)
        .ok()
        .flatten()
        == Some(PLANAR)
}

/// Camera raw files are TIFFs whose first page is a postage stamp; taking that for the photo would mislead.
fn refuse_preview(decoder: &mut Reader) -> Result<()> {
    const REDUCED: u32 = 1;
    match decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType) {
        Ok(Some(kind)) if kind & REDUCED != 0 => Err(unsupported(
            "its first page is only a preview, as in camera raw files",
        )),
        _ => Ok(()),
    }
}

/// Every strip or tile has to lie within the file: the decoders inside some of them fill what is missing.
fn refuse_truncated(decoder: &mut Reader, file_bytes: u64) -> Result<()> {
    for (offsets, lengths) in [
        (Tag::StripOffsets, Tag::StripByteCounts),
        (Tag::TileOffsets, Tag::TileByteCounts),
    ] {
        let mut tag = |tag| {
            decoder
                .find_tag_unsigned_vec::<u64>(tag)
                .ok()
                .flatten()
                .unwrap_or_default()
        };
        let (offsets, lengths) = (tag(offsets), tag(lengths));
        let end = offsets
            .iter()
            .zip(&lengths)
            .map(|(offset, length)| offset.saturating_add(*length))
            .max();
        if end.is_some_and(|end| end > file_bytes) {
            return Err(DecodeError::Truncated {
                format: Format::Tiff,
                reason: format!("it ends after {file_bytes} bytes, before its picture does"),
            });
        }
    }
    Ok(())
}

/// A copy of a classic TIFF of which the first page's palette is called grey, `None` when it has no palette.
fn palette_called_grey(bytes: &[u8]) -> Option<Vec<u8>> {
    const PHOTOMETRIC_INTERPRETATION: u16 = 262;
    const BLACK_IS_ZERO: u16 = 1;
    const PALETTE: u16 = 3;
    let little_endian = bytes.starts_with(b"II*\0");
    if !little_endian && !bytes.starts_with(b"MM\0*") {
        return None;
    }
    let short = |at: usize| -> Option<u16> {
        let two = *bytes.get(at..)?.first_chunk()?;
        Some(if little_endian {
            u16::from_le_bytes(two)
        } else {
            u16::from_be_bytes(two)
        })
    };
    let four = *bytes.get(4..)?.first_chunk()?;
    let directory = if little_endian {
        u32::from_le_bytes(four)
    } else {
        u32::from_be_bytes(four)
    } as usize;
    let entry = (0..usize::from(short(directory)?))
        .map(|entry| directory + 2 + 12 * entry)
        .find(|entry| short(*entry) == Some(PHOTOMETRIC_INTERPRETATION))?;
    let value = entry + 8;
    if short(value)? != PALETTE {
        return None;
    }
    let grey = if little_endian {
        BLACK_IS_ZERO.to_le_bytes()
    } else {
        BLACK_IS_ZERO.to_be_bytes()
    };
    let mut patched = bytes.to_vec();
    patched.get_mut(value..value + 2)?.copy_from_slice(&grey);
    Some(patched)
}

fn unsupported(what: &str) -> DecodeError {
    DecodeError::Unsupported {
        format: Format::Tiff,
        reason: what.to_owned(),
    }
}

fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged {
        format: Format::Tiff,
        reason: what.to_owned(),
    }
}

/// The decoder's errors in our words.
fn from_tiff(error: TiffError) -> DecodeError {
    let (format, reason) = (Format::Tiff, error.to_string());
    match error {
        TiffError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::Truncated { format, reason }
        }
        TiffError::UnsupportedError(_) => DecodeError::Unsupported { format, reason },
        _ => DecodeError::Damaged { format, reason },
    }
}
