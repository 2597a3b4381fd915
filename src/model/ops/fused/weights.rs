use super::backward::{onto, rows};
use crate::model::ops::kernels::Packed;
use crate::model::ops::layer_norm::RowNorm;
use crate::model::ops::vector::vectorised;

/// Sums of the gradients of a block's own weights, all parts of one slice in the order of [`super::BlockTensors`].
pub(super) struct WeightGradients<'a> {
    pub norm1: NormGradients<'a>,
    pub qkv: LinearGradients<'a>,
    pub proj: LinearGradients<'a>,
    pub norm2: NormGradients<'a>,
    pub fc1: LinearGradients<'a>,
    pub fc2: LinearGradients<'a>,
}

/// Of a norm's scale and shift `[d]`.
pub(super) struct NormGradients<'a> {
    scale: &'a mut [f32],
    shift: &'a mut [f32],
}

/// Of a layer's weight `[out, in]` and bias `[out]`.
pub(super) struct LinearGradients<'a> {
    weight: &'a mut [f32],
    bias: &'a mut [f32],
}

/// What gradients of weights are worked on in.
pub(super) struct WeightScratch {
    /// The layer's input.
    pub input: Vec<f32>,
    packed: Packed<f32>,
}

impl WeightScratch {
    pub fn new() -> Self {
        Self {
            input: Vec::new(),
            packed: Packed::empty(),
        }
    }

    /// Takes these values as the input.
    pub fn set(&mut self, values: &[f32]) {
        self.input.clear();
        self.input.extend_from_slice(values);
    }

    /// Takes the norm of rows `x` as the input.
    pub fn set_normalised(&mut self, norm: &RowNorm, x: &[f32]) {
        self.input.resize(x.len(), 0.0);
        let d = norm.width();
        let rows = x.chunks_exact(d).zip(self.input.chunks_exact_mut(d));
        vectorised(
            #[inline(always)]
            |_| rows.for_each(|(x, out)| norm.forward(x, out)),
        );
    }
}

/// Values of all weights of a block of width `d` and hidden width `m`.
pub(super) fn weight_count(d: usize, m: usize) -> usize {
    4 * d + (d + 1) * 3 * d + (d + 1) * d + (d + 1) * m + (m + 1) * d
}

impl<'a> WeightGradients<'a> {
    /// Of a slice of [`weight_count`] values.
    pub fn new(flat: &'a mut [f32], d: usize, m: usize) -> Self {
        let mut rest = flat;
        let mut take = |count: usize| rest.split_off_mut(..count).unwrap_or_default();
        Self {
            norm1: NormGradients {
                scale: take(d),
                shift: take(d),
            },
            qkv: LinearGradients {
                weight: take(3 * d * d),
                bias: take(3 * d),
            },
            proj: LinearGradients {
                weight: take(d * d),
                bias: take(d),
            },
            norm2: NormGradients {
                scale: take(d),
                shift: take(d),
            },
            fc1: LinearGradients {
                weight: take(m * d),
                bias: take(m),
            },
            fc2: LinearGradients {
                weight: take(d * m),
                bias: take(d),
            },
        }
    }
}

impl NormGradients<'_> {
    /// Adds those of rows `x` `[rows, d]` with the gradient `dy` of their norm.
    pub fn add(&mut self, norm: &RowNorm, x: &[f32], dy: &[f32]) {
        let d = norm.width();
        vectorised(
            #[inline(always)]
            |_| {
                for (x, dy) in x.chunks_exact(d).zip(dy.chunks_exact(d)) {
                    norm.affine_gradients(x, dy, self.scale, self.shift);
                }
            },
        );
    }
}

impl LinearGradients<'_> {
    /// Adds those of the rows `[rows, in]` that lie in the scratch, with the gradient `dy` `[rows, out]` of the layer's result.
    pub fn add(&mut self, scratch: &mut WeightScratch, dy: &[f32]) {
        let out = self.bias.len();
        let inner = self.weight.len() / out;
        scratch.packed.fill(rows(&scratch.input, inner));
        let dy_t = rows(dy, out).transposed();
        onto(dy_t, &scratch.packed, true, self.weight);
        vectorised(
            #[inline(always)]
            |_| {
                for row in dy.chunks_exact(out) {
                    let sums = self.bias.iter_mut().zip(row);
                    sums.for_each(|(sum, dy)| *sum += dy);
                }
            },
        );
    }
}
