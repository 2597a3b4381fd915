//! Large JPEGs that come out of their decoder reduced: how large, how alike, and that indexing and questions agree.

use candle_core::Device;
use image::{Rgb, RgbImage};
use mozjpeg::{ColorSpace, Compress};
use puma::model::Puma;
use puma::photo::{Enough, Limits, Reader, evaluation_crop, read, read_for};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How a JPEG is written.
#[derive(Clone, Copy, Debug)]
enum Written {
    /// Colours at half the size (4:2:0), as by most cameras.
    Halved,
    /// Colours at full size (4:4:4).
    Full,
    /// In passes (progressive), colours at half the size.
    InPasses,
}

fn jpeg(picture: &RgbImage, written: Written) -> Vec<u8> {
    let mut jpeg = Compress::new(ColorSpace::JCS_RGB);
    jpeg.set_size(picture.width() as usize, picture.height() as usize);
    jpeg.set_fastest_defaults();
    jpeg.set_quality(92.0);
    let colour_px = if matches!(written, Written::Full) {
        1
    } else {
        2
    };
    jpeg.set_chroma_sampling_pixel_sizes((colour_px, colour_px), (colour_px, colour_px));
    if matches!(written, Written::InPasses) {
        jpeg.set_progressive_mode();
    }
    let mut started = jpeg.start_compress(Vec::new()).unwrap();
    started.write_scanlines(picture.as_raw()).unwrap();
    started.finish().unwrap()
}

/// A photo of a camera's size: a mosaic of real photos with the noise of a sensor, so that it has detail everywhere.
fn large(folder: &Path, width: u32, height: u32, first: usize, written: Written) -> PathBuf {
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
    fs::write(&path, jpeg(&picture, written)).unwrap();
    path
}

#[test]
fn a_large_jpeg_comes_out_as_small_as_is_enough() {
    let folder = TempDir::new().unwrap();
    let path = large(folder.path(), 2400, 1800, 0, Written::Halved);
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
    let ways = [
        Written::Halved,
        Written::Full,
        Written::InPasses,
        Written::Halved,
    ];
    for (first, written) in ways.into_iter().enumerate() {
        let path = large(folder.path(), 3200, 2400, first, written);
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
        println!("{written:?}: cosine {cosine:.5}");
        assert!(cosine >= 0.998, "{first}, {written:?}: {cosine}");
    }
}

#[test]
fn a_question_sees_what_indexing_saw() {
    let folder = TempDir::new().unwrap();
    let path = large(folder.path(), 2400, 1800, 1, Written::Halved);
    let reader = Reader::here(Limits::default());
    let indexed = reader.crop(&path, 224, None).unwrap();
    let asked = reader.look(&path, 224, 640).unwrap();
    assert_eq!(indexed, asked.crop);
    assert_eq!(asked.small.dimensions(), (640, 480));
}
