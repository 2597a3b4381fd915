//! The samples of a TIFF page to RGB, for the kinds that the `image` crate leaves out.

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, RgbImage};
use tiff::ColorType;
use tiff::decoder::DecodingResult;
use tiff::tags::Tag;

use super::{Reader, Result, damaged, from_tiff, read, unsupported};
use crate::photo::decode::pixels::{from_unit, to_rgb, ycbcr_to_rgb};

/// What is known of the page before its samples are read.
pub(super) struct Page {
    pub width: u32,
    pub height: u32,
    pub colours: ColorType,
}

impl Page {
    /// One sample a byte, from rows in which samples of 1, 2 or 4 bits are packed; bytes stay as they are.
    pub(super) fn small_samples(&self, samples: DecodingResult) -> Result<Vec<u8>> {
        let (DecodingResult::U8(packed), bits @ (1 | 2 | 4 | 8)) =
            (samples, self.colours.bit_depth())
        else {
            return Err(unsupported("its samples"));
        };
        if bits == 8 {
            return Ok(packed);
        }
        let width = self.width as usize;
        let row_bytes = (width * usize::from(bits)).div_ceil(8);
        let mut samples = Vec::with_capacity(width * self.height as usize);
        for row in packed.chunks_exact(row_bytes.max(1)) {
            let row = row.iter().flat_map(|byte| {
                (0..8 / bits).map(move |at| (byte >> (8 - bits * (at + 1))) & (0xff >> (8 - bits)))
            });
            samples.extend(row.take(width));
        }
        Ok(samples)
    }

    /// Indices looked up in a TIFF colour map: all reds, all greens, all blues, 16 bits each.
    pub(super) fn coloured(&self, indices: &[u8], map: &[u16]) -> Result<RgbImage> {
        let entries = map.len() / 3;
        // Some writers store 8-bit values in the lower half; a map that never leaves it is such a one.
        let shift = if map.iter().all(|value| *value < 256) {
            0
        } else {
            8
        };
        let mut pixels = Vec::with_capacity(indices.len() * 3);
        for index in indices {
            let at = usize::from(*index);
            if at >= entries {
                return Err(damaged("a colour outside of its palette"));
            }
            pixels.extend([at, entries + at, 2 * entries + at].map(|at| (map[at] >> shift) as u8));
        }
        self.filled(RgbImage::from_raw(self.width, self.height, pixels))
    }

    /// Grey of two or four bits.
    pub(super) fn packed_grey(&self, samples: DecodingResult) -> Result<RgbImage> {
        let most = 0xff_u8 >> (8 - self.colours.bit_depth());
        let grey = self
            .small_samples(samples)?
            .into_iter()
            .map(|sample| sample * (255 / most))
            .collect();
        let grey = self.filled(GrayImage::from_raw(self.width, self.height, grey))?;
        Ok(to_rgb(DynamicImage::ImageLuma8(grey)))
    }

    /// Grey as floats from 0 to 1.
    pub(super) fn float_grey(&self, samples: DecodingResult) -> Result<RgbImage> {
        let DecodingResult::F32(samples) = samples else {
            return Err(unsupported("32-bit whole numbers"));
        };
        let grey = samples.into_iter().map(from_unit).collect();
        let grey = self.filled(GrayImage::from_raw(self.width, self.height, grey))?;
        Ok(to_rgb(DynamicImage::ImageLuma8(grey)))
    }

    /// Grey and alpha, 8 or 16 bits each.
    pub(super) fn grey_with_alpha(&self, samples: DecodingResult) -> Result<RgbImage> {
        let image = match samples {
            DecodingResult::U8(samples) => self
                .filled(GrayAlphaImage::from_raw(self.width, self.height, samples))?
                .into(),
            DecodingResult::U16(samples) => DynamicImage::ImageLumaA16(
                self.filled(ImageBuffer::from_raw(self.width, self.height, samples))?,
            ),
            _ => return Err(unsupported("its samples")),
        };
        Ok(to_rgb(image))
    }

    /// Brightness and colour differences, as JPEG compression leaves them.
    pub(super) fn ycbcr(&self, decoder: &mut Reader) -> Result<RgbImage> {
        // Inside JPEG strips the decoder undoes subsampling; in plain ones it is left in the samples.
        const JPEG: u16 = 7;
        let compression = decoder
            .find_tag_unsigned::<u16>(Tag::Compression)
            .map_err(from_tiff)?;
        // A missing tag means two by two.
        let subsampling = decoder
            .find_tag_unsigned_vec::<u16>(Tag::ChromaSubsampling)
            .ok()
            .flatten();
        if compression != Some(JPEG) && subsampling.as_deref() != Some(&[1, 1]) {
            return Err(unsupported("subsampled colours without JPEG compression"));
        }
        let DecodingResult::U8(mut pixels) = read(decoder)? else {
            return Err(unsupported("its samples"));
        };
        for pixel in pixels.as_chunks_mut().0 {
            *pixel = ycbcr_to_rgb(*pixel);
        }
        self.filled(RgbImage::from_raw(self.width, self.height, pixels))
    }

    /// The picture, unless there were too few samples for its size.
    fn filled<T>(&self, image: Option<T>) -> Result<T> {
        image.ok_or_else(|| damaged("fewer pixels than its size promises"))
    }
}
