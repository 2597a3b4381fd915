//! HEIC, AVIF and the rarer formats give the drawn picture too.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, RgbImage};
use puma::photo::{DecodeError, Format, Limits, broken_promise, decode, header, read, sniff};

use super::drawn::{self, assert_shows, difference, fixture};
use crate::pictures;

#[test]
fn avif() {
    assert_shows("rgb_444.avif", &drawn::rgb(), 3.0, 30);
    assert_shows("rgb_420.avif", &drawn::rgb(), 3.5, 40);
    assert_shows("limited_422.avif", &drawn::rgb(), 3.5, 40);
    assert_shows("bt_709_422.avif", &drawn::rgb(), 3.5, 40);
    assert_shows("deep_10bit_709.avif", &drawn::rgb(), 3.5, 40);
    assert_shows("deep_12bit_2020.avif", &drawn::rgb(), 3.0, 30);
    assert_shows("planes_of_rgb.avif", &drawn::rgb(), 3.0, 30);
    assert_shows("grey.avif", &drawn::grey(), 2.0, 20);
    assert_shows("rgba.avif", &drawn::rgba(), 4.0, 40);
    assert_shows("premultiplied.avif", &drawn::rgba(), 4.0, 40);
}

#[test]
fn heic() {
    assert_shows("rgb_444.heic", &drawn::rgb(), 3.0, 30);
    assert_shows("rgb_420.heic", &drawn::rgb(), 3.5, 40);
    assert_shows("grey.heic", &drawn::grey(), 2.0, 20);
    assert_shows("rgba.heic", &drawn::rgba(), 4.0, 40);
}

#[test]
fn pictures_in_boxes_are_turned_once() {
    for name in [
        "orientation_5.avif",
        "orientation_6.avif",
        "orientation_5.heic",
        "orientation_6.heic",
    ] {
        assert_shows(name, &drawn::rgb(), 3.5, 40);
        let header = header(&fixture(name)).unwrap();
        assert_eq!(
            header.size_px,
            Some((drawn::WIDTH, drawn::HEIGHT)),
            "{name}"
        );
        let taken = jiff::civil::date(2019, 5, 3).at(12, 1, 59, 0);
        assert_eq!(header.taken.is_some(), name.ends_with("heic"), "{name}");
        assert!(header.taken.is_none_or(|found| found == taken));
    }
}

#[test]
fn a_photo_as_heic_looks_like_itself() {
    let photo = read(&pictures::golden("chelsea.png"), &Limits::default()).unwrap();
    let options = heifer::EncodeOptions {
        quality: 90,
        ..heifer::EncodeOptions::default()
    };
    let heic =
        heifer::encode_rgb8(photo.width(), photo.height(), photo.as_raw(), &options).unwrap();
    let (mean, _) = difference(&decode(&heic, &Limits::default()).unwrap(), &photo);
    assert!(mean < 3.0, "{mean}");
    let few = Limits {
        max_pixels: 1000,
        ..Limits::default()
    };
    let error = decode(&heic, &few).unwrap_err();
    assert!(
        matches!(error, DecodeError::TooManyPixels { .. }),
        "{error}"
    );
}

#[test]
fn formats_without_loss() {
    assert_shows("rgb.qoi", &drawn::rgb(), 0.0, 0);
    assert_shows("rgba.qoi", &drawn::rgba(), 0.0, 0);
    assert_shows("rgb.tga", &drawn::rgb(), 0.0, 0);
    assert_shows("rgba_rle.tga", &drawn::rgba(), 0.0, 0);
    assert_shows("grey.tga", &drawn::grey(), 0.0, 0);
    assert_shows("palette.tga", &drawn::tiles(), 0.0, 0);
    assert_shows("rgb.ppm", &drawn::rgb(), 0.0, 0);
    assert_shows("grey.pgm", &drawn::grey(), 0.0, 0);
    assert_shows("bilevel.pbm", &drawn::bilevel(), 0.0, 0);
    assert_eq!(Format::of_name("tga"), sniff(&fixture("rgb.tga")).unwrap());
}

#[test]
fn the_largest_picture_of_an_icon_counts() {
    let icon = drawn::decoded("icon.ico");
    let drawn = drawn::rgb();
    let expected = RgbImage::from_fn(64, 64, |x, y| *drawn.get_pixel(x / 2, y / 2));
    assert_eq!(icon, expected);
}

#[test]
fn light_that_fits_a_screen_is_shown_as_it_is() {
    let drawn = drawn::rgb();
    let linear = |sample: u8| {
        let level = f32::from(sample) / 255.0;
        if level <= 0.040_45 {
            level / 12.92
        } else {
            ((level + 0.055) / 1.055).powf(2.4)
        }
    };
    let light = image::Rgb32FImage::from_fn(drawn.width(), drawn.height(), |x, y| {
        image::Rgb(drawn.get_pixel(x, y).0.map(linear))
    });
    // Radiance HDR shares one exponent among three colours.
    for (format, mean_limit, largest_limit) in
        [(ImageFormat::OpenExr, 0.0, 0), (ImageFormat::Hdr, 1.0, 25)]
    {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::ImageRgb32F(light.clone())
            .write_to(&mut file, format)
            .unwrap();
        let shown = decode(file.get_ref(), &Limits::default()).unwrap();
        let (mean, largest) = difference(&shown, &drawn);
        assert!(
            mean <= mean_limit && largest <= largest_limit,
            "{format:?}: {mean} {largest}"
        );
    }
    // A hundred times as bright, it is tone mapped: neither white nor black, and in the same order.
    let bright = image::Rgb32FImage::from_fn(drawn.width(), drawn.height(), |x, y| {
        image::Rgb(light.get_pixel(x, y).0.map(|sample| 100.0 * sample))
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageRgb32F(bright)
        .write_to(&mut file, ImageFormat::OpenExr)
        .unwrap();
    let shown = decode(file.get_ref(), &Limits::default()).unwrap();
    let greens: Vec<u8> = (0..drawn.height())
        .map(|y| shown.get_pixel(20, y).0[1])
        .collect();
    assert!(greens.is_sorted(), "{greens:?}");
    assert!((60..200).contains(&greens[30]), "{greens:?}");
}

#[test]
fn every_fixture_is_known_and_has_its_size_in_its_header() {
    for name in drawn::fixtures() {
        let ending = name.rsplit('.').next().unwrap();
        let path = fixture(&name);
        assert_eq!(sniff(&path).unwrap(), Format::of_ending(ending), "{name}");
        let picture = read(&path, &Limits::default()).unwrap();
        let header = header(&path).unwrap();
        // Headers are read by the book, in which WebP's EXIF has no prefix.
        if !name.contains("prefixed") {
            assert_eq!(header.size_px, Some(picture.dimensions()), "{name}");
        }
    }
}

#[test]
fn what_is_not_read_is_named() {
    let reason = |name| broken_promise(Path::new(name));
    assert!(reason("logo.svg").unwrap().starts_with("SVG is not read"));
    assert!(reason("a.heic").unwrap().contains("holds none"));
    assert_eq!(reason("a.txt"), None);
}
