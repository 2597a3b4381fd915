//! A part of a picture.

use image::RgbImage;

/// A rectangle of an upright picture, in parts of its width and height: `0, 0, 1, 1` is all of it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Region {
    /// Left edge, 0 to 1.
    pub x: f32,
    /// Upper edge, 0 to 1.
    pub y: f32,
    /// Width, 0 to 1.
    pub width: f32,
    /// Height, 0 to 1.
    pub height: f32,
}

impl Region {
    /// The whole picture.
    pub const WHOLE: Region = Region {
        x: 0.0,
        y: 0.0,
        width: 1.0,
        height: 1.0,
    };

    /// The rectangle with these opposite corners `[x, y]`, whichever they are, cut off at the picture's edges.
    pub fn between(a: [f32; 2], b: [f32; 2]) -> Region {
        let [a, b] = [a, b].map(|corner| corner.map(|part| part.clamp(0.0, 1.0)));
        let (x, y) = (a[0].min(b[0]), a[1].min(b[1]));
        Region {
            x,
            y,
            width: a[0].max(b[0]) - x,
            height: a[1].max(b[1]) - y,
        }
    }

    /// Whether it leaves nothing out that could be seen.
    pub fn is_whole(&self) -> bool {
        self.width > 0.999 && self.height > 0.999
    }

    /// That part of `image`, at least one pixel of it.
    pub fn cut(&self, image: &RgbImage) -> RgbImage {
        let span = |start: f32, length: f32, side: u32| {
            let at = |part: f32| (f64::from(part.clamp(0.0, 1.0)) * f64::from(side)).round() as u32;
            let from = at(start).min(side.saturating_sub(1));
            (
                from,
                at(start + length).clamp(from + 1, side.max(from + 1)) - from,
            )
        };
        let (x, width) = span(self.x, self.width, image.width());
        let (y, height) = span(self.y, self.height, image.height());
        image::imageops::crop_imm(image, x, y, width, height).to_image()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_cut_out_and_never_empty() {
        let image = RgbImage::from_fn(100, 50, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let part = Region::between([0.7, 0.8], [0.2, 0.4]).cut(&image);
        assert_eq!(part.dimensions(), (50, 20));
        assert_eq!(part.get_pixel(0, 0).0, [20, 20, 0]);
        let corner = Region::between([1.0, 1.0], [3.0, 1.0]).cut(&image);
        assert_eq!(corner.dimensions(), (1, 1));
        assert_eq!(Region::WHOLE.cut(&image), image);
        assert!(Region::WHOLE.is_whole());
    }
}
