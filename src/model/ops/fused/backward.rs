use super::FrozenBlock;
use crate::model::ops::attention::{self, BackwardScratch, Sizes};
use crate::model::ops::gelu::multiply_by_slope;
use crate::model::ops::kernels::{Into, Matrix, Packed, product};
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
}

/// Where gradients go.
pub(super) struct Towards<'a> {
    /// Of the block's input, `[n, d]`; what is there is overwritten.
    pub x: &'a mut [f32],
    /// Of the adapters, added to what is there: `D` and `U` beside attention, `D` and `U` beside the FFN.
    pub adapters: &'a mut [f32],
}

/// One adapter for the backward pass: `D` `[d, r]` and `U` `[r, d]`, packed as the forward pass needs `D`, and
/// transposed.
pub(super) struct TransposedAdapter {
    pub down: Packed<f32>,
    pub down_t: Packed<f32>,
    pub up_t: Packed<f32>,
    pub rank: usize,
}

impl TransposedAdapter {
    /// Of `D` and `U` one after the other.
    pub fn new(flat: &[f32], width: usize) -> Self {
        let rank = flat.len() / 2 / width;
        let (down, up) = flat.split_at(width * rank);
        let down = Matrix::new(down, width, rank, rank);
        Self {
            down: Packed::new(down),
            down_t: Packed::new(down.transposed()),
            up_t: Packed::new(Matrix::new(up, rank, width, width).transposed()),
            rank,
        }
    }
}

/// The buffers that gradients of one picture pass through.
pub(super) struct Gradients {
    hidden: Vec<f32>,
    /// Of a branch's normalised rows.
    normed: Vec<f32>,
    /// Of the rows between the branches.
    middle: Vec<f32>,
    mixed: Vec<f32>,
    qkv: Vec<f32>,
    attention: BackwardScratch,
    adapter: AdapterScratch,
}

/// The buffers of an adapter's gradients.
struct AdapterScratch {
    /// The normalised rows once more.
    normed: Vec<f32>,
    bottleneck: Vec<f32>,
    slopes: Vec<f32>,
    packed: Packed<f32>,
}

impl Gradients {
    pub fn new() -> Self {
        Self {
            hidden: Vec::new(),
            normed: Vec::new(),
            middle: Vec::new(),
            mixed: Vec::new(),
            qkv: Vec::new(),
            attention: BackwardScratch::new(),
            adapter: AdapterScratch {
                normed: Vec::new(),
                bottleneck: Vec::new(),
                slopes: Vec::new(),
                packed: Packed::empty(),
            },
        }
    }
}

/// `x b` of contiguous rows, into or onto contiguous rows.
fn times(x: Matrix<f32>, b: &Packed<f32>, add: bool, out: &mut [f32]) {
    let into = Into {
        values: out,
        stride: b.columns(),
        bias: None,
        add,
    };
    product(x, b, into);
}

fn rows(values: &[f32], width: usize) -> Matrix<'_, f32> {
    Matrix::new(values, values.len() / width, width, width)
}

impl FrozenBlock {
    /// From the gradient `dy` `[rows, d]` of the block's result on one picture to those of its input and its adapters.
    pub(super) fn backward(
        &self,
        kept: &Kept,
        dy: &[f32],
        adapters: Option<&[TransposedAdapter; 2]>,
        factors: [f32; 2],
        scratch: &mut Gradients,
        towards: Towards,
    ) -> Result<()> {
        let (d, m) = (self.width, self.mlp_width);
        let (dx, d_adapters) = (towards.x, towards.adapters);
        let (d_first, d_second) = d_adapters.split_at_mut(d_adapters.len() / 2);

        // The FFN's branch.
        scratch.hidden.resize(dy.len() / d * m, 0.0);
        scratch.normed.resize(kept.x.len(), 0.0);
        times(
            rows(dy, d),
            self.fc2.backward()?,
            false,
            &mut scratch.hidden,
        );
        let hidden = &mut scratch.hidden;
        vectorised(
            #[inline(always)]
            |sums| multiply_by_slope(kept.hidden, hidden, sums),
        );
        let normed = &mut scratch.normed[..dy.len()];
        times(
            rows(&scratch.hidden, m),
            self.fc1.backward()?,
            false,
            normed,
        );
        if let Some([_, adapter]) = adapters {
            let branch = (&self.norm2, kept.middle);
            scratch
                .adapter
                .backward(adapter, branch, dy, factors[1], normed, d_second);
        }
        scratch.middle.clear();
        scratch.middle.extend_from_slice(dy);
        norm_backward(&self.norm2, kept.middle, normed, &mut scratch.middle);

        // Attention's branch.
        scratch.mixed.resize(dy.len(), 0.0);
        times(
            rows(&scratch.middle, d),
            self.proj.backward()?,
            false,
            &mut scratch.mixed,
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
        times(
            rows(&scratch.qkv, 3 * d),
            self.qkv.backward()?,
            false,
            normed,
        );
        if let Some([adapter, _]) = adapters {
            let branch = (&self.norm1, &kept.x[..dy.len()]);
            let into = &mut normed[..dy.len()];
            scratch
                .adapter
                .backward(adapter, branch, &scratch.middle, factors[0], into, d_first);
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

impl AdapterScratch {
    /// From the gradient `dy` `[rows, d]` of `factor * ReLU(h D) U` to those of `h`, added to `dh`, and of `D` and `U`,
    /// added to `d_flat`; `h` is the norm of the branch's rows.
    fn backward(
        &mut self,
        adapter: &TransposedAdapter,
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
        times(
            rows(&self.normed, d),
            &adapter.down,
            false,
            &mut self.bottleneck,
        );
        times(rows(dy, d), &adapter.up_t, false, &mut self.slopes);
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
        times(
            rows(&self.bottleneck, rank).transposed(),
            &self.packed,
            true,
            d_up,
        );
        self.packed.fill(rows(&self.slopes, rank));
        times(
            rows(&self.normed, d).transposed(),
            &self.packed,
            true,
            d_down,
        );
        times(rows(&self.slopes, rank), &adapter.down_t, true, dh);
    }
}
