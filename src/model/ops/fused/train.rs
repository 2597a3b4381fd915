use super::FrozenBlock;
use super::adapters::AdapterPair;
use super::backward::{Gradients, Kept, Towards, TransposedAdapter};
use super::forward::{Keep, Rest, Scratch};
use crate::model::ops::attention::{KeysAndValues, Sizes};
use crate::model::ops::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex};

/// One block of the training pass: `x` `[B, N, d]` to `[B, rows, d]`, of which `rows` is `N`, or 1 for the class token
/// alone; gradients for `x` and the adapters.
///
/// `adapters` are all values of `D` `[d, r]` and `U` `[r, d]` beside attention and beside the FFN, in this order;
/// `factors` has one pair a picture, the factors on both adapters' outputs. Where a factor is 0, that adapter is not
/// computed.
pub fn block(
    x: &Tensor,
    block: &Arc<FrozenBlock>,
    adapters: Option<&Tensor>,
    factors: Vec<[f32; 2]>,
    rows: usize,
) -> Result<Tensor> {
    let step = BlockStep {
        block: block.clone(),
        factors,
        rows,
        kept: Mutex::default(),
    };
    let x = x.contiguous()?;
    match adapters {
        Some(adapters) => x.apply_op2(&adapters.contiguous()?, step),
        None => x.apply_op1(step),
    }
}

struct BlockStep {
    block: Arc<FrozenBlock>,
    factors: Vec<[f32; 2]>,
    rows: usize,
    /// Until the backward pass has used it.
    kept: Mutex<Option<Activations>>,
}

/// What the backward pass needs of all pictures, one after the other; see [`Kept`].
///
/// The memory goes back to the block for the next step: fresh memory has to be cleared by the system first, which takes
/// a seventh of a step.
#[derive(Debug, Default)]
pub(super) struct Activations {
    qkv: Vec<f32>,
    middle: Vec<f32>,
    hidden: Vec<f32>,
}

impl BlockStep {
    /// The block's result on `x` `[B, N, d]`, and what the backward pass needs.
    fn forward(
        &self,
        x: &[f32],
        n: usize,
        adapters: Option<&[f32]>,
    ) -> Result<(Vec<f32>, Activations)> {
        let block = &self.block;
        let (d, m, rows) = (block.width, block.mlp_width, self.rows);
        let b = x.len() / (n * d);
        let adapters = adapters.map(|flat| AdapterPair::<f32>::new(flat, d));
        let mut y: Vec<f32> = Vec::with_capacity(b * rows * d);
        for x in x.chunks_exact(n * d) {
            y.extend_from_slice(&x[..rows * d]);
        }
        let mut kept = self.spare().pop().unwrap_or_default();
        kept.qkv.resize(b * n * 3 * d, 0.0);
        kept.middle.resize(b * rows * d, 0.0);
        kept.hidden.resize(b * rows * m, 0.0);
        let mut scratch = Scratch::default();
        let mut keys_and_values = KeysAndValues::default();
        let pictures = x
            .chunks_exact(n * d)
            .zip(y.chunks_exact_mut(rows * d))
            .zip(kept.qkv.chunks_exact_mut(n * 3 * d))
            .zip(kept.middle.chunks_exact_mut(rows * d))
            .zip(kept.hidden.chunks_exact_mut(rows * m));
        for (((((x, y), qkv), middle), hidden), factors) in pictures.zip(&self.factors) {
            block.start(x, &mut scratch, qkv)?;
            let sizes = Sizes {
                n,
                width: d,
                heads: block.heads,
            };
            keys_and_values.fill(qkv, sizes);
            let rest = Rest {
                qkv: &qkv[..rows * 3 * d],
                keys_and_values: &keys_and_values,
                n,
                adapters: adapters.as_ref(),
                factors: *factors,
            };
            block.rest(y, &rest, &mut scratch, Some(Keep { middle, hidden }))?;
        }
        Ok((y, kept))
    }

    fn run(
        &self,
        x: &[f32],
        shape: &Shape,
        adapters: Option<&[f32]>,
    ) -> Result<(CpuStorage, Shape)> {
        let (b, n, d) = shape.dims3()?;
        if b != self.factors.len() || self.rows > n {
            candle_core::bail!("factors and rows that do not fit {b} pictures of {n} tokens");
        }
        let (y, kept) = self.forward(x, n, adapters)?;
        *self.kept() = Some(kept);
        Ok((CpuStorage::F32(y), Shape::from((b, self.rows, d))))
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Activations>> {
        self.block
            .spare
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Activations>> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Gradients of `x` and of the adapters, from that of the result.
    fn gradients(
        &self,
        x: &Tensor,
        adapters: Option<&Tensor>,
        dy: &Tensor,
    ) -> Result<(Tensor, Vec<f32>)> {
        let (_, n, d) = x.dims3()?;
        let (m, rows) = (self.block.mlp_width, self.rows);
        let flat = match adapters {
            Some(adapters) => with_slice(adapters, |values| Ok(Some(values.to_vec())))?,
            None => None,
        };
        let mut d_adapters = vec![0.0; flat.as_ref().map_or(0, Vec::len)];
        let transposed = flat.as_ref().map(|flat| {
            let (first, second) = flat.split_at(flat.len() / 2);
            [first, second].map(|flat| TransposedAdapter::new(flat, d))
        });
        let dx = with_slice(x, |x| {
            with_slice(dy, |dy| {
                // A second pass back through the same graph has to compute them again.
                let kept = match self.kept().take() {
                    Some(kept) => kept,
                    None => self.forward(x, n, flat.as_deref())?.1,
                };
                let mut dx = vec![0.0; x.len()];
                let mut scratch = Gradients::new();
                let pictures = x
                    .chunks_exact(n * d)
                    .zip(dy.chunks_exact(rows * d))
                    .zip(kept.qkv.chunks_exact(n * 3 * d))
                    .zip(kept.middle.chunks_exact(rows * d))
                    .zip(kept.hidden.chunks_exact(rows * m))
                    .zip(dx.chunks_exact_mut(n * d));
                for ((((((x, dy), qkv), middle), hidden), dx), factors) in
                    pictures.zip(&self.factors)
                {
                    let kept = Kept {
                        x,
                        qkv,
                        middle,
                        hidden,
                    };
                    self.block.backward(
                        &kept,
                        dy,
                        transposed.as_ref(),
                        *factors,
                        &mut scratch,
                        Towards {
                            x: dx,
                            adapters: &mut d_adapters,
                        },
                    )?;
                }
                self.spare().push(kept);
                Ok(dx)
            })
        })?;
        Ok((Tensor::from_vec(dx, x.shape(), x.device())?, d_adapters))
    }
}

impl CustomOp1 for BlockStep {
    fn name(&self) -> &'static str {
        "block"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.run(f32_slice(storage, layout)?, layout.shape(), None)
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(self.gradients(arg, None, grad_res)?.0))
    }
}

impl CustomOp2 for BlockStep {
    fn name(&self) -> &'static str {
        "block_with_adapters"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        adapters: &CpuStorage,
        adapters_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let flat = f32_slice(adapters, adapters_layout)?;
        self.run(f32_slice(x, x_layout)?, x_layout.shape(), Some(flat))
    }

    fn bwd(
        &self,
        x: &Tensor,
        adapters: &Tensor,
        _res: &Tensor,
        grad_res: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, d_adapters) = self.gradients(x, Some(adapters), grad_res)?;
        let d_adapters = Tensor::from_vec(d_adapters, adapters.shape(), adapters.device())?;
        Ok((Some(dx), Some(d_adapters)))
    }
}
