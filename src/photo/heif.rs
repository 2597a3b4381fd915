//! What HEIC and AVIF files say of their picture before its pixels.

use std::io::{Cursor, Read, Seek, SeekFrom};

use heifer::heifer_isobmff::boxes::{ConstructionMethod, Property};
use heifer::heifer_isobmff::{Error, FourCC, HeifFile, ItemId};

use super::boxes::Boxes;

/// Longest description that is read without the picture; 800 tiles take a tenth of it.
const MOST_DESCRIPTION_BYTES: u64 = 256 << 10;
/// Longest EXIF block that is read.
const MOST_EXIF_BYTES: u64 = 1 << 20;
/// Pieces that all items of a file may lie in together; one picture has a handful.
const MOST_PIECES: u64 = 1 << 16;
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
    let Ok(parsed) = parse(&description) else {
        return Facts::default();
    };
    Facts {
        size_px: upright_size(&parsed),
        exif: exif(file, &parsed),
    }
}

/// Parses a file, or as much of it as describes its pictures.
///
/// # Errors
/// A description that is damaged, or so made that it would fill the memory.
pub(super) fn parse(bytes: &[u8]) -> Result<HeifFile<'_>, Error> {
    let mut file = Cursor::new(bytes);
    let mut boxes = Boxes::of(&mut file);
    let whole = 0..bytes.len() as u64;
    let places = boxes
        .child(whole, b"meta")
        .and_then(|meta| boxes.child(meta.start.checked_add(4)?..meta.end, b"iloc"))
        .and_then(|place| bytes.get(place.start as usize..place.end as usize));
    if places
        .and_then(pieces)
        .is_some_and(|pieces| pieces > MOST_PIECES)
    {
        return Err(Error::InvalidBox {
            box_type: FourCC(*b"iloc"),
            reason: "more pieces than any picture has",
        });
    }
    HeifFile::parse(bytes)
}

/// How many pieces the items of an `iloc` box have, `None` where it ends early: with fields of no width, six bytes stand
/// for 65,535 of them.
fn pieces(mut rest: &[u8]) -> Option<u64> {
    let mut number = |bytes: usize| {
        let (number, after) = rest.split_at_checked(bytes)?;
        rest = after;
        Some(
            number
                .iter()
                .fold(0_u64, |all, byte| all << 8 | u64::from(*byte)),
        )
    };
    let version = number(1)?;
    number(3)?;
    let widths = number(2)?;
    let [offset, length, base, index] = [12, 8, 4, 0].map(|at| (widths >> at & 15) as usize);
    let index = if version > 0 { index } else { 0 };
    let identifier = if version < 2 { 2 } else { 4 };
    let mut pieces = 0;
    for _ in 0..number(identifier)? {
        // Its number, how it is built, where its data is and where that starts.
        number(identifier + if version > 0 { 2 } else { 0 } + 2 + base)?;
        let own = number(2)?;
        pieces += own;
        if pieces > MOST_PIECES {
            break;
        }
        number(own as usize * (index + offset + length))?;
    }
    Some(pieces)
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

#[cfg(test)]
mod tests {
    use super::*;
    use heifer::heifer_isobmff::boxes::ItemReference;

    #[test]
    fn pictures_made_of_each_other_have_no_coding() {
        let options = heifer::EncodeOptions::default();
        let bytes = heifer::encode_rgb8(64, 64, &[90; 64 * 64 * 3], &options).unwrap();
        let mut file = HeifFile::parse(&bytes).unwrap();
        assert_eq!(coding(&file), Some(*b"hvc1"));
        let size = facts(&mut std::io::Cursor::new(&bytes)).size_px;
        assert_eq!(size, Some((64, 64)));
        file.references.push(ItemReference {
            ref_type: FourCC(*b"dimg"),
            from: file.primary_id,
            to: vec![file.primary_id],
        });
        assert_eq!(coding(&file), None);
    }

    #[test]
    fn a_few_bytes_that_stand_for_gigabytes_are_refused() {
        // Version 0, fields of no width, 20,000 items of 65,535 pieces each.
        let mut places = vec![0, 0, 0, 0, 0, 0];
        places.extend(20_000_u16.to_be_bytes());
        for item in 0..20_000_u16 {
            places.extend(item.to_be_bytes());
            places.extend([0, 0, 0xff, 0xff]);
        }
        let boxed = |kind: &[u8; 4], content: &[u8]| {
            [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
        };
        let meta = [&[0; 4][..], &boxed(b"iloc", &places)].concat();
        let file = [boxed(b"ftyp", b"heic\0\0\0\0mif1"), boxed(b"meta", &meta)].concat();
        let error = parse(&file).unwrap_err().to_string();
        assert!(error.contains("more pieces"), "{error}");
        assert!(facts(&mut Cursor::new(&file)).size_px.is_none());
    }
}
