//! The drawn picture of `fixtures/` (made by `fixtures/make.py`) and its variants, as formulas.

use std::path::{Path, PathBuf};

use image::RgbImage;
use puma::photo::{Limits, read};

pub const WIDTH: u32 = 64;
pub const HEIGHT: u32 = 48;

/// A file of `fixtures/`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/photo/fixtures")
        .join(name)
}

/// Every picture of `fixtures/`, by name.
pub fn fixtures() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(fixture(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "make.py")
        .collect();
    names.sort();
    assert!(names.len() > 50);
    names
}

/// The fixture, decoded.
pub fn decoded(name: &str) -> RgbImage {
    read(&fixture(name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn colour(x: u32, y: u32) -> [u8; 3] {
    [x * 255 / 63, y * 255 / 47, (x + y) * 255 / 110].map(|sample| sample as u8)
}

fn grey_level(x: u32, y: u32) -> u8 {
    colour(x, y)[2]
}

fn painted(pixel: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| image::Rgb(pixel(x, y)))
}

/// The colour gradient itself.
pub fn rgb() -> RgbImage {
    painted(colour)
}

/// Its blue as grey.
pub fn grey() -> RgbImage {
    painted(|x, y| [grey_level(x, y); 3])
}

/// Black and white.
pub fn bilevel() -> RgbImage {
    painted(|x, y| [if grey_level(x, y) > 127 { 255 } else { 0 }; 3])
}

/// Twelve flat tiles.
pub fn tiles() -> RgbImage {
    painted(|x, y| colour(x / 16 * 16 + 8, y / 16 * 16 + 8))
}

/// The tiles, the first one transparent.
pub fn tiles_with_a_hole() -> RgbImage {
    let tiles = tiles();
    painted(|x, y| {
        if x < 16 && y < 16 {
            [255; 3]
        } else {
            tiles.get_pixel(x, y).0
        }
    })
}

fn over_white(samples: [u8; 3], alpha: u8) -> [u8; 3] {
    samples.map(|sample| {
        let alpha = f64::from(alpha) / 255.0;
        (f64::from(sample) * alpha + 255.0 * (1.0 - alpha)).round() as u8
    })
}

/// The gradient, opaque at the right and transparent at the left, over white.
pub fn rgba() -> RgbImage {
    painted(|x, y| over_white(colour(x, y), colour(x, y)[0]))
}

/// The same of the grey one.
pub fn grey_alpha() -> RgbImage {
    painted(|x, y| over_white([grey_level(x, y); 3], colour(x, y)[0]))
}

/// Mean and largest difference of two pictures' samples.
pub fn difference(a: &RgbImage, b: &RgbImage) -> (f64, u8) {
    assert_eq!(a.dimensions(), b.dimensions());
    let each = a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = each.clone().map(u64::from).sum();
    (sum as f64 / a.len() as f64, each.max().unwrap())
}

/// Checks that the fixture shows `expected` up to a mean and a largest difference.
pub fn assert_shows(name: &str, expected: &RgbImage, mean_limit: f64, largest_limit: u8) {
    let (mean, largest) = difference(&decoded(name), expected);
    assert!(
        mean <= mean_limit && largest <= largest_limit,
        "{name}: mean difference {mean:.2}, largest {largest}"
    );
}
