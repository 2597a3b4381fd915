//! Telling photos from other files by content.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::PhotoError;

/// The picture formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, baseline and progressive.
    Jpeg,
    /// PNG and APNG (its first frame).
    Png,
    /// WebP, lossy and lossless (its first frame).
    WebP,
    /// GIF (its first frame).
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF and BigTIFF (its first page).
    Tiff,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
            Format::Tiff => "TIFF",
        })
    }
}

/// Bytes from a file's start that [`Format::of`] looks at.
const HEADER_BYTES: u64 = 18;

impl Format {
    /// The format of a file that starts with `bytes`, or `None` when it is no photo.
    pub fn of(bytes: &[u8]) -> Option<Format> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Format::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Format::Png)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Format::WebP)
        } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
            Some(Format::Gif)
        } else if is_bmp(bytes) {
            Some(Format::Bmp)
        } else if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
            .iter()
            .any(|m| bytes.starts_with(*m))
        {
            Some(Format::Tiff)
        } else {
            None
        }
    }
}

/// "BM" alone would also match texts, so the length of the second header has to be one that exists.
fn is_bmp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BM")
        && matches!(
            bytes.get(14..18),
            Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
        )
}

/// The format of the photo at `path` by its first bytes, `None` when it is no photo.
///
/// Reads a few bytes only; the file's name does not matter. A folder, a pipe or an empty file is no photo.
///
/// # Errors
/// [`PhotoError::Io`] when the file cannot be opened or read.
pub fn sniff(path: &Path) -> Result<Option<Format>, PhotoError> {
    let io = |source| PhotoError::Io {
        path: path.to_owned(),
        source,
    };
    // Opening a pipe would wait for a writer, so its kind is asked first.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Ok(None);
    }
    let mut header = Vec::new();
    File::open(path)
        .map_err(io)?
        .take(HEADER_BYTES)
        .read_to_end(&mut header)
        .map_err(io)?;
    Ok(Format::of(&header))
}
