//! Products of any sizes, strides and arrangements by every kernel of the processor, the library's only unsafe code:
//! nothing outside the result is read or written, all kernels agree with plain code, and strides that lead out of a slice
//! are refused, however large they are.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use puma::kernels::{Element, Into, Isa, Matrix, Packed, Pair, product};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

/// Gaps that there is memory for.
const SMALL: usize = 256;

#[derive(Debug, arbitrary::Arbitrary)]
struct Case {
    rows: u8,
    inner: u8,
    columns: u8,
    /// Values between the rows of the left-hand side, and of the result.
    gaps: [u8; 2],
    /// Gaps of any size, for slices that do not have them.
    wrong_gaps: [usize; 2],
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

impl Case {
    /// Rows that lie farther apart than their slice is long are no matrix, and no room for a product.
    fn refuses_gaps(&self) {
        let (m, n) = (self.rows as usize, self.columns as usize);
        if m < 2 || n == 0 {
            return;
        }
        let values = vec![0.0; m * (n + SMALL)];
        let [left, out] = self.wrong_gaps.map(|gap| n.saturating_add(gap));
        // The last row would begin behind the end, also where a `usize` does not hold its place.
        let leads_out = |stride: usize| stride.saturating_mul(m - 1) >= values.len();
        if leads_out(left) {
            let left = || {
                Matrix::new(&values, m, n, left);
            };
            assert!(refused(left), "{self:?}");
        }
        if leads_out(out) {
            let packed = Packed::new(Matrix::new(&values, 1, n, n));
            let mut room = values.clone();
            let into = Into {
                values: &mut room,
                stride: out,
                bias: None,
                add: false,
            };
            let left = Matrix::new(&values, m, 1, 1);
            assert!(refused(|| product(left, &packed, into)), "{self:?}");
        }
    }
}

/// Whether a call panics, without the fuzzer's hook, which would end the process.
fn refused(call: impl FnOnce()) -> bool {
    let hook = take_hook();
    set_hook(Box::new(|_| ()));
    let refused = catch_unwind(AssertUnwindSafe(call)).is_err();
    set_hook(hook);
    refused
}

fuzz_target!(|case: Case| {
    case.refuses_gaps();
    case.agrees::<f32>();
    case.agrees::<Pair>();
});
