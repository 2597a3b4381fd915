//! Every format and variant gives the drawn picture.

use std::fs;

use puma::photo::{DecodeError, Format, Limits, PhotoError, decode, read, sniff};

use super::drawn::{self, assert_shows, fixture};

#[test]
fn jpeg() {
    assert_shows("baseline_420.jpg", &drawn::rgb(), 2.0, 16);
    assert_shows("restart.jpg", &drawn::rgb(), 1.5, 8);
    assert_shows("progressive.jpg", &drawn::rgb(), 1.5, 8);
    assert_shows("grey.jpg", &drawn::grey(), 1.5, 8);
}

#[test]
fn jpeg_of_four_inks() {
    for name in ["cmyk_adobe.jpg", "cmyk_plain.jpg", "ycck_adobe.jpg"] {
        assert_shows(name, &drawn::rgb(), 3.0, 30);
    }
}

#[test]
fn png() {
    assert_shows("rgb.png", &drawn::rgb(), 0.0, 0);
    assert_shows("palette_4bit.png", &drawn::tiles(), 0.0, 0);
    assert_shows("palette_8bit.png", &drawn::tiles(), 0.0, 0);
    assert_shows(
        "palette_transparent.png",
        &drawn::tiles_with_a_hole(),
        0.0,
        0,
    );
    assert_shows("grey.png", &drawn::grey(), 0.0, 0);
    assert_shows("grey_16bit.png", &drawn::grey(), 0.0, 0);
    assert_shows("rgba.png", &drawn::rgba(), 0.0, 0);
    assert_shows("grey_alpha.png", &drawn::grey_alpha(), 0.0, 0);
    assert_shows("animated.png", &drawn::rgb(), 0.0, 0);
}

#[test]
fn webp() {
    assert_shows("lossy.webp", &drawn::rgb(), 3.0, 24);
    assert_shows("lossless.webp", &drawn::rgb(), 0.0, 0);
    assert_shows("alpha.webp", &drawn::rgba(), 0.0, 0);
    assert_shows("animated.webp", &drawn::rgb(), 0.0, 0);
}

#[test]
fn gif() {
    assert_shows("still.gif", &drawn::tiles(), 0.0, 0);
    assert_shows("animated.gif", &drawn::tiles(), 0.0, 0);
    assert_shows("transparent.gif", &drawn::tiles_with_a_hole(), 0.0, 0);
}

#[test]
fn bmp() {
    assert_shows("rgb.bmp", &drawn::rgb(), 0.0, 0);
    assert_shows("palette.bmp", &drawn::tiles(), 0.0, 0);
    // The fourth byte of this kind of bitmap has no meaning.
    assert_shows("rgba.bmp", &drawn::rgb(), 0.0, 0);
    assert_shows("grey.bmp", &drawn::grey(), 0.0, 0);
}

#[test]
fn tiff() {
    for name in ["rgb.tif", "lzw.tif", "deflate.tif", "packbits.tif"] {
        assert_shows(name, &drawn::rgb(), 0.0, 0);
    }
    assert_shows("jpeg.tif", &drawn::rgb(), 3.0, 24);
    assert_shows("palette.tif", &drawn::tiles(), 0.0, 0);
    assert_shows("grey.tif", &drawn::grey(), 0.0, 0);
    assert_shows("grey_16bit.tif", &drawn::grey(), 0.0, 0);
    assert_shows("grey_float.tif", &drawn::grey(), 0.0, 0);
    assert_shows("rgba.tif", &drawn::rgba(), 0.0, 0);
    assert_shows("grey_alpha.tif", &drawn::grey_alpha(), 0.0, 0);
    assert_shows("cmyk.tif", &drawn::rgb(), 1.0, 3);
    assert_shows("bilevel.tif", &drawn::bilevel(), 0.0, 0);
}

#[test]
fn bmp_with_declared_alpha() {
    let picture = image::RgbaImage::from_fn(2, 1, |x, _| {
        image::Rgba([10, 20, 30, if x == 0 { 255 } else { 0 }])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut file, image::ImageFormat::Bmp)
        .unwrap();
    let read = decode(file.get_ref(), &Limits::default()).unwrap();
    assert_eq!(read.as_raw(), &[10, 20, 30, 255, 255, 255]);
}

/// What the `image` crate itself can write of 16 bits and floats goes round.
#[test]
fn sixteen_bits_and_floats_keep_their_light() {
    let drawn = image::DynamicImage::ImageRgb8(drawn::rgb());
    let deep = image::DynamicImage::ImageRgba16(drawn.to_rgba16());
    let float = image::DynamicImage::ImageRgb32F(drawn.to_rgb32f());
    for (picture, format) in [
        (&deep, image::ImageFormat::Png),
        (&deep, image::ImageFormat::Tiff),
        (&float, image::ImageFormat::Tiff),
    ] {
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        let read = decode(file.get_ref(), &Limits::default()).unwrap();
        assert_eq!(read, drawn::rgb(), "{format:?}");
    }
}

#[test]
fn content_decides_and_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let disguised = folder.path().join("really_a_jpeg.png");
    fs::copy(fixture("baseline_420.jpg"), &disguised).unwrap();
    assert_eq!(sniff(&disguised).unwrap(), Some(Format::Jpeg));
    assert!(read(&disguised, &Limits::default()).is_ok());

    let text = folder.path().join("notes.jpg");
    for content in [
        "",
        "B",
        "BM",
        "BMW and Mercedes, a comparison of cars",
        "GIF is a format",
        "RIFFraff",
    ] {
        fs::write(&text, content).unwrap();
        assert_eq!(sniff(&text).unwrap(), None, "{content:?}");
        let error = read(&text, &Limits::default()).unwrap_err();
        assert!(error.is_not_a_photo(), "{content:?}: {error}");
        assert!(error.to_string().contains("notes.jpg"), "{error}");
    }
}

#[test]
fn what_is_no_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(sniff(folder.path()).unwrap(), None);
    let error = read(folder.path(), &Limits::default()).unwrap_err();
    assert!(matches!(error, PhotoError::NotAFile { .. }));
    let missing = folder.path().join("missing.jpg");
    assert!(matches!(sniff(&missing), Err(PhotoError::Io { .. })));
    let error = read(&missing, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("missing.jpg"), "{error}");
}

#[test]
fn a_tiff_that_starts_with_a_preview_is_refused() {
    let mut bytes = fs::read(fixture("grey.tif")).unwrap();
    // Pillow's first directory has no such tag, so that of the image's width (256) gives its place: NewSubfileType,
    // one LONG, reduced resolution.
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes(
        bytes[directory..directory + 2].try_into().unwrap(),
    ));
    let entries = bytes[directory + 2..directory + 2 + 12 * count].to_vec();
    let moved = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&moved.to_le_bytes());
    bytes.extend((count as u16 + 1).to_le_bytes());
    bytes.extend([254, 0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    bytes.extend(entries);
    bytes.extend([0; 4]);
    let error = decode(&bytes, &Limits::default()).unwrap_err();
    assert!(
        matches!(&error, DecodeError::Unsupported { reason, .. } if reason.contains("preview")),
        "{error}"
    );
}
