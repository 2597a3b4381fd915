use super::tile::{NARROW, NARROW_ROWS, WIDE, WIDE_ROWS};
use std::sync::OnceLock;

/// The instructions that products are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What the compiler makes of plain code.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512.
    Avx512,
    /// AVX-512 with products of bf16.
    Avx512Bf16,
}

impl Isa {
    /// The best that this processor has.
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(Self::detect)
    }

    /// All that this processor has, the best last.
    pub fn all() -> Vec<Self> {
        let known = [Self::Portable, Self::Avx2, Self::Avx512, Self::Avx512Bf16];
        let best = Self::best();
        known.into_iter().filter(|isa| *isa <= best).collect()
    }

    #[cfg(target_arch = "x86_64")]
    fn detect() -> Self {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        match avx2 {
            true if !is_x86_feature_detected!("avx512f") => Self::Avx2,
            true if !is_x86_feature_detected!("avx512bf16") => Self::Avx512,
            true => Self::Avx512Bf16,
            false => Self::Portable,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect() -> Self {
        Self::Portable
    }

    /// Columns of a panel.
    pub(super) fn panel(self) -> usize {
        match self {
            Self::Portable | Self::Avx2 => NARROW,
            Self::Avx512 | Self::Avx512Bf16 => WIDE,
        }
    }

    /// Most rows of a tile.
    pub(super) fn tile_rows(self) -> usize {
        match self {
            Self::Portable | Self::Avx2 => NARROW_ROWS,
            Self::Avx512 | Self::Avx512Bf16 => WIDE_ROWS,
        }
    }
}
