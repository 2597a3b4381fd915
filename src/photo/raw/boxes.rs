//! Canon's CR3: boxes as in a film.

use std::io::{Read, Seek};
use std::ops::Range;

use super::{Contents, tag, tiff};
use crate::photo::boxes::{Boxes, Found};
use crate::photo::raw::directory::Tiff;

/// Canon's own boxes inside of `moov`, and the one with the preview.
const IN_MOVIE: [u8; 16] = [
    0x85, 0xc0, 0xb6, 0x87, 0x82, 0x0f, 0x11, 0xe0, 0x81, 0x11, 0xf4, 0xce, 0x46, 0x2b, 0x6a, 0x48,
];
const PREVIEW: [u8; 16] = [
    0xea, 0xf4, 0x2b, 0x5e, 0x1c, 0x98, 0x4b, 0x88, 0xb9, 0xfb, 0xb7, 0xdc, 0x40, 0x6e, 0x4d, 0x16,
];

/// Looks through the boxes for JPEGs, the orientation and the date.
pub(super) fn contents<R: Read + Seek>(file: &mut R) -> Contents {
    let mut found = Contents::default();
    let mut boxes = Boxes::of(file);
    let top = boxes.all();
    let mut jpegs: Vec<(u64, u64)> = Vec::new();
    for part in &top {
        match &part.kind {
            b"uuid" if boxes.starts_with(part, &PREVIEW) => {
                // Eight bytes stand between the identifier and its box.
                let inside = boxes.inside(part.content.start + 24..part.content.end);
                jpegs.extend(
                    inside
                        .iter()
                        .filter(|part| &part.kind == b"PRVW")
                        .map(jpeg_of),
                );
            }
            b"moov" => {
                let movie = boxes.inside(part.content.clone());
                for part in &movie {
                    match &part.kind {
                        b"uuid" if boxes.starts_with(part, &IN_MOVIE) => {
                            let own = boxes.inside(part.content.start + 16..part.content.end);
                            facts(boxes.file(), &own, &mut found);
                            jpegs.extend(
                                own.iter().filter(|part| &part.kind == b"THMB").map(jpeg_of),
                            );
                        }
                        b"trak" => jpegs.extend(first_sample(&mut boxes, part.content.clone())),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    for (place, length) in jpegs {
        found.offer(file, place, length);
    }
    found
}

/// Orientation and date from Canon's copies of the EXIF directories.
fn facts<R: Read + Seek>(file: &mut R, own: &[Found], found: &mut Contents) {
    for part in own {
        match &part.kind {
            b"CMT1" => found.orientation = tiff(file, part.content.start).orientation,
            b"CMT2" => {
                found.taken = Tiff::open(file, part.content.start).and_then(|(mut tiff, first)| {
                    let (exif, _) = tiff.directory(first)?;
                    tiff.bytes(&exif, tag::DATE_TIME_ORIGINAL, 19)
                });
            }
            _ => {}
        }
    }
}

/// The JPEG of a box: it stands behind version, size in pixels and length, which take the same room in both kinds.
fn jpeg_of(part: &Found) -> (u64, u64) {
    const HEADER: u64 = 16;
    let start = part.content.start + HEADER;
    (start, part.content.end.saturating_sub(start))
}

/// The first sample of a track: in a CR3 the first track is the whole picture as JPEG.
fn first_sample<R: Read + Seek>(boxes: &mut Boxes<'_, R>, track: Range<u64>) -> Option<(u64, u64)> {
    let media = boxes.child(track, b"mdia")?;
    let information = boxes.child(media, b"minf")?;
    let table = boxes.child(information, b"stbl")?;
    let sizes = boxes.child(table.clone(), b"stsz")?;
    let length = match boxes.long(sizes.start + 4)? {
        0 => boxes.long(sizes.start + 12)?,
        all_alike => all_alike,
    };
    let place = match boxes.child(table.clone(), b"co64") {
        Some(places) => {
            let high = boxes.long(places.start + 8)?;
            u64::from(high) << 32 | u64::from(boxes.long(places.start + 12)?)
        }
        None => {
            let places = boxes.child(table, b"stco")?;
            u64::from(boxes.long(places.start + 8)?)
        }
    };
    Some((place, u64::from(length)))
}
