//! Telling photos from other files, by content; names only settle what content leaves open.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

use super::{Format, PhotoError, raw};

/// Bytes from a file's start that are looked at.
const START_BYTES: u64 = 512;

/// The format of the photo at `path` by its first bytes, `None` when it is no photo.
///
/// Reads a few bytes only. The file's name matters for TGA, which has no mark of its own, and for camera raw files that
/// look like any TIFF. A folder, a pipe or an empty file is no photo.
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
    let file = File::open(path).map_err(io)?;
    let mut file = BufReader::with_capacity(START_BYTES as usize, file);
    recognise(&mut file, Some(path)).map_err(io)
}

/// The format of a photo that is in memory whole, by its content alone.
pub(super) fn recognise_bytes(bytes: &[u8]) -> Option<Format> {
    recognise(&mut Cursor::new(bytes), None).ok().flatten()
}

/// The format of a file, which is left at its start; its name, where there is one, counts as a hint.
pub(super) fn recognise<R: Read + Seek>(
    file: &mut R,
    path: Option<&Path>,
) -> io::Result<Option<Format>> {
    let mut start = Vec::new();
    file.by_ref().take(START_BYTES).read_to_end(&mut start)?;
    let hint = path
        .and_then(|path| path.extension()?.to_str())
        .and_then(Format::of_ending);
    let format = match by_mark(&start) {
        Some(Format::Tiff) if hint == Some(Format::Raw) || raw::is_raw_tiff(file) => {
            Some(Format::Raw)
        }
        None if hint == Some(Format::Tga) && is_tga(&start) => Some(Format::Tga),
        by_mark => by_mark,
    };
    file.rewind()?;
    Ok(format)
}

/// The format of a file that starts with `bytes`, as far as a mark tells it.
fn by_mark(bytes: &[u8]) -> Option<Format> {
    let starts = |marks: &[&[u8]]| marks.iter().any(|mark| bytes.starts_with(mark));
    if starts(&[b"\xff\xd8\xff"]) {
        Some(Format::Jpeg)
    } else if starts(&[b"\x89PNG\r\n\x1a\n"]) {
        Some(Format::Png)
    } else if starts(&[b"RIFF"]) && bytes.get(8..12) == Some(b"WEBP") {
        Some(Format::WebP)
    } else if starts(&[b"GIF87a", b"GIF89a"]) {
        Some(Format::Gif)
    } else if is_bmp(bytes) {
        Some(Format::Bmp)
    } else if starts(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]) {
        Some(Format::Tiff)
    } else if starts(raw::MARKS) {
        Some(Format::Raw)
    } else if starts(&[b"qoif"]) {
        Some(Format::Qoi)
    } else if starts(&[b"#?RADIANCE", b"#?RGBE"]) {
        Some(Format::Hdr)
    } else if starts(&[b"\x76\x2f\x31\x01"]) {
        Some(Format::Exr)
    } else if is_ico(bytes) {
        Some(Format::Ico)
    } else if is_pnm(bytes) {
        Some(Format::Pnm)
    } else {
        by_brand(bytes)
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

/// Four bytes that many files start with; the first picture has to lie behind the list of them.
fn is_ico(bytes: &[u8]) -> bool {
    let Some([0, 0, 1, 0, low, high]) = bytes.first_chunk() else {
        return false;
    };
    let pictures = u32::from(u16::from_le_bytes([*low, *high]));
    let offset = bytes.get(18..22).and_then(|offset| offset.try_into().ok());
    pictures > 0
        && bytes.get(9) == Some(&0)
        && offset.is_some_and(|offset| u32::from_le_bytes(offset) >= 6 + 16 * pictures)
}

/// "P" and a digit start many texts, so the numbers that follow are looked at too.
fn is_pnm(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"P7\n") {
        return bytes.windows(6).any(|word| word == b"WIDTH ");
    }
    let Some([b'P', b'1'..=b'6', rest @ ..]) = bytes.get(..) else {
        return false;
    };
    let without_comments: Vec<u8> = rest
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b'#').next())
        .collect::<Vec<_>>()
        .join(&b'\n');
    let mut words = without_comments
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let number = |word: Option<&[u8]>| word.is_some_and(|word| word.iter().all(u8::is_ascii_digit));
    rest.first().is_some_and(u8::is_ascii_whitespace)
        && number(words.next())
        && number(words.next())
}

/// A header of TGA that makes sense; it has no mark.
fn is_tga(bytes: &[u8]) -> bool {
    let Some([_, map, kind, header @ ..]) = bytes.first_chunk::<18>() else {
        return false;
    };
    let side = |at: usize| u16::from_le_bytes([header[at - 3], header[at - 2]]);
    matches!((map, kind), (1, 1 | 9) | (0 | 1, 2 | 3 | 10 | 11))
        && side(12) > 0
        && side(14) > 0
        && matches!(header[13], 8 | 15 | 16 | 24 | 32)
}

/// The boxes of ISO base media: what they hold stands in the brands.
fn by_brand(bytes: &[u8]) -> Option<Format> {
    if bytes.get(4..8) != Some(b"ftyp") {
        return None;
    }
    let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    let all = bytes.get(8..length.clamp(12, bytes.len().max(12)))?;
    // The version between the major brand and the compatible ones is no brand.
    let brands = || all.as_chunks::<4>().0.iter().enumerate();
    let has = |wanted: &[&[u8; 4]]| brands().any(|(at, brand)| at != 1 && wanted.contains(&brand));
    if has(&[b"crx "]) {
        Some(Format::Raw)
    } else if has(&[b"avif", b"avis"]) {
        Some(Format::Avif)
    } else if has(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ]) {
        Some(Format::Heic)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_pictures() {
        for text in [
            "P5 is a road",
            "P3\nand more",
            "P2020 12 12",
            "BMW",
            "qoi",
            "#?RADIATION",
            "\0\0\u{1}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "\0\0\0\u{18}ftypmp42\0\0\0\0isommp42",
        ] {
            assert_eq!(by_mark(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn marks_and_brands_are_known() {
        for (start, format) in [
            (&b"P6\n# made by hand\n3 # wide\n2\n255\n"[..], Format::Pnm),
            (b"P7\nWIDTH 3\n", Format::Pnm),
            (b"qoif\0\0", Format::Qoi),
            (b"#?RADIANCE\n", Format::Hdr),
            (b"\x76\x2f\x31\x01\x02", Format::Exr),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Format::Avif),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Format::Heic),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", Format::Raw),
            (b"FUJIFILMCCD-RAW 0201", Format::Raw),
            (b"IIU\0\x08\0\0\0", Format::Raw),
        ] {
            assert_eq!(by_mark(start), Some(format), "{start:?}");
        }
    }

    #[test]
    fn only_a_name_makes_tga_of_a_header() {
        let mut header = [0; 18];
        (header[2], header[12], header[14], header[16]) = (2, 5, 4, 24);
        let mut file = Cursor::new(header);
        let named = |name: &str, file: &mut Cursor<[u8; 18]>| {
            recognise(file, Some(Path::new(name))).unwrap()
        };
        assert_eq!(named("a.TGA", &mut file), Some(Format::Tga));
        assert_eq!(named("a.bin", &mut file), None);
        file.get_mut()[16] = 7;
        assert_eq!(named("a.tga", &mut file), None);
    }
}
