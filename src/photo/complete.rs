//! Whether a file reaches its own end.
//!
//! Decoders stop as soon as they have the first picture or fill what is missing with grey, so the containers are
//! walked here: a file cut anywhere before its end mark is truncated, whatever its decoder would make of it. Bytes after
//! the end mark (as phones append) are no fault.

use super::{DecodeError, Format};

/// What the walk through a container found.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Container<'a> {
    /// The EXIF block of a PNG (anywhere in the file) or a WebP.
    pub exif: Option<&'a [u8]>,
    /// Where the end mark of a JPEG stands.
    pub jpeg_end: usize,
}

/// Walks the container of `bytes` to its end.
///
/// # Errors
/// [`DecodeError::Truncated`] when the end is missing. Other faults are left to the decoder, and so is all of the formats
/// that have no order that could be walked (TIFF, OpenEXR) or whose decoders read to the end.
pub(super) fn check(format: Format, bytes: &[u8]) -> Result<Container<'_>, DecodeError> {
    let found = match format {
        Format::Jpeg => jpeg(bytes),
        Format::Png => png(bytes),
        Format::WebP => webp(bytes),
        Format::Gif => gif(bytes),
        Format::Bmp => bmp(bytes),
        Format::Qoi => bytes.ends_with(&QOI_END).then(Container::default),
        _ => Some(Container::default()),
    };
    found.ok_or_else(|| DecodeError::Truncated {
        format,
        reason: format!(
            "it ends after {} bytes, before its picture does",
            bytes.len()
        ),
    })
}

/// A header segment of a JPEG.
pub(super) struct Segment<'a> {
    /// The second byte of its marker.
    pub marker: u8,
    /// Its content, without the length.
    pub payload: &'a [u8],
}

/// The segments of a JPEG from wherever `rest` starts; after a scan's header its entropy-coded data is skipped.
struct Segments<'a> {
    rest: &'a [u8],
}

/// What a QOI ends with.
const QOI_END: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
/// Start of a frame that is not progressive.
const BASELINE: u8 = 0xc0;
const EXTENDED: u8 = 0xc1;

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        loop {
            // Anything that is no marker is entropy-coded data (0xff is followed by 0 there) or junk.
            let at = self.rest.iter().position(|byte| *byte == 0xff)?;
            let marker = *self.rest.get(at + 1)?;
            match marker {
                0xff => self.rest = &self.rest[at + 1..],
                0 | 1 | 0xd0..=0xd7 | SOI => self.rest = &self.rest[at + 2..],
                EOI => {
                    self.rest = &self.rest[at + 2..];
                    return Some(Segment {
                        marker,
                        payload: &[],
                    });
                }
                _ => {
                    let body = &self.rest[at + 2..];
                    let length = usize::from(u16::from_be_bytes(*body.first_chunk()?)).max(2);
                    let payload = body.get(2..length)?;
                    self.rest = &body[length..];
                    return Some(Segment { marker, payload });
                }
            }
        }
    }
}

/// Whether the picture comes in several passes (progressive, or one colour after the other), so that a decoder keeps all
/// of its coefficients until the last.
pub(super) fn jpeg_has_passes(bytes: &[u8]) -> bool {
    let mut colours = None;
    for segment in (Segments { rest: bytes }) {
        match segment.marker {
            BASELINE | EXTENDED => colours = segment.payload.get(5),
            SOS => return segment.payload.first() != colours,
            _ => {}
        }
    }
    true
}

/// The header segments of a JPEG, up to its first scan.
pub(super) fn jpeg_segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    Segments { rest: bytes }.take_while(|segment| segment.marker != SOS && segment.marker != EOI)
}

/// How long the JPEG is that `bytes` start with, its end mark included.
pub(super) fn jpeg_length(bytes: &[u8]) -> Option<usize> {
    jpeg(bytes).map(|container| container.jpeg_end + 2)
}

fn jpeg(bytes: &[u8]) -> Option<Container<'_>> {
    let mut segments = Segments { rest: bytes };
    segments.find(|segment| segment.marker == EOI)?;
    Some(Container {
        exif: None,
        jpeg_end: bytes.len() - segments.rest.len() - 2,
    })
}

fn png(bytes: &[u8]) -> Option<Container<'_>> {
    let mut rest = bytes.get(8..)?;
    let mut container = Container::default();
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = rest.get(4..8)?;
        let data = rest.get(8..length.checked_add(8)?)?;
        rest = rest.get(length.checked_add(12)?..)?;
        match kind {
            b"eXIf" => container.exif = Some(data),
            b"IEND" => return Some(container),
            _ => {}
        }
    }
}

fn webp(bytes: &[u8]) -> Option<Container<'_>> {
    let length = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?) as usize;
    let mut rest = bytes.get(12..length.checked_add(8)?)?;
    let mut container = Container::default();
    while let Some((kind, body)) = rest.split_at_checked(4) {
        let Some(length) = body
            .first_chunk()
            .map(|bytes| u32::from_le_bytes(*bytes) as usize)
        else {
            break;
        };
        let data = body.get(4..length.checked_add(4)?)?;
        if kind == b"EXIF" {
            container.exif = Some(data);
        }
        // Chunks are padded to an even length.
        rest = body.get(4 + length + length % 2..).unwrap_or_default();
    }
    Some(container)
}

fn gif(bytes: &[u8]) -> Option<Container<'_>> {
    let colours = |flags: u8| {
        if flags & 0x80 == 0 {
            0
        } else {
            3 << ((flags & 7) + 1)
        }
    };
    let mut at = 13 + colours(*bytes.get(10)?);
    loop {
        match *bytes.get(at)? {
            // Extension: its label, then sub-blocks.
            0x21 => at += 2,
            // Image: its descriptor, perhaps a palette, the code size, then sub-blocks.
            0x2c => at += 11 + colours(*bytes.get(at + 9)?),
            // The end; and what is unknown is left to the decoder.
            _ => return Some(Container::default()),
        }
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

fn bmp(bytes: &[u8]) -> Option<Container<'_>> {
    let word = |at: usize| {
        Some(u64::from(u16::from_le_bytes(
            *bytes.get(at..)?.first_chunk()?,
        )))
    };
    let long = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let (width, height, bits, compression) = match long(14)? {
        // The header of OS/2 1.x has short fields.
        12 => (word(18)?, word(20)?, word(24)?, 0),
        _ => {
            let height = long(22)?.cast_signed().unsigned_abs();
            (
                u64::from(long(18)?),
                u64::from(height),
                word(28)?,
                long(30)?,
            )
        }
    };
    let end = match compression {
        // Plain rows and rows with bit fields, each padded to four bytes.
        0 | 3 | 6 => {
            let row = width.checked_mul(bits)?.div_ceil(32) * 4;
            u64::from(long(10)?).saturating_add(row.saturating_mul(height))
        }
        // Run lengths: only the length in the file's header tells.
        _ => u64::from(long(2)?),
    };
    (end <= bytes.len() as u64).then(Container::default)
}
