//! What a camera wrote beside its picture.

use super::{PhotoError, fields, raw};
use exif::{Exif, In, Tag, Value};
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What EXIF tells of how a photo was made, in words for people; what is not told stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Camera {
    /// Maker and model, said once.
    pub camera: Option<String>,
    /// The lens.
    pub lens: Option<String>,
    /// Exposure time and aperture, such as `1/250 s, f/2.8`.
    pub exposure: Option<String>,
    /// Sensitivity, such as `ISO 400`.
    pub iso: Option<String>,
    /// Focal length, such as `50 mm`.
    pub focal_length: Option<String>,
    /// When it was taken by the camera's clock, such as `2019-05-03 12:01:59`.
    pub taken: Option<String>,
    /// Where, in degrees, such as `48.2082° N, 16.3738° E`.
    pub place: Option<String>,
}

impl Camera {
    /// Name and value of everything that is known, in the order in which people ask.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("Taken", &self.taken),
            ("Camera", &self.camera),
            ("Lens", &self.lens),
            ("Exposure", &self.exposure),
            ("Sensitivity", &self.iso),
            ("Focal length", &self.focal_length),
            ("Place", &self.place),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// Reads the EXIF of the photo at `path`; a photo without any gives empty facts.
///
/// # Errors
/// [`PhotoError::Io`] when the file cannot be opened.
pub fn camera(path: &Path) -> Result<Camera, PhotoError> {
    let file = File::open(path).map_err(|source| PhotoError::Io {
        path: path.to_owned(),
        source,
    })?;
    // Crafted blocks have made parsers panic; such a file tells nothing.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut file = BufReader::new(file);
        let own = fields::of_container(&mut file);
        let fields = own.or_else(|| {
            let raw = raw::contents(&mut file);
            fields::of_preview(&mut file, &raw)
        });
        fields.map(|fields| from_fields(&fields))
    }));
    Ok(read.ok().flatten().unwrap_or_default())
}

fn from_fields(fields: &Exif) -> Camera {
    let number = |tag| rational(fields, tag);
    let exposure: Vec<String> = [
        number(Tag::ExposureTime).map(exposure_time),
        number(Tag::FNumber).map(|aperture| format!("f/{}", short(aperture))),
    ]
    .into_iter()
    .flatten()
    .collect();
    Camera {
        camera: named(text(fields, Tag::Make), text(fields, Tag::Model)),
        lens: named(text(fields, Tag::LensMake), text(fields, Tag::LensModel)),
        exposure: (!exposure.is_empty()).then(|| exposure.join(", ")),
        iso: fields
            .get_field(Tag::PhotographicSensitivity, In::PRIMARY)
            .and_then(|field| field.value.get_uint(0))
            .map(|iso| format!("ISO {iso}")),
        focal_length: number(Tag::FocalLength).map(|length| format!("{} mm", short(length))),
        taken: text(fields, Tag::DateTimeOriginal).and_then(|taken| date(&taken)),
        place: place(fields),
    }
}

fn text(fields: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(texts) = &fields.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let text = String::from_utf8_lossy(texts.first()?);
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
    (!text.is_empty()).then(|| text.to_owned())
}

fn rational(fields: &Exif, tag: Tag) -> Option<f64> {
    let Value::Rational(numbers) = &fields.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let number = numbers.first()?.to_f64();
    (number.is_finite() && number > 0.0).then_some(number)
}

/// Maker and model as one name: most models say their maker already.
fn named(maker: Option<String>, model: Option<String>) -> Option<String> {
    match (maker, model) {
        (Some(maker), Some(model)) => {
            let first = maker.split_whitespace().next().unwrap_or(&maker);
            let said = model.to_lowercase().starts_with(&first.to_lowercase());
            Some(if said {
                model
            } else {
                format!("{maker} {model}")
            })
        }
        (maker, model) => model.or(maker),
    }
}

fn exposure_time(seconds: f64) -> String {
    if seconds < 0.4 {
        format!("1/{} s", (1.0 / seconds).round())
    } else {
        format!("{} s", short(seconds))
    }
}

/// A number with one decimal at most.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// `2019:05:03 12:01:59` as `2019-05-03 12:01:59`; `None` for clocks that were never set.
fn date(exif: &str) -> Option<String> {
    let (day, time) = exif.split_once(' ')?;
    let sound = day.len() == 10 && !day.starts_with("0000") && day.starts_with(char::is_numeric);
    sound.then(|| format!("{} {time}", day.replace(':', "-")))
}

fn place(fields: &Exif) -> Option<String> {
    let degrees = |tag: Tag, reference: Tag| {
        let Value::Rational(parts) = &fields.get_field(tag, In::PRIMARY)?.value else {
            return None;
        };
        let part = |at: usize| parts.get(at).map_or(0.0, |part| part.to_f64());
        let value = part(0) + part(1) / 60.0 + part(2) / 3600.0;
        let side = text(fields, reference)?;
        value.is_finite().then(|| format!("{value:.4}° {side}"))
    };
    let latitude = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef)?;
    let longitude = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef)?;
    Some(format!("{latitude}, {longitude}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use exif::experimental::Writer;
    use exif::{Field, Rational};
    use std::io::Cursor;

    #[test]
    fn facts_are_read_back_in_words() {
        let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
        let number = |num, denom| Value::Rational(vec![Rational { num, denom }]);
        let degrees =
            |parts: [u32; 3]| Value::Rational(parts.map(|num| Rational { num, denom: 1 }).to_vec());
        let fields: Vec<Field> = [
            (Tag::Make, ascii("NIKON CORPORATION")),
            (Tag::Model, ascii("NIKON D90 ")),
            (Tag::LensModel, ascii("50.0 mm f/1.8")),
            (Tag::ExposureTime, number(1, 250)),
            (Tag::FNumber, number(28, 10)),
            (Tag::PhotographicSensitivity, Value::Short(vec![400])),
            (Tag::FocalLength, number(50, 1)),
            (Tag::DateTimeOriginal, ascii("2019:05:03 12:01:59")),
            (Tag::GPSLatitudeRef, ascii("N")),
            (Tag::GPSLatitude, degrees([48, 30, 0])),
            (Tag::GPSLongitudeRef, ascii("E")),
            (Tag::GPSLongitude, degrees([16, 15, 0])),
        ]
        .into_iter()
        .map(|(tag, value)| Field {
            tag,
            ifd_num: In::PRIMARY,
            value,
        })
        .collect();
        let mut writer = Writer::new();
        for field in &fields {
            writer.push_field(field);
        }
        let mut block = Cursor::new(Vec::new());
        writer.write(&mut block, false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("facts.tif");
        std::fs::write(&path, block.into_inner()).unwrap();
        let facts = camera(&path).unwrap();
        let found: Vec<(&str, &str)> = facts.facts().collect();
        assert_eq!(
            found,
            [
                ("Taken", "2019-05-03 12:01:59"),
                ("Camera", "NIKON D90"),
                ("Lens", "50.0 mm f/1.8"),
                ("Exposure", "1/250 s, f/2.8"),
                ("Sensitivity", "ISO 400"),
                ("Focal length", "50 mm"),
                ("Place", "48.5000° N, 16.2500° E"),
            ]
        );
    }

    #[test]
    fn files_without_facts_tell_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.jpg");
        std::fs::write(&path, b"\xff\xd8\xff\xe0 nothing").unwrap();
        assert_eq!(camera(&path).unwrap(), Camera::default());
        assert!(camera(&folder.path().join("gone.jpg")).is_err());
        assert_eq!(date("0000:00:00 00:00:00"), None);
    }
}
