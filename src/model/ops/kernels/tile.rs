//! The innermost loops: one tile of a product in vector registers. The only unsafe code of the library; `main.rs` has one
//! line more, which sets an environment variable before any thread could read it.
//!
//! [`Tile::run`] checks every size and the processor before a kernel, which trusts both, sees a pointer.
#![allow(
    unsafe_code,
    reason = "vector instructions on pointers: many times faster than what the compiler makes of slices"
)]

use super::matrix::last_index;
use super::{Element, Isa};

/// Columns of an AVX-512 tile.
pub(super) const WIDE: usize = 32;
/// Rows of an AVX-512 tile: 24 of the 32 registers hold sums.
pub(super) const WIDE_ROWS: usize = 12;
/// Columns of the tiles of AVX2 and of plain code.
pub(super) const NARROW: usize = 16;
/// Rows of them: 12 of the 16 registers hold sums.
pub(super) const NARROW_ROWS: usize = 6;

/// One tile of `c = a b (+ bias) (+ c)`.
pub struct Tile<'a, T> {
    /// Steps along the inner dimension.
    pub(super) inner: usize,
    /// From the tile's first value on.
    pub(super) a: &'a [T],
    /// From one row of `a` to the next.
    pub(super) row_stride: usize,
    /// From one step of `a` to the next.
    pub(super) step_stride: usize,
    /// A packed panel, `[inner, panel]`.
    pub(super) b: &'a [T],
    /// From the tile's first value on.
    pub(super) c: &'a mut [f32],
    /// From one row of `c` to the next.
    pub(super) c_stride: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// `[columns]`, added to every row.
    pub(super) bias: Option<&'a [f32]>,
    /// Whether what stands in `c` is added.
    pub(super) add: bool,
}

/// A vector kernel; it may be called where the processor has its instructions and the tile lies within its slices.
pub type Kernel<T> = unsafe fn(&mut Tile<T>);

impl<T: Element> Tile<'_, T> {
    /// Computes the tile.
    ///
    /// # Panics
    /// If the sizes do not fit together, or the processor does not have these instructions.
    pub(super) fn run(mut self, isa: Isa) {
        assert!(
            (1..=isa.tile_rows()).contains(&self.rows)
                && (1..=isa.panel()).contains(&self.columns)
                && self.inner > 0
                && isa <= Isa::best(),
            "a tile of a size that has a kernel"
        );
        let last_a = last_index([self.rows, self.inner], [self.row_stride, self.step_stride]);
        let last_c = last_index([self.rows, self.columns], [self.c_stride, 1]);
        assert!(
            self.inner.checked_mul(isa.panel()) == Some(self.b.len())
                && last_a.is_some_and(|last| last < self.a.len())
                && last_c.is_some_and(|last| last < self.c.len())
                && self.bias.is_none_or(|bias| bias.len() == self.columns),
            "a tile within its matrices"
        );
        match T::kernel(isa) {
            // SAFETY: both was checked.
            Some(kernel) => unsafe { kernel(&mut self) },
            None => self.plain(isa.panel()),
        }
    }

    /// The same in plain code.
    fn plain(&mut self, panel: usize) {
        let mut sums = [[0f32; WIDE]; WIDE_ROWS];
        for (step, b) in self.b.chunks_exact(panel).enumerate() {
            for (row, sums) in sums.iter_mut().enumerate().take(self.rows) {
                let a = self.a[row * self.row_stride + step * self.step_stride];
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = a.multiply_add(*b, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate().take(self.rows) {
            self.store(row, sums);
        }
    }

    /// Writes the first sums of a row.
    #[inline(always)]
    fn store(&mut self, row: usize, sums: &[f32]) {
        let start = row * self.c_stride;
        let c = &mut self.c[start..start + self.columns];
        for (column, (c, sum)) in c.iter_mut().zip(sums).enumerate() {
            let bias = self.bias.map_or(0.0, |bias| bias[column]);
            let before = if self.add { *c } else { 0.0 };
            *c = sum + bias + before;
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use super::{NARROW, Tile, WIDE};
    use std::arch::x86_64::*;

    /// Calls `$kernel::<ROWS>` for the number of rows at hand.
    macro_rules! by_rows {
        ($kernel:ident, $tile:expr, $($rows:literal)*) => {
            match $tile.rows {
                $($rows => $kernel::<$rows>($tile),)*
                _ => {}
            }
        };
    }

    /// # Safety
    /// As [`super::Kernel`]; AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn avx512(tile: &mut Tile<f32>) {
        // SAFETY: as this function.
        unsafe { by_rows!(avx512_rows, tile, 1 2 3 4 5 6 7 8 9 10 11 12) }
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_rows<const ROWS: usize>(tile: &mut Tile<f32>) {
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        let (mut a, mut b) = (tile.a.as_ptr(), tile.b.as_ptr());
        let (row_stride, step_stride) = (tile.row_stride, tile.step_stride);
        for _ in 0..tile.inner {
            // SAFETY: row `ROWS - 1` and step `inner - 1` lie within `a`, and a panel has `WIDE` values a step. The
            // pointers move past the end after the last step at most, and are not read there.
            unsafe {
                let (b0, b1) = (_mm512_loadu_ps(b), _mm512_loadu_ps(b.add(16)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = _mm512_set1_ps(*a.add(row * row_stride));
                    sums[0] = _mm512_fmadd_ps(value, b0, sums[0]);
                    sums[1] = _mm512_fmadd_ps(value, b1, sums[1]);
                }
            }
            a = a.wrapping_add(step_stride);
            b = b.wrapping_add(WIDE);
        }
        // SAFETY: as this function.
        unsafe { store(sums, tile) }
    }

    /// # Safety
    /// As [`super::Kernel`]; AVX-512F and AVX512-BF16.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub unsafe fn avx512_bf16(tile: &mut Tile<[u16; 2]>) {
        // SAFETY: as this function.
        unsafe { by_rows!(avx512_bf16_rows, tile, 1 2 3 4 5 6 7 8 9 10 11 12) }
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn avx512_bf16_rows<const ROWS: usize>(tile: &mut Tile<[u16; 2]>) {
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        let (mut a, mut b) = (tile.a.as_ptr(), tile.b.as_ptr());
        let (row_stride, step_stride) = (tile.row_stride, tile.step_stride);
        for _ in 0..tile.inner {
            // SAFETY: as in `avx512_rows`; a pair is 32 bits, and any bits are a vector.
            unsafe {
                let b0: __m512bh = std::mem::transmute(_mm512_loadu_ps(b.cast()));
                let b1: __m512bh = std::mem::transmute(_mm512_loadu_ps(b.add(16).cast()));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let pair = a.add(row * row_stride).cast::<i32>().read_unaligned();
                    let pair: __m512bh = std::mem::transmute(_mm512_set1_epi32(pair));
                    sums[0] = _mm512_dpbf16_ps(sums[0], pair, b0);
                    sums[1] = _mm512_dpbf16_ps(sums[1], pair, b1);
                }
            }
            a = a.wrapping_add(step_stride);
            b = b.wrapping_add(WIDE);
        }
        // SAFETY: as this function.
        unsafe { store(sums, tile) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn store<T, const ROWS: usize>(sums: [[__m512; 2]; ROWS], tile: &mut Tile<T>) {
        let mask = u32::MAX >> (WIDE - tile.columns);
        for half in 0..2 {
            let mask = (mask >> (16 * half)) as __mmask16;
            let bias = match tile.bias {
                // SAFETY: masked lanes are not read, and the others are within `columns`.
                Some(bias) => unsafe {
                    _mm512_maskz_loadu_ps(mask, bias.as_ptr().wrapping_add(16 * half))
                },
                None => _mm512_setzero_ps(),
            };
            for (row, sums) in sums.iter().enumerate() {
                let mut sum = _mm512_add_ps(sums[half], bias);
                let c = tile
                    .c
                    .as_mut_ptr()
                    .wrapping_add(row * tile.c_stride + 16 * half);
                // SAFETY: masked lanes are neither read nor written, and the others are within `rows` and `columns`.
                unsafe {
                    if tile.add {
                        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, c));
                    }
                    if mask == __mmask16::MAX {
                        _mm512_storeu_ps(c, sum);
                    } else {
                        _mm512_mask_storeu_ps(c, mask, sum);
                    }
                }
            }
        }
    }

    /// # Safety
    /// As [`super::Kernel`]; AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn avx2(tile: &mut Tile<f32>) {
        // SAFETY: as this function.
        unsafe { by_rows!(avx2_rows, tile, 1 2 3 4 5 6) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_rows<const ROWS: usize>(tile: &mut Tile<f32>) {
        let mut sums = [[_mm256_setzero_ps(); 2]; ROWS];
        let (mut a, mut b) = (tile.a.as_ptr(), tile.b.as_ptr());
        let (row_stride, step_stride) = (tile.row_stride, tile.step_stride);
        for _ in 0..tile.inner {
            // SAFETY: as in `avx512_rows`, with `NARROW` values a step.
            unsafe {
                let (b0, b1) = (_mm256_loadu_ps(b), _mm256_loadu_ps(b.add(8)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = _mm256_set1_ps(*a.add(row * row_stride));
                    sums[0] = _mm256_fmadd_ps(value, b0, sums[0]);
                    sums[1] = _mm256_fmadd_ps(value, b1, sums[1]);
                }
            }
            a = a.wrapping_add(step_stride);
            b = b.wrapping_add(NARROW);
        }
        for (row, [low, high]) in sums.into_iter().enumerate() {
            let mut line = [0f32; NARROW];
            // SAFETY: `line` has room for both.
            unsafe {
                _mm256_storeu_ps(line.as_mut_ptr(), low);
                _mm256_storeu_ps(line.as_mut_ptr().add(8), high);
            }
            tile.store(row, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stride of which three are 1 in a `usize`.
    const WRAPPING: usize = usize::MAX / 3 * 2 + 1;

    /// Runs four rows of one step and one column.
    fn run([row_stride, c_stride]: [usize; 2]) {
        let isa = Isa::Portable;
        let tile = Tile {
            inner: 1,
            a: &[1f32; 8],
            row_stride,
            step_stride: 1,
            b: &vec![1.0; isa.panel()],
            c: &mut [0.0; 8],
            c_stride,
            rows: 4,
            columns: 1,
            bias: None,
            add: false,
        };
        tile.run(isa);
    }

    #[test]
    fn a_tile_within_its_matrices_is_computed() {
        run([2, 2]);
    }

    #[test]
    #[should_panic(expected = "a tile within its matrices")]
    fn rows_whose_stride_wraps_are_refused() {
        run([WRAPPING, 2]);
    }

    #[test]
    #[should_panic(expected = "a tile within its matrices")]
    fn results_whose_stride_wraps_are_refused() {
        run([2, WRAPPING]);
    }
}
