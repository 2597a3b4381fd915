//! Vectors as 8-bit numbers: a quarter of the memory to read, and how far a score by them can be off.

use super::dots::{code, coded_dots, extent};

/// The largest code of a row.
const LARGEST: f32 = 127.0;
/// The largest code of a query, which is kept in 16 bits because widening the rows' codes gives that for nothing.
const LARGEST_ASKED: i32 = i16::MAX as i32;
/// Room for what f32 rounds away while a score and its bound are computed, as a part of the lengths' product.
const ROUNDING: f64 = 8.0 * f32::EPSILON as f64;
/// Vectors longer than this, or with steps smaller than that, are not coded: products of two would leave f32.
const LONGEST: f64 = 1e18;
const SMALLEST_STEP: f32 = 1e-18;

/// Rows of vectors as 8-bit numbers, each row with a scale of its own.
#[derive(Debug)]
pub(super) struct Codes {
    /// `[n, e]`, row by row.
    codes: Vec<i8>,
    /// What the codes of a row are multiplied by, `[n]`.
    scales: Vec<f32>,
    /// Length of the difference between a row and what its codes say, rounded up, `[n]`; infinite for rows that cannot
    /// be coded, such as those with values that are no numbers.
    errors: Vec<f32>,
    /// No row is longer, neither as it is nor as its codes say.
    longest: f64,
}

/// A query as 16-bit numbers.
pub(super) struct CodedQuery {
    codes: Vec<i16>,
    scale: f32,
    /// Its length.
    length: f64,
    /// Length of the difference between it and what its codes say.
    error: f64,
}

impl Codes {
    /// Codes `values [n, width]`.
    pub fn of(width: usize, values: &[f32]) -> Codes {
        let rows = values.len().checked_div(width).unwrap_or(0);
        let mut coded = Codes {
            codes: Vec::with_capacity(values.len()),
            scales: Vec::with_capacity(rows),
            errors: Vec::with_capacity(rows),
            longest: 0.0,
        };
        for row in values.chunks_exact(width.max(1)) {
            coded.push(row);
        }
        coded
    }

    fn push(&mut self, row: &[f32]) {
        let (square, largest) = extent(row);
        let (length, scale) = (square.sqrt(), largest / LARGEST);
        // Also of rows that cannot be coded, so that the bound of scores in f32 holds for them.
        if length.is_finite() {
            self.longest = self.longest.max(length);
        }
        let codable = length <= LONGEST && (scale >= SMALLEST_STEP || length == 0.0);
        if !codable {
            self.codes.resize(self.codes.len() + row.len(), 0);
            self.scales.push(0.0);
            self.errors.push(f32::INFINITY);
            return;
        }
        let from = self.codes.len();
        self.codes.resize(from + row.len(), 0);
        let error = match length {
            0.0 => 0.0,
            _ => code(row, scale, &mut self.codes[from..]).sqrt(),
        };
        self.scales.push(scale);
        self.errors.push(rounded_up(error));
        self.longest = self.longest.max(length + error);
    }

    /// The codes of one row `[e]` and their scale.
    pub fn row(&self, width: usize, row: usize) -> (&[i8], f32) {
        let codes = &self.codes[row * width..(row + 1) * width];
        (codes, self.scales[row])
    }

    /// A length that no row is beyond, neither as it is nor as its codes say.
    pub fn longest(&self) -> f64 {
        self.longest
    }

    /// The scores `[n]` of all rows by their codes.
    pub fn scores(&self, query: &CodedQuery, out: &mut [f32]) {
        const AT_ONCE: usize = 256;
        let width = query.codes.len();
        for (part, out) in out.chunks_mut(AT_ONCE).enumerate() {
            let first = part * AT_ONCE;
            let rows = &self.codes[first * width..(first + out.len()) * width];
            let mut sums = [0; AT_ONCE];
            coded_dots(&query.codes, rows, &mut sums[..out.len()]);
            let scales = &self.scales[first..first + out.len()];
            for ((score, sum), scale) in out.iter_mut().zip(sums).zip(scales) {
                *score = sum as f32 * (scale * query.scale);
            }
        }
    }

    /// How far the score of a row by its codes can be from the true one: by Cauchy and Schwarz the length of what each
    /// side lost times the length of the other.
    pub fn bounds<'a>(&'a self, query: &CodedQuery) -> impl Fn(usize) -> f32 + use<'a> {
        let length = rounded_up(query.length);
        let rest = query.error * self.longest + ROUNDING * query.length * self.longest;
        let rest = rounded_up(rest);
        move |row| {
            let error = self.errors[row];
            if error.is_finite() {
                length * error + rest
            } else {
                f32::INFINITY
            }
        }
    }
}

impl CodedQuery {
    /// Codes a query `[e]`; `None` for one with values that are no numbers, or too small or large to be coded.
    pub fn of(query: &[f32]) -> Option<CodedQuery> {
        let (square, largest) = extent(query);
        let length = square.sqrt();
        let width = i32::try_from(query.len().max(1)).ok()?;
        // So that no sum of products leaves 32 bits.
        let levels = (i32::MAX / (LARGEST as i32) / width).min(LARGEST_ASKED) as f32;
        let scale = largest / levels;
        if !(length <= LONGEST && levels >= LARGEST && scale >= SMALLEST_STEP) {
            return None;
        }
        let codes: Vec<i16> = query
            .iter()
            .map(|value| (value / scale).round() as i16)
            .collect();
        let left = query.iter().zip(&codes);
        let error = self::length(
            left.map(|(value, code)| f64::from(*value) - f64::from(*code) * f64::from(scale)),
        );
        Some(CodedQuery {
            codes,
            scale,
            length,
            error,
        })
    }
}

fn length(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// The f32 above.
fn rounded_up(value: f64) -> f32 {
    (value as f32).next_up()
}

#[cfg(test)]
mod tests {
    use super::super::dots::precise_dot;
    use super::*;
    use proptest::prelude::*;

    fn vector(width: usize) -> impl Strategy<Value = Vec<f32>> {
        let size = prop_oneof![Just(1.0f32), Just(1e-6), Just(1e6)];
        (size, proptest::collection::vec(-1.0f32..1.0, width))
            .prop_map(|(size, values)| values.iter().map(|value| value * size).collect())
    }

    fn check(query: &[f32], values: &[f32]) -> Result<(), TestCaseError> {
        let width = query.len();
        let codes = Codes::of(width, values);
        let Some(coded) = CodedQuery::of(query) else {
            return Ok(());
        };
        let rows = values.len() / width;
        let mut scores = vec![0.0; rows];
        codes.scores(&coded, &mut scores);
        let bound = codes.bounds(&coded);
        for row in 0..rows {
            let truth = precise_dot(query, &values[row * width..(row + 1) * width]);
            let off = (f64::from(scores[row]) - truth).abs();
            prop_assert!(off <= f64::from(bound(row)), "{off} > {}", bound(row));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn no_score_is_farther_off_than_its_bound(
            query in vector(40),
            rows in proptest::collection::vec(vector(40), 1..20),
        ) {
            check(&query, &rows.concat())?;
        }

        #[test]
        fn rows_of_extreme_values_keep_the_bound(
            query in vector(5),
            values in proptest::collection::vec(
                prop_oneof![
                    Just(0.0f32), Just(-0.0), Just(f32::MIN_POSITIVE), Just(1e-40), Just(f32::MAX), -1.0f32..1.0,
                ],
                5..50,
            ),
        ) {
            let whole = values.len() / 5 * 5;
            check(&query, &values[..whole])?;
        }
    }

    #[test]
    fn the_largest_sums_stay_in_32_bits() {
        for width in [1, 128, 768, 4096] {
            let codes = Codes::of(width, &vec![1.0; width]);
            let query = CodedQuery::of(&vec![1.0; width]).unwrap();
            let mut score = [0.0];
            codes.scores(&query, &mut score);
            let off = (f64::from(score[0]) - width as f64).abs();
            assert!(off <= f64::from(codes.bounds(&query)(0)), "{width} {off}");
        }
    }

    #[test]
    fn what_is_no_number_cannot_be_coded() {
        assert!(CodedQuery::of(&[f32::NAN, 1.0]).is_none());
        assert!(CodedQuery::of(&[0.0, 0.0]).is_none());
        let codes = Codes::of(2, &[f32::INFINITY, 0.0, 1.0, 0.0]);
        let query = CodedQuery::of(&[0.5, 0.5]).unwrap();
        let bound = codes.bounds(&query);
        assert_eq!(bound(0), f32::INFINITY);
        assert!(bound(1) < 1e-3);
    }
}
