//! How much one file may cost.

use super::DecodeError;

/// How much one file may cost, checked from its header before anything is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Most pixels (width times height) of a picture.
    pub max_pixels: u64,
    /// Most bytes of memory that decoding one picture may take, intermediate buffers included as far as known.
    pub max_bytes: u64,
    /// Longest file, in bytes, that is read at all.
    pub max_file_bytes: u64,
}

impl Default for Limits {
    /// Room for the 200-megapixel pictures of today's phones, which take 1.3 GB when they have to be turned upright.
    fn default() -> Limits {
        Limits {
            max_pixels: 205_000_000,
            max_bytes: 1 << 30,
            max_file_bytes: 512 << 20,
        }
    }
}

impl Limits {
    /// Checks a picture's header: its size in pixels and `bytes_per_pixel` of decoding memory.
    pub(super) fn check(
        &self,
        width: u32,
        height: u32,
        bytes_per_pixel: u64,
    ) -> Result<(), DecodeError> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.max_pixels {
            return Err(DecodeError::TooManyPixels {
                width,
                height,
                limit: self.max_pixels,
            });
        }
        let bytes = pixels.saturating_mul(bytes_per_pixel);
        if bytes > self.max_bytes {
            return Err(DecodeError::TooMuchMemory {
                bytes,
                limit: self.max_bytes,
            });
        }
        Ok(())
    }

    /// The memory limit in the words of the `image` crate.
    pub(super) fn for_image_crate(&self) -> image::Limits {
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(self.max_bytes);
        limits
    }
}
