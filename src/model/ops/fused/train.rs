use super::FusedBlock;
use super::adapters::AdapterPair;
use super::backward::{Gradients, Kept, Towards, TransposedAdapter};
use super::forward::{Keep, Rest, Scratch};
use super::weights::WeightGradients;
use crate::model::ops::attention::{KeysAndValues, Sizes};
use crate::model::ops::kernels::Pair;
use crate::model::ops::{Precision, f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex};

/// One block of the training pass: `x` `[B, N, d]` to `[B, rows, d]`, of which `rows` is `N`, or 1 for the class token
/// alone; gradients for `x` and what is trained.
///
/// `factors` has one pair a picture, the factors on both adapters' outputs. Where a factor is 0, that adapter is not
/// computed. With `rounds` the weights' products are of numbers rounded to bf16 and summed in f32.
pub fn block(
    x: &Tensor,
    block: &Arc<FusedBlock>,
    trained: &Trained,
    factors: Vec<[f32; 2]>,
    rows: usize,
    rounds: bool,
) -> Result<Tensor> {
    let step = BlockStep {
        block: block.clone(),
        factors,
        rows,
        rounds,
        own_weights: matches!(trained, Trained::Weights(_)),
        kept: Mutex::default(),
    };
    let x = x.contiguous()?;
    match trained {
        Trained::Adapters(values) | Trained::Weights(values) => {
            x.apply_op2(&values.contiguous()?, step)
        }
        Trained::Nothing => x.apply_op1(step),
    }
}

/// What is trained in a block.
#[derive(Clone, Debug)]
pub enum Trained {
    /// Nothing: the gradient goes through.
    Nothing,
    /// All values of `D` `[d, r]` and `U` `[r, d]` beside attention and beside the FFN, in this order.
    Adapters(Tensor),
    /// All values of the block's own weights, in the order of [`super::BlockTensors`], as the block was made of.
    Weights(Tensor),
}

struct BlockStep {
    block: Arc<FusedBlock>,
    factors: Vec<[f32; 2]>,
    rows: usize,
    rounds: bool,
    /// Whether the second argument is the block's own weights.
    own_weights: bool,
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
    /// Nothing where only adapters are trained.
    mixed: Vec<f32>,
}

impl BlockStep {
    /// The block's result on `x` `[B, N, d]`, and what the backward pass needs.
    fn forward<T: Precision>(
        &self,
        x: &[f32],
        n: usize,
        values: Option<&[f32]>,
    ) -> Result<(Vec<f32>, Activations)> {
        let block = &self.block;
        let (d, m, rows) = (block.width, block.mlp_width, self.rows);
        let b = x.len() / (n * d);
        let adapters = values.filter(|_| !self.own_weights);
        let adapters = adapters.map(|flat| AdapterPair::<T>::new(flat, d));
        let mut y: Vec<f32> = Vec::with_capacity(b * rows * d);
        for x in x.chunks_exact(n * d) {
            y.extend_from_slice(&x[..rows * d]);
        }
        let mut kept = self.spare().pop().unwrap_or_default();
        kept.qkv.resize(b * n * 3 * d, 0.0);
        kept.middle.resize(b * rows * d, 0.0);
        kept.hidden.resize(b * rows * m, 0.0);
        let mixed_length = if self.own_weights { rows * d } else { 0 };
        kept.mixed.resize(b * mixed_length, 0.0);
        let mut mixed = kept.mixed.chunks_exact_mut(mixed_length.max(1));
        let mut scratch = Scratch::<T>::default();
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
            let keep = Keep {
                middle,
                hidden,
                mixed: mixed.next(),
            };
            block.rest(y, &rest, &mut scratch, Some(keep))?;
        }
        Ok((y, kept))
    }

    fn run(&self, x: &[f32], shape: &Shape, values: Option<&[f32]>) -> Result<(CpuStorage, Shape)> {
        let (b, n, d) = shape.dims3()?;
        let weights = self.block.weight_count();
        if self.own_weights && values.map(<[f32]>::len) != Some(weights) {
            candle_core::bail!("a block of width {d} has {weights} weights");
        }
        if b != self.factors.len() || self.rows > n {
            candle_core::bail!("factors and rows that do not fit {b} pictures of {n} tokens");
        }
        let (y, kept) = match self.rounds {
            true => self.forward::<Pair>(x, n, values)?,
            false => self.forward::<f32>(x, n, values)?,
        };
        *self.kept() = Some(kept);
        Ok((CpuStorage::F32(y), Shape::from((b, self.rows, d))))
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Activations>> {
        self.block
            .spare
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Activations>> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Gradients of `x` and of what is trained, from that of the result.
    fn back(&self, x: &Tensor, values: Option<&Tensor>, dy: &Tensor) -> Result<(Tensor, Vec<f32>)> {
        match self.rounds {
            true => self.gradients::<Pair>(x, values, dy),
            false => self.gradients::<f32>(x, values, dy),
        }
    }

    fn gradients<T: Precision>(
        &self,
        x: &Tensor,
        values: Option<&Tensor>,
        dy: &Tensor,
    ) -> Result<(Tensor, Vec<f32>)> {
        let (_, n, d) = x.dims3()?;
        let (m, rows) = (self.block.mlp_width, self.rows);
        let flat = match values {
            Some(values) => with_slice(values, |values| Ok(Some(values.to_vec())))?,
            None => None,
        };
        let mut sums = vec![0.0; flat.as_ref().map_or(0, Vec::len)];
        let adapters = flat.as_ref().filter(|_| !self.own_weights);
        let transposed = adapters.map(|flat| {
            let (first, second) = flat.split_at(flat.len() / 2);
            [first, second].map(|flat| TransposedAdapter::<T>::new(flat, d))
        });
        let dx = with_slice(x, |x| {
            with_slice(dy, |dy| {
                // A second pass back through the same graph has to compute them again.
                let kept = match self.kept().take() {
                    Some(kept) => kept,
                    None => self.forward::<T>(x, n, flat.as_deref())?.1,
                };
                let mut dx = vec![0.0; x.len()];
                let mut scratch = Gradients::new();
                let mixed_length = if self.own_weights { rows * d } else { 0 };
                let mut mixed = kept.mixed.chunks_exact(mixed_length.max(1));
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
                        mixed: mixed.next().unwrap_or_default(),
                    };
                    let towards = match self.own_weights {
                        true => Towards {
                            x: dx,
                            adapters: &mut [],
                            weights: Some(WeightGradients::new(&mut sums, d, m)),
                        },
                        false => Towards {
                            x: dx,
                            adapters: &mut sums,
                            weights: None,
                        },
                    };
                    let transposed = transposed.as_ref();
                    self.block
                        .backward(&kept, dy, transposed, *factors, &mut scratch, towards)?;
                }
                self.spare().push(kept);
                Ok(dx)
            })
        })?;
        Ok((Tensor::from_vec(dx, x.shape(), x.device())?, sums))
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
        Ok(Some(self.back(arg, None, grad_res)?.0))
    }
}

impl CustomOp2 for BlockStep {
    fn name(&self) -> &'static str {
        "block_with_trained"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        values: &CpuStorage,
        values_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let flat = f32_slice(values, values_layout)?;
        self.run(f32_slice(x, x_layout)?, x_layout.shape(), Some(flat))
    }

    fn bwd(
        &self,
        x: &Tensor,
        values: &Tensor,
        _res: &Tensor,
        grad_res: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, gradients) = self.back(x, Some(values), grad_res)?;
        let gradients = Tensor::from_vec(gradients, values.shape(), values.device())?;
        Ok((Some(dx), Some(gradients)))
    }
}
