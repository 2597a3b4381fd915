//! What a file's name promises.

use super::Format;
use std::path::Path;

/// Endings of pictures that are not read, and what they are.
const NOT_READ: [(&str, &str); 19] = [
    ("svg", "SVG"),
    ("svgz", "SVG"),
    ("eps", "EPS"),
    ("ai", "Adobe Illustrator"),
    ("psd", "Photoshop"),
    ("psb", "Photoshop"),
    ("xcf", "GIMP"),
    ("kra", "Krita"),
    ("ora", "OpenRaster"),
    ("jxl", "JPEG XL"),
    ("jp2", "JPEG 2000"),
    ("j2k", "JPEG 2000"),
    ("jpf", "JPEG 2000"),
    ("jpx", "JPEG 2000"),
    ("jxr", "JPEG XR"),
    ("wdp", "JPEG XR"),
    ("dds", "DDS"),
    ("pcx", "PCX"),
    ("djvu", "DjVu"),
];

/// Why a file whose content is no picture of a known format is worth a word: its name promises one.
///
/// `None` for all other files, which are passed over in silence.
pub fn broken_promise(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?;
    if Format::of_ending(ending).is_some() {
        return Some("is named like a photo but holds none".to_owned());
    }
    NOT_READ
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(ending))
        .map(|(_, kind)| format!("{kind} is not read; a copy as PNG or JPEG would be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_photos_drawings_or_nothing() {
        let promise = |name: &str| broken_promise(Path::new(name));
        assert!(promise("a/IMG_1.HEIC").unwrap().contains("holds none"));
        assert!(promise("logo.svg").unwrap().starts_with("SVG is not read"));
        assert!(promise("scan.JP2").unwrap().starts_with("JPEG 2000"));
        for other in ["notes.txt", "film.mp4", "paper.pdf", "jpg", ".png"] {
            assert_eq!(promise(other), None, "{other}");
        }
    }
}
