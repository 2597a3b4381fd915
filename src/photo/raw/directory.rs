//! The directories of TIFF, of which most camera raw files are made: every step is counted, so no chain is endless.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

/// Directories that are looked at; real files have up to a dozen.
const MOST_DIRECTORIES: usize = 64;
/// Entries of a directory that are looked at.
const MOST_ENTRIES: u16 = 1024;
/// Values of an entry that are looked at.
const MOST_VALUES: u32 = 64;

/// Tag, type, count and value or place.
const ENTRY_BYTES: usize = 12;

const SUB_DIRECTORIES: u16 = 330;

/// One entry of a directory: a tag and where its values stand.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    /// The values themselves if they fit into four bytes, else their place.
    place: u64,
}

/// A directory: its entries, in the order of the file.
pub(super) struct Directory {
    entries: Vec<Entry>,
}

/// A file made of directories; places are counted from `start`.
pub(super) struct Tiff<'a, R> {
    file: &'a mut R,
    start: u64,
    big_endian: bool,
}

impl<'a, R: Read + Seek> Tiff<'a, R> {
    /// Opens what starts at `start`, and gives the place of its first directory; the number behind the byte order, in
    /// which makers differ, is not looked at.
    pub(super) fn open(file: &'a mut R, start: u64) -> Option<(Tiff<'a, R>, u32)> {
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut header = [0; 8];
        file.read_exact(&mut header).ok()?;
        let big_endian = match &header[..2] {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let tiff = Tiff {
            file,
            start,
            big_endian,
        };
        let first = tiff.long([header[4], header[5], header[6], header[7]]);
        Some((tiff, first))
    }

    /// The directories from `first` on: the chain of pages, and what hangs below each.
    pub(super) fn directories(&mut self, first: u32) -> Vec<Directory> {
        let mut seen = HashSet::new();
        let mut waiting = vec![first];
        let mut found = Vec::new();
        while let Some(place) = waiting.pop() {
            if place == 0 || found.len() == MOST_DIRECTORIES || !seen.insert(place) {
                continue;
            }
            let Some((directory, next)) = self.directory(place) else {
                continue;
            };
            waiting.push(next);
            waiting.extend(self.numbers(&directory, SUB_DIRECTORIES).iter().rev());
            found.push(directory);
        }
        found
    }

    /// One directory and the place of the next page.
    pub(super) fn directory(&mut self, place: u32) -> Option<(Directory, u32)> {
        let place = self.start + u64::from(place);
        let count = self.read(place)?;
        let count = self.short(count).min(MOST_ENTRIES);
        let mut bytes = vec![0; ENTRY_BYTES * usize::from(count)];
        self.file.read_exact(&mut bytes).ok()?;
        let mut next = [0; 4];
        let next = self
            .file
            .read_exact(&mut next)
            .map_or(0, |()| self.long(next));
        let mut at = place + 2;
        let mut entries = Vec::with_capacity(usize::from(count));
        for bytes in bytes.as_chunks::<ENTRY_BYTES>().0 {
            entries.push(self.entry(bytes, at));
            at += ENTRY_BYTES as u64;
        }
        Some((Directory { entries }, next))
    }

    /// An entry, whose bytes stand at `at`.
    fn entry(&self, bytes: &[u8; ENTRY_BYTES], at: u64) -> Entry {
        let short = |at: usize| self.short([bytes[at], bytes[at + 1]]);
        let long = |at: usize| self.long([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (kind, count) = (short(2), long(4));
        let fits = size_of_kind(kind) * u64::from(count) <= 4;
        Entry {
            tag: short(0),
            kind,
            count,
            place: if fits {
                at + 8
            } else {
                self.start + u64::from(long(8))
            },
        }
    }

    /// The whole numbers of a tag, none if it is not there or holds something else.
    pub(super) fn numbers(&mut self, directory: &Directory, tag: u16) -> Vec<u32> {
        let Some(entry) = directory.entry(tag) else {
            return Vec::new();
        };
        let (place, size) = (entry.place, size_of_kind(entry.kind));
        (0..u64::from(entry.count.min(MOST_VALUES)))
            .map_while(|number| {
                let at = place + size * number;
                match entry.kind {
                    1 => self.read(at).map(|[byte]| u32::from(byte)),
                    3 => self.read(at).map(|bytes| u32::from(self.short(bytes))),
                    4 | 13 => self.read(at).map(|bytes| self.long(bytes)),
                    _ => None,
                }
            })
            .collect()
    }

    /// The first whole number of a tag.
    pub(super) fn number(&mut self, directory: &Directory, tag: u16) -> Option<u32> {
        self.numbers(directory, tag).first().copied()
    }

    /// The bytes of a tag, at most `most`.
    pub(super) fn bytes(&mut self, directory: &Directory, tag: u16, most: u32) -> Option<Vec<u8>> {
        let entry = directory.entry(tag)?;
        let length = entry.count.min(most) as usize;
        self.file.seek(SeekFrom::Start(entry.place)).ok()?;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    fn read<const N: usize>(&mut self, place: u64) -> Option<[u8; N]> {
        self.file.seek(SeekFrom::Start(place)).ok()?;
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    fn short(&self, bytes: [u8; 2]) -> u16 {
        if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    fn long(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }
}

impl Directory {
    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// Whether the tag is there.
    pub(super) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// Where the bytes of a tag stand in the file, and how many they are.
    pub(super) fn span(&self, tag: u16) -> Option<(u64, u64)> {
        let entry = self.entry(tag)?;
        Some((entry.place, u64::from(entry.count)))
    }
}

/// Bytes of one value of a TIFF field type.
fn size_of_kind(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    }
}
