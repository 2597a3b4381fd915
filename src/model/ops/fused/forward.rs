use super::adapters::{Adapter, AdapterPair};
use super::{FusedBlock, Precision};
use crate::model::ops::attention::{KeysAndValues, QueryScratch, Sizes};
use crate::model::ops::gelu::{activate, activate_roughly};
use crate::model::ops::kernels::{Element, Into, Matrix, Packed, product};
use crate::model::ops::layer_norm::RowNorm;
use crate::model::ops::vector::{Sums, vectorised};
use candle_core::Result;

/// The buffers that rows of one picture pass through.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch<T> {
    normed: Vec<T>,
    mixed: Vec<f32>,
    elements: Vec<T>,
    values: Vec<f32>,
    query: QueryScratch<T>,
}

/// The rest of a block's forward pass, see [`FusedBlock::rest`].
pub(super) struct Rest<'a, T> {
    /// The rows' queries, keys and values, `[rows, 3 * d]`.
    pub qkv: &'a [f32],
    /// Those of all tokens.
    pub keys_and_values: &'a KeysAndValues<T>,
    /// All tokens of the picture.
    pub n: usize,
    pub adapters: Option<&'a AdapterPair<T>>,
    /// Factor on each adapter's output.
    pub factors: [f32; 2],
}

/// What the backward pass needs besides: `[rows, d]` between the branches, `[rows, m]` before GELU and, where the block's
/// own weights are trained, `[rows, d]` of attention before its projection.
pub(super) struct Keep<'a> {
    pub middle: &'a mut [f32],
    pub hidden: &'a mut [f32],
    pub mixed: Option<&'a mut [f32]>,
}

impl FusedBlock {
    /// `LN1` and the queries, keys and values `[rows, 3 * d]` of rows `x` `[rows, d]`. The normalised rows stay in the
    /// scratch for [`FusedBlock::rest`].
    pub(super) fn start<T: Precision>(
        &self,
        x: &[f32],
        scratch: &mut Scratch<T>,
        qkv: &mut [f32],
    ) -> Result<()> {
        let d = self.width;
        normalise(&self.norm1, x, d, &mut scratch.normed);
        let (weights, bias) = self.qkv.forward::<T>()?;
        rows_times(
            &scratch.normed,
            x.len() / d,
            weights,
            Some(bias),
            false,
            qkv,
        );
        Ok(())
    }

    /// Everything after the queries, keys and values, on the rows that the scratch holds: `x` `[rows, d]` becomes the
    /// block's result.
    pub(super) fn rest<T: Precision>(
        &self,
        x: &mut [f32],
        input: &Rest<T>,
        scratch: &mut Scratch<T>,
        keep: Option<Keep>,
    ) -> Result<()> {
        let (d, m) = (self.width, self.mlp_width);
        let rows = x.len() / d;
        scratch.mixed.resize(rows * d, 0.0);
        let sizes = Sizes {
            n: input.n,
            width: d,
            heads: self.heads,
        };
        input
            .keys_and_values
            .attend(input.qkv, sizes, &mut scratch.query, &mut scratch.mixed);
        as_elements(&scratch.mixed, d, &mut scratch.elements);
        let (weights, bias) = self.proj.forward::<T>()?;
        rows_times(&scratch.elements, rows, weights, Some(bias), true, x);
        if let Some(pair) = input.adapters {
            scratch.adapt(&pair.0[0], rows, input.factors[0], x);
        }
        normalise(&self.norm2, x, d, &mut scratch.normed);
        let mut values = std::mem::take(&mut scratch.values);
        let hidden = match keep {
            Some(keep) => {
                keep.middle.copy_from_slice(x);
                if let Some(mixed) = keep.mixed {
                    mixed.copy_from_slice(&scratch.mixed);
                }
                keep.hidden
            }
            None => {
                values.resize(rows * m, 0.0);
                &mut values[..rows * m]
            }
        };
        let (weights, bias) = self.fc1.forward::<T>()?;
        rows_times(&scratch.normed, rows, weights, Some(bias), false, hidden);
        map_rows(
            hidden,
            m,
            &mut scratch.elements,
            #[inline(always)]
            |line, sums| match T::VALUES {
                1 => activate(line, sums),
                _ => activate_roughly(line, sums),
            },
        );
        let (weights, bias) = self.fc2.forward::<T>()?;
        rows_times(&scratch.elements, rows, weights, Some(bias), true, x);
        scratch.values = values;
        if let Some(pair) = input.adapters {
            scratch.adapt(&pair.0[1], rows, input.factors[1], x);
        }
        Ok(())
    }
}

impl<T: Precision> Scratch<T> {
    /// Adds `factor * ReLU(h D) U` to `x`, for the normalised rows `h`.
    fn adapt(&mut self, adapter: &Adapter<T>, rows: usize, factor: f32, x: &mut [f32]) {
        if factor == 0.0 {
            return;
        }
        let rank = adapter.rank;
        self.values.resize(self.values.len().max(rows * rank), 0.0);
        let values = &mut self.values[..rows * rank];
        rows_times(&self.normed, rows, &adapter.down, None, false, values);
        map_rows(
            values,
            rank,
            &mut self.elements,
            #[inline(always)]
            move |line, _| {
                for value in line {
                    let open = if *value < 0.0 { 0.0 } else { *value };
                    *value = open * factor;
                }
            },
        );
        rows_times(&self.elements, rows, &adapter.up, None, true, x);
    }
}

/// `x b (+ bias)` for contiguous rows of elements, into or onto contiguous rows.
fn rows_times<T: Element>(
    x: &[T],
    rows: usize,
    b: &Packed<T>,
    bias: Option<&[f32]>,
    add: bool,
    out: &mut [f32],
) {
    let (inner, columns) = (b.inner(), b.columns());
    let into = Into {
        values: out,
        stride: columns,
        bias,
        add,
    };
    product(Matrix::new(x, rows, inner, inner), b, into);
}

/// Layer norm of rows `[rows, d]`, as elements.
fn normalise<T: Element>(norm: &RowNorm, x: &[f32], d: usize, out: &mut Vec<T>) {
    let length = d.div_ceil(T::VALUES);
    out.resize(x.len() / d * length, T::default());
    let mut line = vec![0.0; d];
    vectorised(
        #[inline(always)]
        |_| {
            for (row, out) in x.chunks_exact(d).zip(out.chunks_exact_mut(length)) {
                norm.forward(row, &mut line);
                T::write(&line, out);
            }
        },
    );
}

/// Rows `[rows, width]` as elements.
fn as_elements<T: Element>(x: &[f32], width: usize, out: &mut Vec<T>) {
    map_rows(
        x,
        width,
        out,
        #[inline(always)]
        |_, _| (),
    );
}

/// Rows `[rows, width]` after `change`, as elements.
#[inline(always)]
fn map_rows<T: Element>(
    x: &[f32],
    width: usize,
    out: &mut Vec<T>,
    change: impl Fn(&mut [f32], Sums),
) {
    let length = width.div_ceil(T::VALUES);
    out.resize(x.len() / width * length, T::default());
    let mut line = vec![0.0; width];
    vectorised(
        #[inline(always)]
        |sums| {
            for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(length)) {
                line.copy_from_slice(row);
                change(&mut line, sums);
                T::write(&line, out);
            }
        },
    );
}
