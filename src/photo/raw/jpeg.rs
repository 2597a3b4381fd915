//! Whether a JPEG is one that can be shown, and how large it is.

use std::io::{Read, Seek, SeekFrom};

/// Header segments that are looked at.
const MOST_SEGMENTS: usize = 256;

/// Width and height in pixels of the JPEG in `length` bytes from `place` on.
///
/// `None` for what is no JPEG, does not lie in the file, or is of the lossless kind in which sensor data is stored.
pub(super) fn size_px<R: Read + Seek>(file: &mut R, place: u64, length: u64) -> Option<(u32, u32)> {
    let end = place.checked_add(length)?;
    if file.seek(SeekFrom::End(0)).ok()? < end {
        return None;
    }
    let mut at = place;
    let mut read = |at: u64| -> Option<[u8; 4]> {
        let mut bytes = [0; 4];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut bytes).ok()?;
        (at + 4 <= end).then_some(bytes)
    };
    let [0xff, 0xd8, 0xff, _] = read(at)? else {
        return None;
    };
    at += 2;
    for _ in 0..MOST_SEGMENTS {
        let [0xff, marker, high, low] = read(at)? else {
            return None;
        };
        match marker {
            0xff => at += 1,
            // Baseline, extended and progressive frames.
            0xc0..=0xc2 => {
                let [_, height_0, height_1, width_0] = read(at + 4)?;
                let [width_1, ..] = read(at + 8)?;
                let size = (
                    u32::from(u16::from_be_bytes([width_0, width_1])),
                    u32::from(u16::from_be_bytes([height_0, height_1])),
                );
                return (size.0 > 0 && size.1 > 0).then_some(size);
            }
            // Lossless and arithmetic frames, and scans without a frame.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xda => return None,
            _ => at += 2 + u64::from(u16::from_be_bytes([high, low])),
        }
    }
    None
}
