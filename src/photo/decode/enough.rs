/// How large a picture has to come out of its decoder for what is to be made of it; larger ones may come out reduced.
///
/// JPEG holds a picture in blocks of 8 by 8, of which a decoder can compute 4 by 4, 2 by 2 or 1 by 1 averages straight
/// away. That is antialiased and costs a fraction of decoding all of it and shrinking that; twice the size that is
/// needed is kept, so that the last step is the same careful one as ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enough {
    /// Least length of the shorter side in pixels.
    shorter_px: u32,
    /// Least length of the longer side in pixels.
    longest_px: u32,
}

/// How much larger than needed a picture comes out of its decoder at least.
const SPARE: u32 = 2;

impl Enough {
    /// For [`super::super::evaluation_crop`] of `size_px`.
    pub fn for_crop(size_px: u32) -> Self {
        Self {
            shorter_px: SPARE.saturating_mul(size_px.saturating_mul(256) / 224),
            longest_px: 0,
        }
    }

    /// For a copy with no side above `longest_px`.
    pub fn for_copy(longest_px: u32) -> Self {
        Self {
            shorter_px: 0,
            longest_px: SPARE.saturating_mul(longest_px),
        }
    }

    /// How many eighths of a side of `width` by `height` pixels are enough: 1, 2, 4 or all 8.
    pub(super) fn eighths(self, width: u32, height: u32) -> u8 {
        let (shorter, longest) = (width.min(height), width.max(height));
        let suffices = |eighths: u8| {
            let reduced = |side: u32| (u64::from(side) * u64::from(eighths)).div_ceil(8);
            reduced(shorter) >= u64::from(self.shorter_px)
                && reduced(longest) >= u64::from(self.longest_px)
        };
        [1, 2, 4]
            .into_iter()
            .find(|&eighths| suffices(eighths))
            .unwrap_or(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_reduced_as_far_as_twice_what_is_needed_is_left() {
        let crop = Enough::for_crop(224);
        assert_eq!(crop.eighths(4000, 3000), 2);
        assert_eq!(crop.eighths(3000, 4000), 2);
        assert_eq!(crop.eighths(8192, 4096), 1);
        assert_eq!(crop.eighths(1600, 1024), 4);
        assert_eq!(crop.eighths(1600, 1023), 4);
        assert_eq!(crop.eighths(1600, 1022), 8);
        assert_eq!(crop.eighths(100_000, 1), 8);
        assert_eq!(Enough::for_copy(320).eighths(4000, 3000), 2);
    }
}
