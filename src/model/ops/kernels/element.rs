use super::tile::Kernel;
use super::{Isa, Matrix, Packed};
use std::fmt::Debug;

/// Two bf16 values that stand next to each other along the inner dimension.
pub type Pair = [u16; 2];

/// What matrices are made of.
pub trait Element: Copy + Default + Debug + Send + Sync + 'static {
    /// Values of the inner dimension in one element.
    const VALUES: usize;

    /// `sum + a b`.
    fn multiply_add(self, b: Self, sum: f32) -> f32;

    /// The vector kernel of these instructions, if there is one.
    #[doc(hidden)]
    fn kernel(isa: Isa) -> Option<Kernel<Self>>;

    /// Writes a row of values as elements; what is left over of them becomes zero.
    fn write(values: &[f32], elements: &mut [Self]);

    /// Rows of `width` values as elements: the values themselves, or what is written into `buffer`.
    fn rows<'a>(values: &'a [f32], width: usize, buffer: &'a mut Vec<Self>) -> &'a [Self];

    /// Packs a matrix into memory that may have held another.
    fn pack(matrix: Matrix<f32>, packed: &mut Packed<Self>);
}

impl Element for f32 {
    const VALUES: usize = 1;

    #[inline(always)]
    fn write(values: &[f32], elements: &mut [Self]) {
        let (filled, rest) = elements.split_at_mut(values.len());
        filled.copy_from_slice(values);
        rest.fill(0.0);
    }

    fn rows<'a>(values: &'a [f32], _: usize, _: &'a mut Vec<Self>) -> &'a [Self] {
        values
    }

    fn pack(matrix: Matrix<f32>, packed: &mut Packed<Self>) {
        packed.fill(matrix);
    }

    #[inline(always)]
    fn multiply_add(self, b: Self, sum: f32) -> f32 {
        sum + self * b
    }

    #[cfg(target_arch = "x86_64")]
    fn kernel(isa: Isa) -> Option<Kernel<Self>> {
        use super::tile::x86;
        match isa {
            Isa::Portable => None,
            Isa::Avx2 => Some(x86::avx2),
            Isa::Avx512 | Isa::Avx512Bf16 => Some(x86::avx512),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn kernel(_: Isa) -> Option<Kernel<Self>> {
        None
    }
}

impl Element for Pair {
    const VALUES: usize = 2;

    #[inline(always)]
    fn write(values: &[f32], elements: &mut [Self]) {
        let halves = elements.as_flattened_mut();
        let (filled, rest) = halves.split_at_mut(values.len());
        for (half, value) in filled.iter_mut().zip(values) {
            *half = narrow(*value);
        }
        rest.fill(0);
    }

    fn rows<'a>(values: &'a [f32], width: usize, buffer: &'a mut Vec<Self>) -> &'a [Self] {
        let length = width.div_ceil(2);
        buffer.resize(values.len() / width.max(1) * length, Self::default());
        let rows = values.chunks_exact(width.max(1));
        for (row, elements) in rows.zip(buffer.chunks_exact_mut(length.max(1))) {
            Self::write(row, elements);
        }
        buffer
    }

    fn pack(matrix: Matrix<f32>, packed: &mut Packed<Self>) {
        packed.fill_rounded(matrix);
    }

    #[inline(always)]
    fn multiply_add(self, b: Self, sum: f32) -> f32 {
        sum + widen(self[0]) * widen(b[0]) + widen(self[1]) * widen(b[1])
    }

    #[cfg(target_arch = "x86_64")]
    fn kernel(isa: Isa) -> Option<Kernel<Self>> {
        (isa == Isa::Avx512Bf16).then_some(super::tile::x86::avx512_bf16 as Kernel<Self>)
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn kernel(_: Isa) -> Option<Kernel<Self>> {
        None
    }
}

#[inline(always)]
fn widen(bf16: u16) -> f32 {
    f32::from_bits(u32::from(bf16) << 16)
}

/// The nearest bf16, ties to even.
#[inline(always)]
pub(super) fn narrow(value: f32) -> u16 {
    let bits = value.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}
