//! Pictures for tests: the golden photos, and drawn ones that all differ.

use image::{Rgb, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};

/// The golden photos.
pub const GOLDEN: [&str; 5] = [
    "astronaut.png",
    "camera_grey.png",
    "chelsea.png",
    "coffee.png",
    "rocket.png",
];

/// The path of a golden photo.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/photos")
        .join(name)
}

/// Copies a golden photo to `path`, making its folder.
pub fn copy(name: &str, path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(golden(name), path).unwrap();
}

/// Draws rings in colours that depend on `seed` and saves them at `path`, whose ending names the format.
pub fn draw(path: &Path, seed: u32, side_px: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let wave = |value: u32, phase: u32| ((value * (3 + seed % 5) + phase * 37) % 256) as u8;
    let picture = RgbImage::from_fn(side_px, side_px * 3 / 4, |x, y| {
        let far = (x.abs_diff(seed * 17 % side_px) + y.abs_diff(seed * 29 % side_px)) / 2;
        Rgb([wave(far, seed), wave(far + x, seed * 2), wave(y, seed * 3)])
    });
    picture.save(path).unwrap();
}
