//! Photos and embeddings to be measured with: made from a seed, the same each time.

use image::{Rgb, RgbImage};
use mozjpeg::{ColorSpace, Compress};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use std::io;

/// Sides of a photo's patches in pixels, large ones first, and how much they differ in light.
const PATCHES: [(f32, f32); 5] = [
    (700.0, 60.0),
    (180.0, 40.0),
    (45.0, 20.0),
    (12.0, 20.0),
    (3.0, 20.0),
];
/// The noise of a sensor at its strongest.
const NOISE: i8 = 4;
/// Quality of a JPEG, as cameras have it.
const QUALITY: f32 = 92.0;
/// Embeddings that one generator makes.
const CHUNK: usize = 4096;

/// A picture with detail of all sizes and the noise of a sensor, which takes about as many bytes as a photo does.
pub fn photo(width_px: u32, height_px: u32, seed: u64) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let layers: Vec<Layer> = PATCHES
        .iter()
        .map(|&(side_px, strength)| Layer::new(width_px, height_px, side_px, strength, &mut rng))
        .collect();
    let mut photo = RgbImage::new(width_px, height_px);
    let line = 3 * width_px.max(1) as usize;
    photo
        .par_chunks_mut(line)
        .enumerate()
        .for_each(|(y, line)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(1 + y as u64);
            for (x, pixel) in line.chunks_exact_mut(3).enumerate() {
                let mut light = [128.0; 3];
                for layer in &layers {
                    layer.add(x as f32, y as f32, &mut light);
                }
                for (value, light) in pixel.iter_mut().zip(light) {
                    *value = (light as u8).saturating_add_signed(rng.random_range(-NOISE..=NOISE));
                }
            }
        });
    photo
}

/// A photo as most cameras write it: JPEG of quality 92, its colours at half the size (4:2:0).
///
/// # Errors
/// The encoder cannot write it.
///
/// # Panics
/// If the photo has no pixels, or a side that JPEG has no number for: above 65,500.
pub fn jpeg(photo: &RgbImage) -> io::Result<Vec<u8>> {
    let mut jpeg = Compress::new(ColorSpace::JCS_RGB);
    jpeg.set_size(photo.width() as usize, photo.height() as usize);
    // What libjpeg writes, instead of a search for fewer bytes.
    jpeg.set_fastest_defaults();
    jpeg.set_quality(QUALITY);
    jpeg.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
    let mut started = jpeg.start_compress(Vec::new())?;
    started.write_scanlines(photo.as_raw())?;
    started.finish()
}

/// Patches of one size.
struct Layer {
    side_px: f32,
    across: usize,
    /// The corners' light in three colours, row by row.
    corners: Vec<[f32; 3]>,
}

impl Layer {
    fn new(width: u32, height: u32, side_px: f32, strength: f32, rng: &mut ChaCha8Rng) -> Layer {
        let corners = |side: u32| (side as f32 / side_px) as usize + 2;
        let (across, down) = (corners(width), corners(height));
        let light = |rng: &mut ChaCha8Rng| {
            let grey: f32 = rng.random_range(-strength..strength);
            [0.0; 3].map(|_: f32| grey + rng.random_range(-0.3..0.3) * strength)
        };
        Layer {
            side_px,
            across,
            corners: (0..across * down).map(|_| light(rng)).collect(),
        }
    }

    /// Adds the light at a pixel, which lies between four corners.
    fn add(&self, x: f32, y: f32, light: &mut [f32; 3]) {
        let (x, y) = (x / self.side_px, y / self.side_px);
        let corner = y as usize * self.across + x as usize;
        let (right, down) = (x.fract(), y.fract());
        let at = |place: usize, colour: usize| self.corners[place][colour];
        for (colour, light) in light.iter_mut().enumerate() {
            let above = at(corner, colour) * (1.0 - right) + at(corner + 1, colour) * right;
            let below = corner + self.across;
            let below = at(below, colour) * (1.0 - right) + at(below + 1, colour) * right;
            *light += above * (1.0 - down) + below * down;
        }
    }
}

/// `count` squares of noise, as the model takes them.
pub fn crops(count: usize, side_px: u32) -> Vec<RgbImage> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    (0..count)
        .map(|_| RgbImage::from_fn(side_px, side_px, |_, _| Rgb(rng.random())))
        .collect()
}

/// L2-normalised embeddings `[count, width]`, row by row, scattered about `classes` centres: row `n` belongs to class
/// `n % classes`, and lies `spread` times as far from its centre as that from the origin.
///
/// Two of a class have a score of about `1 / (1 + spread^2)`.
pub fn embeddings(count: usize, width: usize, classes: usize, spread: f32, seed: u64) -> Vec<f32> {
    let classes = classes.max(1);
    let drawn = |stream: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        rng.sample_iter::<f32, _>(StandardNormal)
    };
    let centres: Vec<f32> = drawn(0).take(classes * width).collect();
    let mut values = vec![0.0; count * width];
    let chunks = values.par_chunks_mut((CHUNK * width).max(1));
    chunks.enumerate().for_each(|(chunk, rows)| {
        let mut noise = drawn(1 + chunk as u64);
        for (row, values) in rows.chunks_exact_mut(width.max(1)).enumerate() {
            let class = (chunk * CHUNK + row) % classes;
            let centre = &centres[class * width..][..width];
            for ((value, centre), noise) in values.iter_mut().zip(centre).zip(&mut noise) {
                *value = centre + spread * noise;
            }
            let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
            values.iter_mut().for_each(|value| *value /= length);
        }
    });
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_has_detail_and_is_the_same_each_time() {
        let made = photo(120, 80, 5);
        assert_eq!(made.dimensions(), (120, 80));
        assert_eq!(made, photo(120, 80, 5));
        assert_ne!(made, photo(120, 80, 6));
        let (least, most) = (made.iter().min(), made.iter().max());
        assert!(most.unwrap() - least.unwrap() > 60, "{least:?} {most:?}");
    }

    #[test]
    fn a_jpeg_is_one_of_a_camera() {
        let photo = photo(96, 64, 5);
        let bytes = jpeg(&photo).unwrap();
        let decoded = image::load_from_memory(&bytes).unwrap().into_rgb8();
        let off = |(one, other): (&u8, &u8)| f64::from(one.abs_diff(*other));
        let off = decoded.iter().zip(photo.iter()).map(off).sum::<f64>() / photo.len() as f64;
        assert!(off < 8.0, "{off}");
        // The frame of a baseline JPEG: light in twice as many samples each way as the two colours.
        let frame = bytes.windows(2).position(|mark| mark == [0xff, 0xc0]);
        let samples = &bytes[frame.unwrap() + 11..];
        assert_eq!([samples[0], samples[3], samples[6]], [0x22, 0x11, 0x11]);
    }

    #[test]
    fn embeddings_lie_about_their_centres_and_are_the_same_each_time() {
        let (count, width, classes) = (CHUNK + 100, 16, 50);
        let made = embeddings(count, width, classes, 0.5, 3);
        assert_eq!(made, embeddings(count, width, classes, 0.5, 3));
        let row = |row: usize| &made[row * width..][..width];
        let score = |a, b| row(a).iter().zip(row(b)).map(|(a, b)| a * b).sum::<f32>();
        assert!((score(CHUNK + 7, CHUNK + 7) - 1.0).abs() < 1e-5);
        let pairs = CHUNK..count;
        let mean = |step| {
            let scores = pairs.clone().map(|one| score(one, one - step));
            scores.sum::<f32>() / pairs.len() as f32
        };
        // 1 / (1 + 0.5^2)
        assert!((mean(classes) - 0.8).abs() < 0.05, "{}", mean(classes));
        assert!(mean(1).abs() < 0.1, "{}", mean(1));
    }
}
