use super::round::{decimals, multiples, round_step};
use std::f32::consts::TAU;

/// How values become colours: lighter or darker steadily, and told apart by colour-blind eyes too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourMap {
    /// From blue through no colour at zero to orange, for values that lie around it: place -1 to 1.
    Diverging,
    /// From pale yellow to dark blue, for values that run one way: place 0 to 1.
    Sequential,
}

impl ColourMap {
    /// The colour of a place as sRGB; on a dark ground the middle (or the low end) is dark and the ends are light.
    pub fn colour(self, place: f32, dark: bool) -> [u8; 3] {
        match self {
            Self::Diverging => {
                let place = place.clamp(-1.0, 1.0);
                let strength = place.abs();
                // Blue and orange differ for every common kind of colour blindness.
                let hue = if place < 0.0 { 0.70 } else { 0.155 };
                let lightness = if dark {
                    0.29 + 0.53 * strength
                } else {
                    0.965 - 0.47 * strength
                };
                rgb(lightness, 0.15 * strength.powf(0.8), hue)
            }
            Self::Sequential => {
                let place = place.clamp(0.0, 1.0);
                let lightness = if dark {
                    0.29 + 0.62 * place
                } else {
                    0.965 - 0.62 * place
                };
                let hue = if dark {
                    0.72 - 0.44 * place
                } else {
                    0.28 + 0.44 * place
                };
                rgb(lightness, 0.05 + 0.08 * (place * TAU / 2.0).sin(), hue)
            }
        }
    }
}

/// Perceived lightness and chroma and a hue in turns to sRGB, by Ottosson 2020, "A perceptual color space for image
/// processing" (OKLab).
fn rgb(lightness: f32, chroma: f32, hue: f32) -> [u8; 3] {
    let (a, b) = (chroma * (hue * TAU).cos(), chroma * (hue * TAU).sin());
    let long = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let middle = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let short = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    let linear = [
        4.076_741_7 * long - 3.307_711_6 * middle + 0.230_969_94 * short,
        -1.268_438 * long + 2.609_757_4 * middle - 0.341_319_38 * short,
        -0.004_196_086_3 * long - 0.703_418_6 * middle + 1.707_614_7 * short,
    ];
    linear.map(|part| {
        let part = part.clamp(0.0, 1.0);
        let shown = if part <= 0.003_130_8 {
            12.92 * part
        } else {
            1.055 * part.powf(1.0 / 2.4) - 0.055
        };
        (shown * 255.0).round() as u8
    })
}

/// The ends of a figure's scale and what colours stand for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColourScale {
    /// The kind of colours.
    pub map: ColourMap,
    /// The lowest value.
    pub low: f32,
    /// The highest.
    pub high: f32,
}

impl ColourScale {
    /// Covers all finite `values`; a diverging one reaches equally far both ways from zero.
    pub fn over<'a>(map: ColourMap, values: impl Iterator<Item = &'a f32>) -> Self {
        let finite = values.copied().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (low, high) = if low > high { (0.0, 0.0) } else { (low, high) };
        let (low, high) = match map {
            ColourMap::Diverging => {
                let far = high.abs().max(low.abs());
                (-far, far)
            }
            ColourMap::Sequential => (low, high),
        };
        if high - low > f32::EPSILON {
            return Self { map, low, high };
        }
        Self {
            map,
            low: low - 0.5,
            high: high + 0.5,
        }
    }

    /// The colour of a value.
    pub fn colour(&self, value: f32, dark: bool) -> [u8; 3] {
        let along = (value - self.low) / (self.high - self.low);
        match self.map {
            ColourMap::Diverging => self.map.colour(along * 2.0 - 1.0, dark),
            ColourMap::Sequential => self.map.colour(along, dark),
        }
    }

    /// About `marks` round values on the scale, and how they are written.
    pub fn marks(&self, marks: usize) -> Vec<(f32, String)> {
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        let step = round_step(high - low, marks.max(1) as f64);
        let digits = decimals(step);
        multiples(step, low, high)
            .map(|mark| (mark as f32, format!("{mark:.digits$}")))
            .collect()
    }
}
