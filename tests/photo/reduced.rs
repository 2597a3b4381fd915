//! Large JPEGs that come out of their decoder reduced: how large, how alike, and that indexing and questions agree.

use candle_core::Device;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use puma::model::Puma;
use puma::photo::{Enough, Limits, Reader, evaluation_crop, read, read_for};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A photo of a camera's size: a mosaic of real photos with the noise of a sensor, so that it has detail everywhere.
fn large(folder: &Path, width: u32, height: u32, first: usize) -> PathBuf {
    let names = ["astronaut", "chelsea", "coffee", "rocket"];
    let tiles: Vec<RgbImage> = (0..4)
        .map(|place| {
            let name = names[(first + place) % 4];
            let tile = image::open(format!("tests/golden/photos/{name}.png")).unwrap();
            // One of them fills the picture, the others are small: what is looked at has detail of all sizes.
            let side = if place == 0 { height } else { height / 5 };
            tile.resize_to_fill(side, side, image::imageops::FilterType::CatmullRom)
                .to_rgb8()
        })
        .collect();
    let mut noise = 12345u32;
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let tile = match (x / (height / 5), y / (height / 5)) {
            (1, 1) => Some(1),
            (3, 2) => Some(2),
            (2, 4) => Some(3),
            _ => None,
        };
        let pixel = match tile {
            Some(tile) => tiles[tile].get_pixel(x % (height / 5), y % (height / 5)),
            None => tiles[0].get_pixel(x % height, y),
        };
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (noise >> 28) as i16 - 8;
        Rgb(pixel
            .0
            .map(|value| (i16::from(value) + grain).clamp(0, 255) as u8))
    });
    let path = folder.join(format!("{first}-{width}x{height}.jpg"));
    let mut file = fs::File::create(&path).unwrap();
    JpegEncoder::new_with_quality(&mut file, 92)
        .encode_image(&picture)
        .unwrap();
    path
}

#[test]
fn a_large_jpeg_comes_out_as_small_as_is_enough() {
    let folder = TempDir::new().unwrap();
    let path = large(folder.path(), 2400, 1800, 0);
    let limits = Limits::default();
    let size = |enough| read_for(&path, enough, &limits).unwrap().dimensions();
    assert_eq!(size(Enough::for_crop(224)), (1200, 900));
    assert_eq!(size(Enough::for_copy(256)), (600, 450));
    assert_eq!(read(&path, &limits).unwrap().dimensions(), (2400, 1800));
    // Another format has no such way.
    let png = folder.path().join("same.png");
    read(&path, &limits).unwrap().save(&png).unwrap();
    let whole = read_for(&png, Enough::for_copy(256), &limits).unwrap();
    assert_eq!(whole.dimensions(), (2400, 1800));
}

#[test]
fn the_model_hardly_sees_the_difference() {
    let folder = TempDir::new().unwrap();
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    for first in 0..4 {
        let path = large(folder.path(), 3200, 2400, first);
        let limits = Limits::default();
        let crops = [
            evaluation_crop(&read(&path, &limits).unwrap(), 224),
            evaluation_crop(
                &read_for(&path, Enough::for_crop(224), &limits).unwrap(),
                224,
            ),
        ];
        assert_ne!(crops[0], crops[1], "it was reduced");
        let embedded = puma.embed(&crops).unwrap();
        let pairs = embedded[0].embedding.iter().zip(&embedded[1].embedding);
        let cosine: f32 = pairs.map(|(a, b)| a * b).sum();
        println!("cosine {cosine:.5}");
        assert!(cosine >= 0.998, "{first}: {cosine}");
    }
}

#[test]
fn a_question_sees_what_indexing_saw() {
    let folder = TempDir::new().unwrap();
    let path = large(folder.path(), 2400, 1800, 1);
    let reader = Reader::here(Limits::default());
    let indexed = reader.crop(&path, 224, None).unwrap();
    let asked = reader.look(&path, 224, 640).unwrap();
    assert_eq!(indexed, asked.crop);
    assert_eq!(asked.small.dimensions(), (640, 480));
}
