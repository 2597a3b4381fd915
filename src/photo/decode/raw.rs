//! Camera raw files: the largest JPEG inside them.

use image::RgbImage;
use image::metadata::Orientation;

use super::{Enough, jpeg};
use crate::photo::{DecodeError, Format, Limits, complete, raw};

/// Decodes the largest preview, turned as the raw file says, else as the preview itself does.
pub(super) fn decode(
    bytes: &[u8],
    enough: Option<Enough>,
    limits: &Limits,
) -> Result<(RgbImage, Orientation), DecodeError> {
    let contents = raw::contents_of_bytes(bytes);
    let preview = contents
        .preview
        .and_then(|place| {
            let place = usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?;
            bytes.get(place)
        })
        .ok_or_else(|| DecodeError::Unsupported {
            format: Format::Raw,
            reason: "no JPEG preview lies in it, and sensor data is not developed".to_owned(),
        })?;
    let (image, own) = complete::check(Format::Jpeg, preview)
        .and_then(|container| jpeg::decode(preview, container.jpeg_end, enough, limits))
        .map_err(of_preview)?;
    let orientation = contents.orientation.and_then(Orientation::from_exif);
    Ok((image, orientation.unwrap_or(own)))
}

/// The error of the JPEG as that of the file around it.
fn of_preview(error: DecodeError) -> DecodeError {
    let format = Format::Raw;
    match error {
        DecodeError::Truncated { reason, .. } => DecodeError::Truncated { format, reason },
        DecodeError::Damaged { reason, .. } => DecodeError::Damaged { format, reason },
        DecodeError::Unsupported { reason, .. } => DecodeError::Unsupported { format, reason },
        other => other,
    }
}
