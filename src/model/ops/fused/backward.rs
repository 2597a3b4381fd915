use super::FusedBlock;
use super::weights::{WeightGradients, WeightScratch};
use crate::model::ops::Precision;
use crate::model::ops::attention::{self, BackwardScratch, Sizes};
use crate::model::ops::gelu::{activate, multiply_by_slope};
use crate::model::ops::kernels::{Element, Into, Matrix, Packed, product};
use crate::model::ops::layer_norm::RowNorm;
use crate::model::ops::vector::vectorised;
use candle_core::Result;

/// What the forward pass kept of one picture, of which the block's result has `rows` rows.
pub(super) struct Kept<'a> {
    /// The block's input, `[n, d]`.
    pub x: &'a [f32],
    /// `[n, 3 * d]`.
    pub qkv: &'a [f32],
    /// Between the branches, `[rows, d]`.
    pub middle: &'a [f32],
    /// Before GELU, `[rows, m]`.
    pub hidden: &'a [f32],
    /// Attention's result before its projection, `[rows, d]`, where the block's own weights are trained.
    pub mixed: &'a [f32],
}

/// Where gradients go.
pub(super) struct Towards<'a> {
    /// Of the block's input, `[n, d]`; what is there is overwritten.
    pub x: &'a mut [f32],
    /// Of the adapters, added to what is there: `D` and `U` beside attention, `D` and `U` beside the FFN.
    pub adapters: &'a mut [f32],
    /// Of the block's own weights, added to what is there.
    pub weights: Option<WeightGradients<'a>>,
}

/// One adapter for the backward pass: `D` `[d, r]` and `U` `[r, d]`, packed as the forward pass needs `D`, and
/// transposed.
pub(super) struct TransposedAdapter<T> {
    pub down: Packed<T>,
    pub down_t: Packed<T>,
    pub up_t: Packed<T>,
    pub rank: usize,
}

impl<T: Element> TransposedAdapter<T> {
    /// Of `D` and `U` one after the other.
    pub fn new(flat: &[f32], width: usize) -> Self {
        let rank = flat.len() / 2 / width;
        let (down, up) = flat.split_at(width * rank);
        let down = Matrix::new(down, width, rank, rank);
        let packed = |matrix| {
            let mut packed = Packed::empty();
            T::pack(matrix, &mut packed);
            packed
        };
        Self {
            down: packed(down),
            down_t: packed(down.transposed()),
            up_t: packed(Matrix::new(up, rank, width, width).transposed()),
            rank,
        }
    }
}

/// The buffers that gradients of one picture pass through.
pub(super) struct Gradients<T> {
    /// The left-hand side of a product.
    elements: Vec<T>,
    hidden: Vec<f32>,
    /// Of a branch's normalised rows.
    normed: Vec<f32>,
    /// Of the rows between the branches.
    middle: Vec<f32>,
    mixed: Vec<f32>,
    qkv: Vec<f32>,
    attention: BackwardScratch,
    adapter: AdapterScratch<T>,
    weights: WeightScratch,
}

/// The buffers of an adapter's gradients.
struct AdapterScratch<T> {
    /// The left-hand side of a product.
    elements: Vec<T>,
    /// The normalised rows once more.
    normed: Vec<f32>,
    bottleneck: Vec<f32>,
    slopes: Vec<f32>,
    packed: Packed<f32>,
}

impl<T> Gradients<T> {
    pub fn new() -> Self {
        Self {
            elements: Vec::new(),
            hidden: Vec::new(),
            normed: Vec::new(),
            middle: Vec::new(),
            mixed: Vec::new(),
            qkv: Vec::new(),
            attention: BackwardScratch::new(),
            weights: WeightScratch::new(),
            adapter: AdapterScratch {
                elements: Vec::new(),
                normed: Vec::new(),
                bottleneck: Vec::new(),
                slopes: Vec::new(),
                packed: Packed::empty(),
            },
        }
    }
}

/// `x b` of contiguous rows `[rows, width]`, into or onto contiguous rows; `elements` is room for `x` as elements.
fn times<T: Element>(
    x: &[f32],
    width: usize,
    b: &Packed<T>,
    add: bool,
    out: &mut [f32],
    elements: &mut Vec<T>,
) {
    let x = T::rows(x, width, elements);
    onto(
        Matrix::new(x, x.len() / b.inner(), b.inner(), b.inner()),
        b,
        add,
        out,
    );
}

/// `x b` into or onto contiguous rows.
pub(super) fn onto<T: Element>(x: Matrix<T>, b: &Packed<T>, add: bool, out: &mut [f32]) {
    let into = Into {
        values: out,
        stride: b.columns(),
        bias: None,
        add,
    };
    product(x, b, into);
}

pub(super) fn rows(values: &[f32], width: usize) -> Matrix<'_, f32> {
    Matrix::new(values, values.len() / width, width, width)
}

impl FusedBlock {
    /// From the gradient `dy` `[rows, d]` of the block's result on one picture to those of its input and its adapters.
    pub(super) fn backward<T: Precision>(
        &self,
        kept: &Kept,
        dy: &[f32],
        adapters: Option<&[TransposedAdapter<T>; 2]>,
        factors: [f32; 2],
        scratch: &mut Gradients<T>,
        towards: Towards,
    ) -> Result<()> {
        let (d, m) = (self.width, self.mlp_width);
        let (dx, d_adapters) = (towards.x, towards.adapters);
        let mut weights = towards.weights;
        let (d_first, d_second) = d_adapters.split_at_mut(d_adapters.len() / 2);

        // The FFN's branch.
        scratch.hidden.resize(dy.len() / d * m, 0.0);
        scratch.normed.resize(kept.x.len(), 0.0);
        let elements = &mut scratch.elements;
        let fc2 = self.fc2.backward()?;
        times(dy, d, fc2, false, &mut scratch.hidden, elements);
        let hidden = &mut scratch.hidden;
        vectorised(
            #[inline(always)]
            |sums| multiply_by_slope(kept.hidden, hidden, sums),
        );
        if let Some(weights) = &mut weights {
            let buffer = &mut scratch.weights;
            buffer.set(kept.hidden);
            let input = &mut buffer.input;
            vectorised(
                #[inline(always)]
                |sums| activate(input, sums),
            );
            weights.fc2.add(buffer, dy);
            buffer.set_normalised(&self.norm2, kept.middle);
            weights.fc1.add(buffer, hidden);
        }
        let normed = &mut scratch.normed[..dy.len()];
        let fc1 = self.fc1.backward()?;
        times(&scratch.hidden, m, fc1, false, normed, elements);
        if let Some([_, adapter]) = adapters {
            let branch = (&self.norm2, kept.middle);
            scratch
                .adapter
                .backward(adapter, branch, dy, factors[1], normed, d_second);
        }
        if let Some(weights) = &mut weights {
            weights.norm2.add(&self.norm2, kept.middle, normed);
        }
        scratch.middle.clear();
        scratch.middle.extend_from_slice(dy);
        norm_backward(&self.norm2, kept.middle, normed, &mut scratch.middle);

        // Attention's branch.
        if let Some(weights) = &mut weights {
            scratch.weights.set(kept.mixed);
            let middle = &scratch.middle;
            weights.proj.add(&mut scratch.weights, middle);
        }
        scratch.mixed.resize(dy.len(), 0.0);
        let proj = self.proj.backward()?;
        times(
            &scratch.middle,
            d,
            proj,
            false,
            &mut scratch.mixed,
            elements,
        );
        scratch.qkv.resize(kept.qkv.len(), 0.0);
        let sizes = Sizes {
            n: kept.x.len() / d,
            width: d,
            heads: self.heads,
        };
        attention::backward(
            kept.qkv,
            &scratch.mixed,
            sizes,
            &mut scratch.attention,
            &mut scratch.qkv,
        );
        let normed = &mut scratch.normed;
        let qkv = self.qkv.backward()?;
        times(&scratch.qkv, 3 * d, qkv, false, normed, elements);
        if let Some([adapter, _]) = adapters {
            let branch = (&self.norm1, &kept.x[..dy.len()]);
            let into = &mut normed[..dy.len()];
            scratch
                .adapter
                .backward(adapter, branch, &scratch.middle, factors[0], into, d_first);
        }
        if let Some(weights) = &mut weights {
            let buffer = &mut scratch.weights;
            buffer.set_normalised(&self.norm1, kept.x);
            weights.qkv.add(buffer, &scratch.qkv);
            weights.norm1.add(&self.norm1, kept.x, normed);
        }
        let (kept_rows, rest) = dx.split_at_mut(dy.len());
        kept_rows.copy_from_slice(&scratch.middle);
        rest.fill(0.0);
        norm_backward(&self.norm1, kept.x, normed, dx);
        Ok(())
    }
}

/// Adds the gradient through a norm of rows `x` to `dx`; `dy` is used up.
fn norm_backward(norm: &RowNorm, x: &[f32], dy: &mut [f32], dx: &mut [f32]) {
    let d = norm.width();
    vectorised(
        #[inline(always)]
        |_| {
            let rows = x.chunks_exact(d).zip(dy.chunks_exact_mut(d));
            for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(d)) {
                norm.backward(x, dy, dx);
            }
        },
    );
}

impl<T: Precision> AdapterScratch<T> {
    /// From the gradient `dy` `[rows, d]` of `factor * ReLU(h D) U` to those of `h`, added to `dh`, and of `D` and `U`,
    /// added to `d_flat`; `h` is the norm of the branch's rows.
    fn backward(
        &mut self,
        adapter: &TransposedAdapter<T>,
        (norm, x): (&RowNorm, &[f32]),
        dy: &[f32],
        factor: f32,
        dh: &mut [f32],
        d_flat: &mut [f32],
    ) {
        if factor == 0.0 {
            return;
        }
        let (d, rank) = (norm.width(), adapter.rank);
        let count = dy.len() / d;
        self.normed.resize(dy.len(), 0.0);
        self.bottleneck.resize(count * rank, 0.0);
        self.slopes.resize(count * rank, 0.0);
        let normed = &mut self.normed;
        vectorised(
            #[inline(always)]
            |_| {
                for (x, out) in x.chunks_exact(d).zip(normed.chunks_exact_mut(d)) {
                    norm.forward(x, out);
                }
            },
        );
        let elements = &mut self.elements;
        times(
            &self.normed,
            d,
            &adapter.down,
            false,
            &mut self.bottleneck,
            elements,
        );
        times(dy, d, &adapter.up_t, false, &mut self.slopes, elements);
        let both = self.bottleneck.iter_mut().zip(&mut self.slopes);
        vectorised(
            #[inline(always)]
            move |_| {
                for (hidden, slope) in both {
                    let open = if *hidden > 0.0 { factor } else { 0.0 };
                    *slope *= open;
                    *hidden *= open;
                }
            },
        );
        let (d_down, d_up) = d_flat.split_at_mut(d * rank);
        self.packed.fill(rows(dy, d));
        let bottleneck = rows(&self.bottleneck, rank).transposed();
        onto(bottleneck, &self.packed, true, d_up);
        self.packed.fill(rows(&self.slopes, rank));
        let normed = rows(&self.normed, d).transposed();
        onto(normed, &self.packed, true, d_down);
        times(
            &self.slopes,
            rank,
            &adapter.down_t,
            true,
            dh,
            &mut self.elements,
        );
    }
}
