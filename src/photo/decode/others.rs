//! Everything that the `image` crate decodes well: PNG, WebP, GIF, BMP, TIFF, ICO, QOI, TGA and PNM.

use std::io::Cursor;

use image::codecs::{
    bmp::BmpDecoder, gif::GifDecoder, ico::IcoDecoder, png::PngDecoder, pnm::PnmDecoder,
    qoi::QoiDecoder, tga::TgaDecoder, tiff::TiffDecoder, webp::WebPDecoder,
};
use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, RgbImage};

use super::pixels::to_rgb;
use crate::photo::{DecodeError, Format, Limits, orientation};

/// Decodes what has no decoder of its own here; `exif` is the block found while walking the container.
pub(super) fn decode(
    format: Format,
    bytes: &[u8],
    exif: Option<&[u8]>,
    limits: &Limits,
) -> Result<(RgbImage, Orientation), DecodeError> {
    let error = |error| from_image_crate(format, error);
    let reader = Cursor::new(bytes);
    let mut decoder: Box<dyn ImageDecoder> = match format {
        Format::Png => {
            Box::new(PngDecoder::with_limits(reader, limits.for_image_crate()).map_err(error)?)
        }
        Format::WebP => Box::new(WebPDecoder::new(reader).map_err(error)?),
        Format::Gif => Box::new(GifDecoder::new(reader).map_err(error)?),
        Format::Bmp => Box::new(BmpDecoder::new(reader).map_err(error)?),
        Format::Ico => Box::new(IcoDecoder::new(reader).map_err(error)?),
        Format::Qoi => Box::new(QoiDecoder::new(reader).map_err(error)?),
        Format::Tga => Box::new(TgaDecoder::new(reader).map_err(error)?),
        Format::Pnm => Box::new(PnmDecoder::new(reader).map_err(error)?),
        _ => Box::new(TiffDecoder::new(reader).map_err(error)?),
    };
    let (width, height) = decoder.dimensions();
    // The decoder's own pixels and the RGB made of them.
    limits.check(
        width,
        height,
        u64::from(decoder.color_type().bytes_per_pixel()) + 3,
    )?;
    decoder
        .set_limits(limits.for_image_crate())
        .map_err(error)?;
    let orientation = match exif {
        Some(block) => orientation::from_exif(block),
        None => decoder.orientation().unwrap_or(Orientation::NoTransforms),
    };
    let image = DynamicImage::from_decoder(decoder).map_err(error)?;
    Ok((to_rgb(image), orientation))
}

/// The `image` crate's errors in our words.
pub(super) fn from_image_crate(format: Format, error: ImageError) -> DecodeError {
    let reason = error.to_string();
    match error {
        ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated { format, reason }
        }
        ImageError::Unsupported(_) => DecodeError::Unsupported { format, reason },
        _ => DecodeError::Damaged { format, reason },
    }
}
