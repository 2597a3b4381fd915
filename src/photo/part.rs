//! Parts of a picture at the size at which they are looked at.

use super::crop::{resize, view};
use image::RgbImage;

/// A rectangle of a picture in its own pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Part {
    /// All of a picture of that size.
    pub fn all(width: u32, height: u32) -> Part {
        Part {
            x: 0.0,
            y: 0.0,
            width: f64::from(width),
            height: f64::from(height),
        }
    }

    /// What of it lies inside of a picture of that size, at least one pixel.
    pub fn within(self, width: u32, height: u32) -> Part {
        let (right, bottom) = (f64::from(width), f64::from(height));
        let x = self.x.clamp(0.0, (right - 1.0).max(0.0));
        let y = self.y.clamp(0.0, (bottom - 1.0).max(0.0));
        Part {
            x,
            y,
            width: (self.x + self.width - x).clamp(1.0, (right - x).max(1.0)),
            height: (self.y + self.height - y).clamp(1.0, (bottom - y).max(1.0)),
        }
    }
}

/// `part` of `image`, scaled down to fit into `most_px` (width, height); never enlarged.
pub fn part(image: &RgbImage, part: Part, most_px: [u32; 2]) -> RgbImage {
    let part = part.within(image.width(), image.height());
    let [most_width, most_height] = most_px.map(|side| f64::from(side.max(1)));
    let scale = (most_width / part.width)
        .min(most_height / part.height)
        .min(1.0);
    let side = |length: f64| (length * scale).round().max(1.0) as u32;
    let (width, height) = (side(part.width), side(part.height));
    view(image)
        .and_then(|pixels| {
            let (across, down) = ((part.x, part.width), (part.y, part.height));
            resize(&pixels, across, down, width, height)
        })
        .unwrap_or_else(|| RgbImage::new(width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_and_only_made_smaller() {
        let image = RgbImage::from_fn(200, 100, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let whole = part(&image, Part::all(200, 100), [100, 100]);
        assert_eq!(whole.dimensions(), (100, 50));
        let small = part(&image, Part::all(200, 100), [4000, 4000]);
        assert_eq!(small.dimensions(), (200, 100));
        let cut = Part {
            x: 50.0,
            y: 20.0,
            width: 30.0,
            height: 10.0,
        };
        let found = part(&image, cut, [100, 100]);
        assert_eq!(found.dimensions(), (30, 10));
        assert_eq!(found.get_pixel(0, 0).0, [50, 20, 0]);
        assert_eq!(found.get_pixel(29, 9).0, [79, 29, 0]);
        let outside = Part {
            x: -10.0,
            y: 95.0,
            width: 500.0,
            height: 50.0,
        };
        assert_eq!(part(&image, outside, [400, 400]).dimensions(), (200, 5));
    }
}
