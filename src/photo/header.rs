//! What a photo says of itself before its pixels.

use super::limited::Limited;
use super::recognise::recognise;
use super::{Format, PhotoError, fields, heif, orientation, raw};
use exif::{Exif, In, Tag, Value};
use image::{ImageFormat, ImageReader};
use std::fs::File;
use std::io::{BufReader, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Counts up whenever [`header`] tells more or other things, so that they are read anew.
pub const FACTS_VERSION: u32 = 2;

/// No more than this is read to find the size: some formats allow headers of any length.
const MOST_HEADER_BYTES: u64 = 16 << 20;

/// What a photo's header tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Its format, by content.
    pub format: Option<Format>,
    /// Width and height of the upright picture in pixels.
    pub size_px: Option<(u32, u32)>,
    /// When it was taken, by the camera's own clock.
    pub taken: Option<jiff::civil::DateTime>,
}

/// Reads a photo's header: a few kilobytes for most files. What it does not tell, or tells wrongly, stays empty.
///
/// # Errors
/// [`PhotoError::Io`] when the file cannot be opened or read.
pub fn header(path: &Path) -> Result<Header, PhotoError> {
    let io = |source| PhotoError::Io {
        path: path.to_owned(),
        source,
    };
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Ok(Header::default());
    }
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
    let format = recognise(&mut file, Some(path)).map_err(io)?;
    let Some(format) = format else {
        return Ok(Header::default());
    };
    // Crafted headers have made parsers panic; such a file tells nothing, and its decoder says why later.
    let read = catch_unwind(AssertUnwindSafe(|| match format {
        Format::Heic | Format::Avif => of_heif(file),
        Format::Raw => of_raw(file),
        _ => contents(format, file),
    }));
    Ok(Header {
        format: Some(format),
        ..read.unwrap_or_default()
    })
}

fn contents(format: Format, mut file: BufReader<File>) -> Header {
    let fields = fields::of_container(&mut file);
    let sideways = fields
        .as_ref()
        .and_then(turn)
        .is_some_and(orientation::swaps_sides);
    let size_px = size(format, &mut file);
    Header {
        format: None,
        size_px: size_px.map(|size| upright(size, sideways)),
        taken: fields.as_ref().and_then(taken),
    }
}

/// Width and height as stored.
fn size(format: Format, file: &mut BufReader<File>) -> Option<(u32, u32)> {
    if format == Format::Jpeg
        && let Some(size) = raw::size_of_jpeg(file.get_mut())
    {
        return Some(size);
    }
    file.rewind().ok()?;
    let file = Limited::new(file, MOST_HEADER_BYTES);
    if format == Format::Tiff {
        // It knows more kinds than the one in `image`.
        return tiff::decoder::Decoder::new(file).ok()?.dimensions().ok();
    }
    let mut reader = ImageReader::new(file);
    if format == Format::Tga {
        reader.set_format(ImageFormat::Tga);
    } else {
        reader = reader.with_guessed_format().ok()?;
    }
    reader.into_dimensions().ok()
}

fn of_heif(mut file: BufReader<File>) -> Header {
    let facts = heif::facts(&mut file);
    let fields = facts.exif.and_then(fields::of_block);
    Header {
        format: None,
        size_px: facts.size_px,
        taken: fields.as_ref().and_then(taken),
    }
}

fn of_raw(mut file: BufReader<File>) -> Header {
    let facts = raw::contents(&mut file);
    // What the raw file does not say, its preview may.
    let fields = fields::of_preview(&mut file, &facts);
    let sideways = facts
        .orientation
        .map(u32::from)
        .or_else(|| fields.as_ref().and_then(turn))
        .is_some_and(orientation::swaps_sides);
    Header {
        format: None,
        size_px: facts.size_px.map(|size| upright(size, sideways)),
        taken: facts
            .taken
            .and_then(|text| date(&Value::Ascii(vec![text])))
            .or_else(|| fields.as_ref().and_then(taken)),
    }
}

/// EXIF's number for how the camera was held.
fn turn(fields: &Exif) -> Option<u32> {
    fields
        .get_field(Tag::Orientation, In::PRIMARY)?
        .value
        .get_uint(0)
}

fn taken(fields: &Exif) -> Option<jiff::civil::DateTime> {
    [Tag::DateTimeOriginal, Tag::DateTimeDigitized]
        .into_iter()
        .find_map(|tag| date(&fields.get_field(tag, In::PRIMARY)?.value))
}

fn upright((width, height): (u32, u32), sideways: bool) -> (u32, u32) {
    if sideways {
        (height, width)
    } else {
        (width, height)
    }
}

/// A date as EXIF writes it, `2019:05:03 12:01:59`; clocks that were never set give zeros or spaces, which are no date.
fn date(value: &Value) -> Option<jiff::civil::DateTime> {
    let Value::Ascii(texts) = value else {
        return None;
    };
    let parsed = exif::DateTime::from_ascii(texts.first()?).ok()?;
    jiff::civil::DateTime::new(
        i16::try_from(parsed.year).ok()?,
        i8::try_from(parsed.month).ok()?,
        i8::try_from(parsed.day).ok()?,
        i8::try_from(parsed.hour).ok()?,
        i8::try_from(parsed.minute).ok()?,
        i8::try_from(parsed.second.min(59)).ok()?,
        0,
    )
    .ok()
    .filter(|date| date.year() > 1825)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_exif_writes_them() {
        let read = |text: &str| date(&Value::Ascii(vec![text.as_bytes().to_vec()]));
        let expected = jiff::civil::date(2019, 5, 3).at(12, 1, 59, 0);
        assert_eq!(read("2019:05:03 12:01:59"), Some(expected));
        for wrong in [
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "2019:13:03 12:01:59",
            "",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
