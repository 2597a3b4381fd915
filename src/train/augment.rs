use crate::photo;
use image::RgbImage;
use image::imageops::flip_horizontal_in_place;
use rand::Rng;

/// Widest and narrowest aspect of a crop, width over height.
const ASPECT: (f64, f64) = (3.0 / 4.0, 4.0 / 3.0);
/// Draws before the largest centred crop is taken instead.
const DRAWS: usize = 10;

/// A random resized crop of `size_px` pixels a side, flipped half the time.
///
/// The crop's area is uniform between `smallest_area` and 1 of the photo's, its aspect log-uniform between 3/4 and
/// 4/3 (Szegedy et al. 2015, in torchvision's form).
pub fn random_resized_crop(
    photo: &RgbImage,
    size_px: u32,
    smallest_area: f64,
    rng: &mut impl Rng,
) -> RgbImage {
    let (x, y, width, height) = draw(photo.dimensions(), smallest_area, rng);
    let mut crop = photo::resized_crop(photo, x, y, width, height, size_px);
    if rng.random::<bool>() {
        flip_horizontal_in_place(&mut crop);
    }
    crop
}

/// Left, top, width and height of a crop of a photo of `dimensions`.
fn draw(dimensions: (u32, u32), smallest_area: f64, rng: &mut impl Rng) -> (u32, u32, u32, u32) {
    let (full_width, full_height) = dimensions;
    let area = f64::from(full_width) * f64::from(full_height);
    for _ in 0..DRAWS {
        let part = area * rng.random_range(smallest_area..=1.0);
        let aspect = rng.random_range(ASPECT.0.ln()..=ASPECT.1.ln()).exp();
        let width = (part * aspect).sqrt().round() as u32;
        let height = (part / aspect).sqrt().round() as u32;
        if (1..=full_width).contains(&width) && (1..=full_height).contains(&height) {
            let x = rng.random_range(0..=full_width - width);
            let y = rng.random_range(0..=full_height - height);
            return (x, y, width, height);
        }
    }
    let ratio = f64::from(full_width) / f64::from(full_height);
    let width = full_width.min((f64::from(full_height) * ASPECT.1).round() as u32);
    let height = full_height.min((f64::from(full_width) / ASPECT.0).round() as u32);
    let (width, height) = if ratio < ASPECT.0 {
        (full_width, height)
    } else if ratio > ASPECT.1 {
        (width, full_height)
    } else {
        dimensions
    };
    (
        (full_width - width) / 2,
        (full_height - height) / 2,
        width.max(1),
        height.max(1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn crops_stay_inside_and_keep_area_and_aspect() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for dimensions in [(320, 240), (240, 320), (50, 900), (1, 1), (1000, 3)] {
            for _ in 0..500 {
                let (x, y, width, height) = draw(dimensions, 0.2, &mut rng);
                assert!(width > 0 && height > 0);
                assert!(x + width <= dimensions.0 && y + height <= dimensions.1);
                if dimensions == (320, 240) {
                    let part = f64::from(width * height) / (320.0 * 240.0);
                    let aspect = f64::from(width) / f64::from(height);
                    assert!((0.19..=1.0).contains(&part), "{part}");
                    assert!((0.73..=1.36).contains(&aspect), "{aspect}");
                }
            }
        }
    }
}
