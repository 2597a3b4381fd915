//! JPEGs somewhere inside a file.

use crate::photo::complete::jpeg_length;
use std::ops::Range;

/// Places that are looked at; sensor data looks like the start of a JPEG now and then.
const MOST_PLACES: usize = 4096;
/// JPEGs that are given.
const MOST_JPEGS: usize = 16;

/// Where JPEGs with an end mark stand in `bytes`; none inside another.
pub(super) fn jpegs(bytes: &[u8]) -> Vec<Range<u64>> {
    let mut found = Vec::new();
    let mut from = 0;
    for _ in 0..MOST_PLACES {
        let Some(at) = find(bytes, from) else {
            break;
        };
        let length = super::jpeg::size_px(
            &mut std::io::Cursor::new(bytes),
            at as u64,
            (bytes.len() - at) as u64,
        )
        .and_then(|_| jpeg_length(&bytes[at..]));
        from = at + length.unwrap_or(3);
        if let Some(length) = length {
            found.push(at as u64..(at + length) as u64);
            if found.len() == MOST_JPEGS {
                break;
            }
        }
    }
    found
}

/// The next start mark followed by another marker.
fn find(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(3)
        .position(|three| three == [0xff, 0xd8, 0xff])
        .map(|at| from + at)
}
