//! Products of any sizes, strides and arrangements by every kernel of the processor, the program's only unsafe code:
//! nothing outside the result is read or written, and all kernels agree with plain code.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use puma::kernels::{Element, Into, Isa, Matrix, Packed, Pair, product};

#[derive(Debug, arbitrary::Arbitrary)]
struct Case {
    rows: u8,
    inner: u8,
    columns: u8,
    /// Values between the rows of the left-hand side, and of the result.
    gaps: [u8; 2],
    left_transposed: bool,
    right_transposed: bool,
    bias: bool,
    add: bool,
    seed: u32,
}

impl Case {
    /// So many values between -1 and 1, exactly as many as are asked for: a step beyond them is noticed.
    fn values(&self, count: usize, stream: u32) -> Vec<f32> {
        let mut state = self.seed ^ stream.wrapping_mul(0x9e37_79b9) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as i32 as f32 / i32::MAX as f32
        };
        (0..count).map(|_| next()).collect()
    }

    /// The result by one kind of instructions, with what lies between its rows.
    fn by<T: Element>(&self, isa: Isa) -> Vec<f32> {
        let (m, k, n) = (
            self.rows as usize,
            self.inner as usize,
            self.columns as usize,
        );
        let [left_gap, gap] = self.gaps.map(usize::from);
        let right = self.values(k * n, 1);
        let right = match self.right_transposed {
            true => Matrix::new(&right, n, k, k).transposed(),
            false => Matrix::new(&right, k, n, n),
        };
        let mut packed = Packed::<T>::empty_for(isa);
        T::pack(right, &mut packed);
        let steps = packed.inner();
        let transposed = self.left_transposed && T::VALUES == 1;
        let (lines, width) = if transposed { (steps, m) } else { (m, steps) };
        let stride = width + left_gap;
        let length = (lines * stride).saturating_sub(left_gap);
        let values = self.values(length * T::VALUES, 2);
        let mut left = vec![T::default(); length];
        for (element, values) in left.chunks_mut(1).zip(values.chunks(T::VALUES)) {
            T::write(values, element);
        }
        let left = Matrix::new(&left, lines, width, stride);
        let left = if transposed { left.transposed() } else { left };
        let bias = self.values(n, 3);
        let stride = n + gap;
        let mut out = self.values((m * stride).saturating_sub(gap), 4);
        let into = Into {
            values: &mut out,
            stride,
            bias: self.bias.then_some(&bias),
            add: self.add,
        };
        product(left, &packed, into);
        out
    }

    fn agrees<T: Element>(&self) {
        let plain = self.by::<T>(Isa::Portable);
        for isa in Isa::all() {
            for (value, plain) in self.by::<T>(isa).iter().zip(&plain) {
                assert!(
                    (value - plain).abs() < 1e-3,
                    "{isa:?}: {value}, {plain} in {self:?}"
                );
            }
        }
    }
}

fuzz_target!(|case: Case| {
    case.agrees::<f32>();
    case.agrees::<Pair>();
});
