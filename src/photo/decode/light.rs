//! Pictures that hold light as it is (Radiance HDR, OpenEXR, HEIC for bright screens), made fit for a screen.
//!
//! A picture that never exceeds white stays as it is. Any other is tone mapped by the global operator of Reinhard et al.,
//! "Photographic Tone Reproduction for Digital Images" (2002): its log-average brightness goes to 18 % grey, and
//! `L (1 + L / L_white^2) / (1 + L)` brings the brightest pixel to white. Then follows the curve of sRGB.

use std::io::Cursor;

use image::codecs::{hdr::HdrDecoder, openexr::OpenExrDecoder};
use image::{DynamicImage, ImageDecoder, RgbImage};

use super::others::from_image_crate;
use super::pixels::{from_unit, over_white};
use crate::photo::{DecodeError, Format, Limits};

/// The grey that the average brightness goes to.
const MIDDLE_GREY: f32 = 0.18;
/// Above this, light counts as this: files hold infinities.
const MOST_LIGHT: f32 = 1e6;

/// Decodes a Radiance HDR or an OpenEXR picture.
pub(super) fn decode(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<RgbImage, DecodeError> {
    let error = |error| from_image_crate(format, error);
    let reader = Cursor::new(bytes);
    let mut decoder: Box<dyn ImageDecoder> = match format {
        Format::Hdr => Box::new(HdrDecoder::new(reader).map_err(error)?),
        _ => Box::new(OpenExrDecoder::new(reader).map_err(error)?),
    };
    let (width, height) = decoder.dimensions();
    // The decoder's rows, its picture and the RGB made of it.
    let samples = u64::from(decoder.color_type().bytes_per_pixel());
    limits.check(width, height, 2 * samples + 3)?;
    decoder
        .set_limits(limits.for_image_crate())
        .map_err(error)?;
    let shown = match DynamicImage::from_decoder(decoder).map_err(error)? {
        DynamicImage::ImageRgba32F(image) => {
            with_alpha(width, height, image.into_raw().as_chunks::<4>().0)
        }
        other => shown(
            width,
            height,
            other.into_rgb32f().as_raw().as_chunks::<3>().0,
        ),
    };
    shown.ok_or_else(|| DecodeError::Damaged {
        format,
        reason: "its size and its pixels do not agree".to_owned(),
    })
}

/// Light of the primaries of sRGB (1 is white) as upright RGB; `None` when there are too few pixels.
pub(super) fn shown(width: u32, height: u32, light: &[[f32; 3]]) -> Option<RgbImage> {
    let curve = Curve::of(light.iter().copied());
    let pixels = light.iter().flat_map(|pixel| curve.shown(*pixel)).collect();
    RgbImage::from_raw(width, height, pixels)
}

/// The same of light that was multiplied by its alpha, as OpenEXR stores it, over white.
fn with_alpha(width: u32, height: u32, light: &[[f32; 4]]) -> Option<RgbImage> {
    let straight = |[r, g, b, alpha]: [f32; 4]| {
        let divisor = if alpha > 0.0 { alpha } else { 1.0 };
        [r, g, b].map(|sample| sample / divisor)
    };
    let curve = Curve::of(light.iter().map(|pixel| straight(*pixel)));
    let pixels = light
        .iter()
        .flat_map(|pixel| {
            let [r, g, b] = curve.shown(straight(*pixel));
            over_white(image::Rgba([r, g, b, from_unit(pixel[3])])).0
        })
        .collect();
    RgbImage::from_raw(width, height, pixels)
}

/// How light becomes brightness on a screen.
#[derive(Debug, PartialEq)]
enum Curve {
    /// As it is.
    Plain,
    /// By Reinhard's operator.
    Photographic {
        /// What light is multiplied with.
        exposure: f32,
        /// The brightest pixel after that.
        white: f32,
    },
}

impl Curve {
    /// The curve that fits these pixels.
    fn of(light: impl Iterator<Item = [f32; 3]>) -> Curve {
        let (mut largest, mut brightest) = (0.0_f32, 0.0_f32);
        let (mut logarithms, mut lit) = (0.0_f64, 0_u64);
        for pixel in light {
            let pixel = pixel.map(sound);
            largest = pixel.into_iter().fold(largest, f32::max);
            let brightness = brightness(pixel);
            brightest = brightest.max(brightness);
            if brightness > 0.0 {
                logarithms += f64::from(brightness).ln();
                lit += 1;
            }
        }
        // A little above white comes from rounding.
        if largest <= 1.001 || lit == 0 {
            return Curve::Plain;
        }
        let average = (logarithms / lit as f64).exp() as f32;
        let exposure = MIDDLE_GREY / average.max(f32::MIN_POSITIVE);
        Curve::Photographic {
            exposure,
            white: brightest * exposure,
        }
    }

    fn shown(&self, pixel: [f32; 3]) -> [u8; 3] {
        let pixel = pixel.map(sound);
        let factor = match self {
            Curve::Plain => 1.0,
            Curve::Photographic { exposure, white } => {
                let light = brightness(pixel) * exposure;
                exposure * (1.0 + light / (white * white)) / (1.0 + light)
            }
        };
        pixel.map(|sample| from_unit(srgb(sample * factor)))
    }
}

/// A sample without what is no number and without negative light.
fn sound(sample: f32) -> f32 {
    if sample.is_nan() {
        0.0
    } else {
        sample.clamp(0.0, MOST_LIGHT)
    }
}

/// Relative luminance of ITU-R BT.709, whose primaries are those of sRGB.
fn brightness([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The curve of sRGB (IEC 61966-2-1).
fn srgb(light: f32) -> f32 {
    if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_within_white_only_takes_the_curve_of_srgb() {
        let shown = shown(2, 2, &[[0.0; 3], [1.0; 3], [0.216; 3], [0.5, 0.0, 1.0]]).unwrap();
        let expected = [0, 0, 0, 255, 255, 255, 128, 128, 128, 188, 0, 255];
        assert_eq!(shown.as_raw(), &expected);
    }

    #[test]
    fn bright_light_is_brought_below_white_in_its_order() {
        let light: Vec<[f32; 3]> = (0..100).map(|step| [1.1_f32.powi(step); 3]).collect();
        let shown = shown(100, 1, &light).unwrap();
        let levels: Vec<u8> = shown.pixels().map(|pixel| pixel.0[0]).collect();
        assert!(
            levels.is_sorted() && levels[99] == 255 && levels[0] < 30,
            "{levels:?}"
        );
        // The geometric mean is shown as 18 % grey, compressed: 0.18 / 1.18 of light.
        assert!((100..115).contains(&levels[50]), "{}", levels[50]);
    }

    #[test]
    fn what_is_no_number_is_no_light() {
        let light = [[f32::NAN, f32::INFINITY, -1.0], [f32::NEG_INFINITY; 3]];
        let shown = shown(2, 1, &light).unwrap();
        assert_eq!(shown.get_pixel(0, 0).0[0], 0);
        assert_eq!(shown.get_pixel(0, 0).0[2], 0);
        assert!(shown.get_pixel(0, 0).0[1] > 200);
        assert_eq!(shown.get_pixel(1, 0).0, [0; 3]);
    }
}
