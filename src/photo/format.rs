//! The picture formats that are read.

use std::fmt;

/// The picture formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
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
    /// HEIC and HEIF: pictures coded as HEVC.
    Heic,
    /// AVIF: pictures coded as AV1.
    Avif,
    /// Camera raw files, by the largest JPEG inside them.
    Raw,
    /// Windows icon (its largest picture).
    Ico,
    /// The "Quite OK Image".
    Qoi,
    /// Truevision TGA, which only its name gives away.
    Tga,
    /// PBM, PGM, PPM and PAM.
    Pnm,
    /// Radiance HDR, tone mapped.
    Hdr,
    /// OpenEXR, tone mapped.
    Exr,
}

/// What is said of a format: itself, what people call it, its name in the catalogue, and the endings of its files.
type Words = (Format, &'static str, &'static str, &'static [&'static str]);

const WORDS: [Words; 15] = [
    (
        Format::Jpeg,
        "JPEG",
        "jpeg",
        &["jpg", "jpeg", "jpe", "jfif"],
    ),
    (Format::Png, "PNG", "png", &["png", "apng"]),
    (Format::WebP, "WebP", "webp", &["webp"]),
    (Format::Gif, "GIF", "gif", &["gif"]),
    (Format::Bmp, "BMP", "bmp", &["bmp"]),
    (Format::Tiff, "TIFF", "tiff", &["tif", "tiff"]),
    (Format::Heic, "HEIC", "heic", &["heic", "heif", "hif"]),
    (Format::Avif, "AVIF", "avif", &["avif"]),
    (Format::Raw, "camera raw", "raw", &RAW_ENDINGS),
    (Format::Ico, "ICO", "ico", &["ico"]),
    (Format::Qoi, "QOI", "qoi", &["qoi"]),
    (Format::Tga, "TGA", "tga", &["tga"]),
    (
        Format::Pnm,
        "PNM",
        "pnm",
        &["pnm", "pbm", "pgm", "ppm", "pam"],
    ),
    (Format::Hdr, "Radiance HDR", "hdr", &["hdr"]),
    (Format::Exr, "OpenEXR", "exr", &["exr"]),
];

/// How the makers of cameras end the names of their raw files.
const RAW_ENDINGS: [&str; 25] = [
    "dng", "nef", "nrw", "cr2", "cr3", "crw", "arw", "srf", "sr2", "orf", "rw2", "rwl", "raf",
    "pef", "srw", "3fr", "fff", "iiq", "mef", "mos", "mrw", "erf", "dcr", "kdc", "x3f",
];

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().1)
    }
}

impl Format {
    /// All of them, the commonest first.
    pub fn all() -> impl Iterator<Item = Format> {
        WORDS.iter().map(|words| words.0)
    }

    /// Its name where programs read it, such as `jpeg`.
    pub fn name(self) -> &'static str {
        self.words().2
    }

    /// How the names of its files end, without the dot and in lower case.
    pub fn endings(self) -> &'static [&'static str] {
        self.words().3
    }

    /// The format with this [`Format::name`].
    pub fn of_name(name: &str) -> Option<Format> {
        WORDS
            .iter()
            .find(|words| words.2 == name)
            .map(|words| words.0)
    }

    /// The format whose files end in `.ending`, in whichever case.
    pub fn of_ending(ending: &str) -> Option<Format> {
        WORDS
            .iter()
            .find(|words| words.3.iter().any(|own| own.eq_ignore_ascii_case(ending)))
            .map(|words| words.0)
    }

    fn words(self) -> &'static Words {
        WORDS
            .iter()
            .find(|words| words.0 == self)
            .unwrap_or(&WORDS[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_words_of_its_own() {
        assert_eq!(Format::all().count(), WORDS.len());
        for format in Format::all() {
            assert_eq!(format.words().0, format);
            assert_eq!(Format::of_name(format.name()), Some(format));
            for ending in format.words().3 {
                assert_eq!(Format::of_ending(&ending.to_uppercase()), Some(format));
            }
        }
        assert_eq!(Format::of_ending("txt"), None);
        // Unlike a fallback to the first line, this one fails when a format has no line.
        assert_eq!(Format::Exr.to_string(), "OpenEXR");
    }
}
