//! The one preprocessing against torchvision's bytes (`tests/golden/preprocess_expected.safetensors`, method.md).

use std::path::{Path, PathBuf};

use image::RgbImage;
use puma::photo::{Limits, evaluation_crop, read, resized_crop};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// Mean and largest difference of two pictures' samples.
fn difference(a: &[u8], b: &[u8]) -> (f64, u8) {
    assert_eq!(a.len(), b.len());
    let each = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = each.clone().map(u64::from).sum();
    (sum as f64 / a.len() as f64, each.max().unwrap())
}

#[test]
fn evaluation_crop_gives_torchvisions_pixels() {
    let file = std::fs::read(golden("preprocess_expected.safetensors")).unwrap();
    let expected = safetensors::SafeTensors::deserialize(&file).unwrap();
    assert_eq!(expected.len(), 5);
    for (name, tensor) in expected.tensors() {
        let photo = read(&golden(&format!("photos/{name}.png")), &Limits::default()).unwrap();
        let crop = evaluation_crop(&photo, 224);
        assert_eq!(crop.dimensions(), (224, 224));
        let (mean, largest) = difference(crop.as_raw(), tensor.data());
        println!("{name}: mean {mean:.4}, largest {largest}");
        assert!(
            mean <= 0.5 && largest <= 4,
            "{name}: mean {mean}, largest {largest}"
        );
    }
}

/// The expected bytes and how they came about: a straightforward bicubic filter (a = -0.5) in floating point.
fn slow_resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    image::imageops::resize(
        image,
        width,
        height,
        image::imageops::FilterType::CatmullRom,
    )
}

#[test]
fn resized_crop_sees_its_rectangle_alone() {
    let photo = read(&golden("photos/chelsea.png"), &Limits::default()).unwrap();
    for (x, y, width, height, size) in [
        (10, 20, 200, 150, 64),
        (0, 0, 451, 300, 224),
        (100, 50, 60, 80, 224),
    ] {
        let cut = image::imageops::crop_imm(&photo, x, y, width, height).to_image();
        let (mean, largest) = difference(
            resized_crop(&photo, x, y, width, height, size).as_raw(),
            slow_resize(&cut, size, size).as_raw(),
        );
        assert!(
            mean < 0.6 && largest <= 4,
            "{width}x{height}: mean {mean}, largest {largest}"
        );
    }
}

#[test]
fn rectangles_beyond_the_edge_are_cut_off() {
    let photo = read(&golden("photos/rocket.png"), &Limits::default()).unwrap();
    let (width, height) = photo.dimensions();
    assert_eq!(
        resized_crop(&photo, width - 100, height - 50, 1000, 1000, 32),
        resized_crop(&photo, width - 100, height - 50, 100, 50, 32)
    );
    assert_eq!(
        resized_crop(&photo, 5000, 5000, 0, 0, 32).dimensions(),
        (32, 32)
    );
    assert_eq!(
        resized_crop(&RgbImage::new(0, 0), 0, 0, 10, 10, 32).dimensions(),
        (32, 32)
    );
}

#[test]
fn odd_shapes_give_a_square() {
    for (width, height) in [
        (1, 1),
        (1, 5000),
        (200_000, 2),
        (223, 225),
        (257, 259),
        (63, 64),
    ] {
        for size in [1, 64, 73, 224] {
            let image = RgbImage::from_pixel(width, height, image::Rgb([10, 200, 90]));
            let crop = evaluation_crop(&image, size);
            assert_eq!(crop.dimensions(), (size, size));
            assert!(
                crop.pixels().all(|pixel| pixel.0 == [10, 200, 90]),
                "{width}x{height} at {size}"
            );
        }
    }
}

/// torchvision rounds a half to the even neighbour: of 257 x 259 pixels at this scale the crop starts at (16, 18).
#[test]
fn the_centre_is_rounded_as_torchvision_does() {
    let image = RgbImage::from_fn(256, 259, |x, y| image::Rgb([x as u8, (y % 256) as u8, 0]));
    let crop = evaluation_crop(&image, 224);
    // (259 - 224) / 2 = 17.5 becomes 18.
    assert_eq!(crop.get_pixel(0, 0).0, [16, 18, 0]);
    let image = RgbImage::from_fn(256, 257, |x, y| image::Rgb([x as u8, (y % 256) as u8, 0]));
    // (257 - 224) / 2 = 16.5 becomes 16.
    assert_eq!(evaluation_crop(&image, 224).get_pixel(0, 0).0, [16, 16, 0]);
}
