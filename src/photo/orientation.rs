//! The orientation that a camera wrote into EXIF.

use super::fields;
use exif::{In, Tag};
use image::metadata::Orientation;

/// Whether an EXIF orientation of this value turns the picture by a quarter.
pub(super) fn swaps_sides(value: u32) -> bool {
    (5..=8).contains(&value)
}

/// The orientation in a raw EXIF block, upright when there is none or it makes no sense.
///
/// Some writers leave the `Exif\0\0` of the JPEG marker in front of the block in PNG and WebP too.
pub(super) fn from_exif(block: &[u8]) -> Orientation {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    fields::of_block(block.to_vec())
        .and_then(|exif| {
            exif.get_field(Tag::Orientation, In::PRIMARY)?
                .value
                .get_uint(0)
        })
        .and_then(|value| Orientation::from_exif(u8::try_from(value).ok()?))
        .unwrap_or(Orientation::NoTransforms)
}
