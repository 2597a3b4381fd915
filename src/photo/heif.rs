//! What HEIC and AVIF files say of their picture before its pixels.

use std::io::{Read, Seek, SeekFrom};

use heifer::heifer_isobmff::boxes::{ConstructionMethod, Property};
use heifer::heifer_isobmff::{HeifFile, ItemId};

use super::boxes::Boxes;

/// Longest description that is read without the picture; 800 tiles take a tenth of it.
const MOST_DESCRIPTION_BYTES: u64 = 256 << 10;
/// Longest EXIF block that is read.
const MOST_EXIF_BYTES: u64 = 1 << 20;
/// Steps from a picture to the one it is made of.
const MOST_STEPS: usize = 4;

/// What the description tells.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Width and height of the upright picture.
    pub size_px: Option<(u32, u32)>,
    /// The EXIF block; its orientation is for information only, since the description turns the picture.
    pub exif: Option<Vec<u8>>,
}

/// Reads the description of the file's main picture.
pub(super) fn facts<R: Read + Seek>(file: &mut R) -> Facts {
    let Some(description) = description(file) else {
        return Facts::default();
    };
    let Ok(parsed) = HeifFile::parse(&description) else {
        return Facts::default();
    };
    Facts {
        size_px: upright_size(&parsed),
        exif: exif(file, &parsed),
    }
}

/// The boxes before and around the pixels: `ftyp` and `meta`.
fn description<R: Read + Seek>(file: &mut R) -> Option<Vec<u8>> {
    let places: Vec<_> = Boxes::of(file)
        .all()
        .into_iter()
        .filter(|found| matches!(&found.kind, b"ftyp" | b"meta"))
        .map(|found| found.start..found.content.end)
        .collect();
    let length: u64 = places.iter().map(|place| place.end - place.start).sum();
    if length > MOST_DESCRIPTION_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    for place in places {
        file.seek(SeekFrom::Start(place.start)).ok()?;
        file.by_ref()
            .take(place.end - place.start)
            .read_to_end(&mut bytes)
            .ok()?;
    }
    Some(bytes)
}

fn upright_size(parsed: &HeifFile<'_>) -> Option<(u32, u32)> {
    let (width, height) = parsed.image_size(parsed.primary_id).ok()??;
    let mut size = (width, height);
    for property in parsed.item_properties(parsed.primary_id).ok()? {
        match property {
            Property::Rotation(1 | 3) => size = (size.1, size.0),
            Property::CleanAperture { width, height, .. } => {
                let side = |(part, whole): (u32, u32)| part.checked_div(whole);
                size = (
                    side(*width)?.clamp(1, size.0.max(1)),
                    side(*height)?.clamp(1, size.1.max(1)),
                );
            }
            _ => {}
        }
    }
    Some(size)
}

/// The EXIF block of the main picture, as a TIFF; it stands among the pixels.
fn exif<R: Read + Seek>(file: &mut R, parsed: &HeifFile<'_>) -> Option<Vec<u8>> {
    let item = parsed
        .items
        .iter()
        .find(|item| item.item_type.0 == *b"Exif")?;
    let location = item.location.as_ref()?;
    let extent = location.extents.first()?;
    if location.construction_method != ConstructionMethod::File || extent.length == 0 {
        return None;
    }
    file.seek(SeekFrom::Start(extent.offset)).ok()?;
    let mut block = Vec::new();
    file.by_ref()
        .take(extent.length.min(MOST_EXIF_BYTES))
        .read_to_end(&mut block)
        .ok()?;
    // The block starts with how far behind it its TIFF does.
    let skipped = u32::from_be_bytes(*block.first_chunk()?) as usize;
    let tiff = block.get(skipped.checked_add(4)?..)?;
    Some(tiff.strip_prefix(b"Exif\0\0").unwrap_or(tiff).to_vec())
}

/// The kind of the coded picture that the main one is made of, such as `hvc1` or `av01`.
///
/// `None` where pictures are made of each other, which decoders may follow for ever.
pub(super) fn coding(parsed: &HeifFile<'_>) -> Option<[u8; 4]> {
    let mut at: ItemId = parsed.primary_id;
    for _ in 0..MOST_STEPS {
        match parsed.referenced_items(at, b"dimg").first() {
            Some(next) => at = *next,
            None => return parsed.item(at).ok().map(|item| item.item_type.0),
        }
    }
    None
}
