//! The boxes of which HEIC, AVIF and CR3 files are made (ISO/IEC 14496-12).

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

/// Boxes of one level that are looked at.
const MOST_BOXES: usize = 256;

/// One box.
pub(super) struct Found {
    /// Its four letters.
    pub kind: [u8; 4],
    /// Where its header starts.
    pub start: u64,
    /// Where its content stands.
    pub content: Range<u64>,
}

/// A file made of boxes.
pub(super) struct Boxes<'a, R> {
    file: &'a mut R,
    length: u64,
}

impl<'a, R: Read + Seek> Boxes<'a, R> {
    pub(super) fn of(file: &'a mut R) -> Boxes<'a, R> {
        let length = file.seek(SeekFrom::End(0)).unwrap_or(0);
        Boxes { file, length }
    }

    /// The file itself.
    pub(super) fn file(&mut self) -> &mut R {
        self.file
    }

    /// The boxes of the highest level.
    pub(super) fn all(&mut self) -> Vec<Found> {
        self.inside(0..self.length)
    }

    /// The boxes that lie in a range; those that reach beyond it end the list.
    pub(super) fn inside(&mut self, range: Range<u64>) -> Vec<Found> {
        let mut found = Vec::new();
        let end = range.end.min(self.length);
        let mut start = range.start;
        while found.len() < MOST_BOXES
            && let Some(next) = self.header(start, end)
        {
            start = next.content.end;
            found.push(next);
        }
        found
    }

    fn header(&mut self, start: u64, end: u64) -> Option<Found> {
        let short = u64::from(self.long(start)?);
        let kind = self.long(start.checked_add(4)?)?.to_be_bytes();
        let (header, length) = match short {
            0 => (8, end.checked_sub(start)?),
            1 => {
                let high = u64::from(self.long(start + 8)?);
                (16, high << 32 | u64::from(self.long(start + 12)?))
            }
            _ => (8, short),
        };
        let stop = start.checked_add(length)?;
        (length >= header && stop <= end).then_some(Found {
            kind,
            start,
            content: start + header..stop,
        })
    }

    /// The content of the first box of a kind in a range.
    pub(super) fn child(&mut self, range: Range<u64>, kind: &[u8; 4]) -> Option<Range<u64>> {
        self.inside(range)
            .into_iter()
            .find(|found| &found.kind == kind)
            .map(|found| found.content)
    }

    /// Whether a box's content starts with these bytes.
    pub(super) fn starts_with(&mut self, found: &Found, bytes: &[u8; 16]) -> bool {
        let mut start = [0; 16];
        found.content.end - found.content.start >= 16
            && self.file.seek(SeekFrom::Start(found.content.start)).is_ok()
            && self.file.read_exact(&mut start).is_ok()
            && &start == bytes
    }

    /// Four bytes as a number.
    pub(super) fn long(&mut self, place: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.file.seek(SeekFrom::Start(place)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(u32::from_be_bytes(bytes))
    }
}
