//! EXIF fields, wherever a file keeps them, from no more bytes than they may take.

use std::io::{BufRead, Seek, SeekFrom};

use exif::Exif;

use super::limited::Limited;
use super::raw::Contents;

/// EXIF of a TIFF may lie anywhere in the file; no more of it than this is read.
const MOST_BYTES: u64 = 64 << 20;
/// No more than this is read of the preview in a raw file.
const MOST_PREVIEW_BYTES: u64 = 256 << 10;

/// The fields of a file that starts here.
pub(super) fn of_container<R: BufRead + Seek>(file: &mut R) -> Option<Exif> {
    read(file, MOST_BYTES)
}

/// The fields of a raw file's preview, which may say what the raw file does not.
pub(super) fn of_preview<R: BufRead + Seek>(file: &mut R, raw: &Contents) -> Option<Exif> {
    let place = raw.preview.as_ref()?;
    file.seek(SeekFrom::Start(place.start)).ok()?;
    read(file, MOST_PREVIEW_BYTES)
}

/// The fields of a block that was taken out of its file.
pub(super) fn of_block(block: Vec<u8>) -> Option<Exif> {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_raw(block);
    read.or_else(|error| error.distill_partial_result(|_| ()))
        .ok()
}

fn read<R: BufRead + Seek>(file: &mut R, most_bytes: u64) -> Option<Exif> {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    reader
        .read_from_container(&mut Limited::new(file, most_bytes))
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()
}
