//! Dot products and 8-bit codes in the widest vector instructions that the processor at hand has.

use pulp::{Arch, Simd, WithSimd};

/// Sums are gathered in so many lanes, which the compiler turns into vector registers.
const LANES: usize = 16;

/// The dot products of `query [e]` with rows `[n, e]`, into `out [n]`, each summed in a fixed order.
pub(super) fn dots(query: &[f32], rows: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(Floats { query, rows, out });
}

/// The dot products of `query [e]` with rows of 8-bit numbers `[n, e]`, into `out [n]`; exact as long as none passes
/// 32 bits.
pub(super) fn coded_dots(query: &[i16], rows: &[i8], out: &mut [i32]) {
    Arch::new().dispatch(Coded { query, rows, out });
}

/// Dot product of two rows of 8-bit numbers.
pub(super) fn code_dot(a: &[i8], b: &[i8]) -> i32 {
    Arch::new().dispatch(Codes { a, b })
}

/// The squared length of `row [e]` and its largest value by size; where a value is no number, the length is none.
pub(super) fn extent(row: &[f32]) -> (f64, f32) {
    Arch::new().dispatch(Extent { row })
}

/// The codes of `row [e]` in steps of `scale`, into `codes [e]`; gives the squared length of what they leave over.
pub(super) fn code(row: &[f32], scale: f32, codes: &mut [i8]) -> f64 {
    Arch::new().dispatch(Coding { row, scale, codes })
}

/// Dot product in f64.
pub(super) fn precise_dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(x, y)| f64::from(*x) * f64::from(*y))
        .sum()
}

struct Floats<'a> {
    query: &'a [f32],
    rows: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Floats<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.rows.chunks_exact(self.query.len().max(1));
        for (out, row) in self.out.iter_mut().zip(rows) {
            let (parts_a, parts_b) = (self.query.chunks_exact(LANES), row.chunks_exact(LANES));
            let rest = parts_a.remainder().iter().zip(parts_b.remainder());
            let rest: f32 = rest.map(|(x, y)| x * y).sum();
            let mut sums = [0.0f32; LANES];
            for (part_a, part_b) in parts_a.zip(parts_b) {
                for lane in 0..LANES {
                    sums[lane] += part_a[lane] * part_b[lane];
                }
            }
            *out = sums.iter().sum::<f32>() + rest;
        }
    }
}

struct Coded<'a> {
    query: &'a [i16],
    rows: &'a [i8],
    out: &'a mut [i32],
}

impl WithSimd for Coded<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.rows.chunks_exact(self.query.len().max(1));
        for (out, row) in self.out.iter_mut().zip(rows) {
            let pairs = self.query.iter().zip(row);
            *out = pairs.map(|(q, c)| i32::from(*q) * i32::from(*c)).sum();
        }
    }
}

struct Codes<'a> {
    a: &'a [i8],
    b: &'a [i8],
}

impl WithSimd for Codes<'_> {
    type Output = i32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> i32 {
        let pairs = self.a.iter().zip(self.b);
        pairs.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    }
}

struct Extent<'a> {
    row: &'a [f32],
}

impl WithSimd for Extent<'_> {
    type Output = (f64, f32);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (f64, f32) {
        let (mut squares, mut largest) = ([0.0f64; LANES], [0.0f32; LANES]);
        let (parts, rest) = self.row.as_chunks::<LANES>();
        for part in parts {
            for lane in 0..LANES {
                squares[lane] += f64::from(part[lane]) * f64::from(part[lane]);
                largest[lane] = largest[lane].max(part[lane].abs());
            }
        }
        for (lane, value) in rest.iter().enumerate() {
            squares[lane] += f64::from(*value) * f64::from(*value);
            largest[lane] = largest[lane].max(value.abs());
        }
        (
            squares.iter().sum(),
            largest.into_iter().fold(0.0, f32::max),
        )
    }
}

struct Coding<'a> {
    row: &'a [f32],
    scale: f32,
    codes: &'a mut [i8],
}

impl WithSimd for Coding<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let inverse = 1.0 / self.scale;
        for (code, value) in self.codes.iter_mut().zip(self.row) {
            *code = (value * inverse).round_ties_even() as i8;
        }
        let (values, values_rest) = self.row.as_chunks::<LANES>();
        let (codes, codes_rest) = self.codes.as_chunks::<LANES>();
        let over = |value: f32, code: i8| {
            let over = f64::from(value) - f64::from(code) * f64::from(self.scale);
            over * over
        };
        let mut sums = [0.0f64; LANES];
        for (values, codes) in values.iter().zip(codes) {
            for lane in 0..LANES {
                sums[lane] += over(values[lane], codes[lane]);
            }
        }
        let rest = values_rest.iter().zip(codes_rest);
        sums.iter().sum::<f64>() + rest.map(|(v, c)| over(*v, *c)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_widths_are_summed_to_their_end() {
        for width in [1, 3, 16, 33, 128] {
            let value = |at: usize| (at * 7 % 11) as f32 - 5.0;
            let (query, row): (Vec<f32>, Vec<f32>) =
                (0..width).map(|at| (value(at), value(at + 3))).unzip();
            let expected = precise_dot(&query, &row);
            let mut out = [0.0; 2];
            dots(&query, &row.repeat(2), &mut out);
            assert_eq!(out.map(f64::from), [expected; 2]);
            let coded: Vec<i16> = query.iter().map(|value| *value as i16).collect();
            let codes: Vec<i8> = row.iter().map(|value| *value as i8).collect();
            let mut out = [0; 2];
            coded_dots(&coded, &codes.repeat(2), &mut out);
            assert_eq!(out.map(f64::from), [expected; 2]);
            assert_eq!(f64::from(code_dot(&codes, &codes)), precise_dot(&row, &row));
        }
    }
}
