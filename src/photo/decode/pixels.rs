//! Every pixel layout to 8-bit RGB.

use image::{DynamicImage, Rgb, RgbImage, Rgba};

/// `image` as 8-bit RGB: grey repeated, 16-bit and float rounded, alpha laid over white.
pub(super) fn to_rgb(image: DynamicImage) -> RgbImage {
    match image {
        DynamicImage::ImageRgb8(rgb) => rgb,
        DynamicImage::ImageRgb32F(float) => {
            RgbImage::from_fn(float.width(), float.height(), |x, y| {
                Rgb(float.get_pixel(x, y).0.map(from_unit))
            })
        }
        DynamicImage::ImageRgba32F(float) => {
            RgbImage::from_fn(float.width(), float.height(), |x, y| {
                over_white(Rgba(float.get_pixel(x, y).0.map(from_unit)))
            })
        }
        other if other.color().has_alpha() => {
            let rgba = other.into_rgba8();
            let mut rgb = RgbImage::new(rgba.width(), rgba.height());
            for (opaque, pixel) in rgb.pixels_mut().zip(rgba.pixels()) {
                *opaque = over_white(*pixel);
            }
            rgb
        }
        other => other.into_rgb8(),
    }
}

/// A sample of 0 to 1 (clamped; not-a-number is black) as 0 to 255.
pub(super) fn from_unit(sample: f32) -> u8 {
    (sample.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// Straight alpha over a white page.
pub(super) fn over_white(Rgba([r, g, b, alpha]): Rgba<u8>) -> Rgb<u8> {
    let alpha = u32::from(alpha);
    Rgb([r, g, b]
        .map(|sample| ((u32::from(sample) * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
}

/// Four inks (0 none, 255 full) as light, without a colour profile: each ink and black swallow their share.
pub(super) fn cmyk_to_rgb([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    [c, m, y].map(|ink| ((u32::from(255 - ink) * u32::from(255 - k) + 127) / 255) as u8)
}

/// Brightness and two colour differences (JPEG's full-range ITU-R BT.601) to RGB.
pub(super) fn ycbcr_to_rgb(pixel: [u8; 3]) -> [u8; 3] {
    let [y, cb, cr] = pixel.map(f32::from);
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
    .map(|light| light.round().clamp(0.0, 255.0) as u8)
}
