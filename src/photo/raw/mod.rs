//! Camera raw files, by what their makers put beside the sensor's data: a finished JPEG, the orientation and the date.
//!
//! Sensor data is not developed. DNG, NEF, CR2, ARW, ORF, RW2, PEF and SRW are directories of TIFF; RAF names its JPEG at
//! a fixed place; CR3 is made of boxes. Where no directory leads to a preview, the file is searched for one.

mod boxes;
mod directory;
mod jpeg;
mod search;

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use self::directory::{Directory, Tiff};

/// How raw files start that do not look like a TIFF: Olympus, Panasonic, Fujifilm, Canon CRW, Minolta and Sigma.
pub(super) const MARKS: &[&[u8]] = &[
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"IIU\0",
    RAF_MARK,
    b"II\x1a\0\0\0HEAP",
    b"\0MRM",
    b"FOVb",
];
const RAF_MARK: &[u8] = b"FUJIFILMCCD-RAW ";
/// Where a RAF file names its JPEG: place and length, four bytes each.
const RAF_JPEG: u64 = 84;
/// Below so many pixels a preview found by way of directories is worth a search for a larger one.
const SMALL_PREVIEW_PX: u64 = 512 * 384;

mod tag {
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const STRIP_BYTE_COUNTS: u16 = 279;
    pub const JPEG_OFFSET: u16 = 513;
    pub const JPEG_LENGTH: u16 = 514;
    /// Panasonic's own: the JPEG itself.
    pub const JPEG_FROM_RAW: u16 = 0x2e;
    pub const EXIF: u16 = 0x8769;
    pub const DATE_TIME_ORIGINAL: u16 = 0x9003;
    pub const DNG_VERSION: u16 = 50706;
}

/// Photometric interpretations of sensor data: colour filter array, and DNG's linear one.
const SENSOR: [u32; 2] = [32803, 34892];

/// What a raw file tells of its picture.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Where the largest JPEG stands.
    pub preview: Option<Range<u64>>,
    /// Width and height of that JPEG in pixels, as stored.
    pub size_px: Option<(u32, u32)>,
    /// EXIF's number for how the camera was held, where the raw file says it itself.
    pub orientation: Option<u8>,
    /// When it was taken, as EXIF writes it.
    pub taken: Option<Vec<u8>>,
}

impl Contents {
    /// Takes the JPEG at this place if it is one that can be shown, and larger than what was found before.
    fn offer<R: Read + Seek>(&mut self, file: &mut R, place: u64, length: u64) {
        let Some(size) = jpeg::size_px(file, place, length) else {
            return;
        };
        let area = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
        if self.size_px.is_none_or(|known| area(known) < area(size)) {
            self.size_px = Some(size);
            self.preview = Some(place..place.saturating_add(length));
        }
    }
}

/// Width and height of a JPEG file, from a few bytes of it; the decoders' own way reads the whole file.
pub(super) fn size_of_jpeg<R: Read + Seek>(file: &mut R) -> Option<(u32, u32)> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    jpeg::size_px(file, 0, length)
}

/// Whether a file that starts like any TIFF holds what a camera's sensor saw.
pub(super) fn is_raw_tiff<R: Read + Seek>(file: &mut R) -> bool {
    let Some((mut tiff, first)) = Tiff::open(file, 0) else {
        return false;
    };
    tiff.directories(first).iter().any(|directory| {
        directory.has(tag::DNG_VERSION)
            || tiff
                .number(directory, tag::PHOTOMETRIC)
                .is_some_and(|kind| SENSOR.contains(&kind))
    }) || is_cr2(file)
}

/// Canon's mark stands behind the header of TIFF.
fn is_cr2<R: Read + Seek>(file: &mut R) -> bool {
    let mut mark = [0; 2];
    file.seek(SeekFrom::Start(8)).is_ok() && file.read_exact(&mut mark).is_ok() && &mark == b"CR"
}

/// Looks through a raw file's directories or boxes.
pub(super) fn contents<R: Read + Seek>(file: &mut R) -> Contents {
    let mut start = [0; 16];
    if file.rewind().is_err() || file.read_exact(&mut start).is_err() {
        return Contents::default();
    }
    if start.starts_with(RAF_MARK) {
        raf(file)
    } else if &start[4..8] == b"ftyp" {
        boxes::contents(file)
    } else {
        tiff(file, 0)
    }
}

/// The same of a file that is in memory, searched for previews where its directories name none or only a stamp.
pub(super) fn contents_of_bytes(bytes: &[u8]) -> Contents {
    let mut file = std::io::Cursor::new(bytes);
    let mut found = contents(&mut file);
    let small = found
        .size_px
        .is_none_or(|(width, height)| u64::from(width) * u64::from(height) < SMALL_PREVIEW_PX);
    if small {
        for place in search::jpegs(bytes) {
            found.offer(&mut file, place.start, place.end - place.start);
        }
    }
    found
}

fn raf<R: Read + Seek>(file: &mut R) -> Contents {
    let mut found = Contents::default();
    let mut place = [0; 8];
    if file.seek(SeekFrom::Start(RAF_JPEG)).is_ok() && file.read_exact(&mut place).is_ok() {
        let [at, length] = [0, 4].map(|at| {
            u64::from(u32::from_be_bytes([
                place[at],
                place[at + 1],
                place[at + 2],
                place[at + 3],
            ]))
        });
        found.offer(file, at, length);
    }
    found
}

/// What the directories that start at `start` tell.
fn tiff<R: Read + Seek>(file: &mut R, start: u64) -> Contents {
    let mut found = Contents::default();
    let Some((mut tiff, first)) = Tiff::open(file, start) else {
        return found;
    };
    let directories = tiff.directories(first);
    if let Some(first) = directories.first() {
        found.orientation = tiff
            .number(first, tag::ORIENTATION)
            .and_then(|number| u8::try_from(number).ok());
        found.taken = taken(&mut tiff, first);
    }
    let places: Vec<(u64, u64)> = directories
        .iter()
        .flat_map(|directory| jpeg_places(&mut tiff, directory, start))
        .collect();
    for (place, length) in places {
        found.offer(file, place, length);
    }
    found
}

/// The date in a directory or in the EXIF directory that it names.
fn taken<R: Read + Seek>(tiff: &mut Tiff<'_, R>, directory: &Directory) -> Option<Vec<u8>> {
    const LENGTH: u32 = 19;
    let own = tiff.bytes(directory, tag::DATE_TIME_ORIGINAL, LENGTH);
    own.or_else(|| {
        let place = tiff.number(directory, tag::EXIF)?;
        let (exif, _) = tiff.directory(place)?;
        tiff.bytes(&exif, tag::DATE_TIME_ORIGINAL, LENGTH)
    })
}

/// Where a directory says that JPEGs stand.
fn jpeg_places<R: Read + Seek>(
    tiff: &mut Tiff<'_, R>,
    directory: &Directory,
    start: u64,
) -> Vec<(u64, u64)> {
    let mut places: Vec<(u64, u64)> = directory.span(tag::JPEG_FROM_RAW).into_iter().collect();
    let mut pair = |offset, length| {
        let offsets = tiff.numbers(directory, offset);
        let lengths = tiff.numbers(directory, length);
        if let (&[offset], &[length]) = (&offsets[..], &lengths[..]) {
            places.push((start + u64::from(offset), u64::from(length)));
        }
    };
    pair(tag::JPEG_OFFSET, tag::JPEG_LENGTH);
    pair(tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS);
    let is_sensor = tiff
        .number(directory, tag::PHOTOMETRIC)
        .is_some_and(|kind| SENSOR.contains(&kind));
    let is_jpeg = matches!(tiff.number(directory, tag::COMPRESSION), None | Some(6 | 7));
    if is_sensor || !is_jpeg {
        // The strip is the sensor's; a JPEG beside it has tags of its own.
        let own = directory.has(tag::JPEG_OFFSET);
        places.truncate(usize::from(directory.has(tag::JPEG_FROM_RAW)) + usize::from(own));
    }
    places
}
