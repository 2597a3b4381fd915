//! A transformer block in one piece, with or without PUMA's adapters.
//!
//! Everything between the block's input and its output stays in a few buffers that are used again for the next block
//! and picture; [`forward`] is shared by inference, in f32 or bf16, and by training, whose gradients `backward` has.
//! Where the block's own weights are trained, it is made anew of their values for each pass.

mod adapters;
mod backward;
mod forward;
mod infer;
mod train;
mod weights;

pub use adapters::AdapterPair;
pub use infer::encode;
pub use train::{Trained, block};

use super::layer_norm::RowNorm;
use super::linear::{FrozenWeights, Precision};
use candle_core::{Result, Tensor};
use std::sync::{Arc, Mutex};
use train::Activations;
use weights::weight_count;

/// A block's weights as they stand, on the CPU.
#[derive(Clone, Debug)]
pub struct FusedBlock {
    norm1: RowNorm,
    qkv: FrozenWeights,
    proj: FrozenWeights,
    norm2: RowNorm,
    fc1: FrozenWeights,
    fc2: FrozenWeights,
    heads: usize,
    width: usize,
    mlp_width: usize,
    spare: Spare,
}

/// Memory of a block that one pass leaves to the next; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Spare(Arc<Mutex<Vec<Activations>>>);

/// What a [`FusedBlock`] is made of; each pair is a weight and a bias.
#[derive(Clone, Copy, Debug)]
pub struct BlockTensors<'a> {
    /// `[d]`, `[d]`.
    pub norm1: (&'a Tensor, &'a Tensor),
    /// `[3 * d, d]`, `[3 * d]`.
    pub qkv: (&'a Tensor, &'a Tensor),
    /// `[d, d]`, `[d]`.
    pub proj: (&'a Tensor, &'a Tensor),
    /// `[d]`, `[d]`.
    pub norm2: (&'a Tensor, &'a Tensor),
    /// `[m, d]`, `[m]`.
    pub fc1: (&'a Tensor, &'a Tensor),
    /// `[d, m]`, `[d]`.
    pub fc2: (&'a Tensor, &'a Tensor),
    /// LayerScale's factors `[d]` of both branches.
    pub layer_scale: Option<[&'a Tensor; 2]>,
}

impl BlockTensors<'_> {
    /// The tensors in their order, without LayerScale's.
    fn all(&self) -> [&Tensor; 12] {
        let pairs = [
            self.norm1, self.qkv, self.proj, self.norm2, self.fc1, self.fc2,
        ];
        let mut all = [self.norm1.0; 12];
        for (places, (weight, bias)) in all.chunks_exact_mut(2).zip(pairs) {
            places.copy_from_slice(&[weight, bias]);
        }
        all
    }

    /// Whether one of them is trained.
    pub fn are_trained(&self) -> bool {
        let scales = self.layer_scale.into_iter().flatten();
        self.all()
            .into_iter()
            .chain(scales)
            .any(Tensor::is_variable)
    }

    /// What is trained of a block without LayerScale whose own weights all are.
    pub fn trained(&self) -> Result<Trained> {
        let flat: Vec<Tensor> = self
            .all()
            .into_iter()
            .map(Tensor::flatten_all)
            .collect::<Result<_>>()?;
        Ok(Trained::Weights(Tensor::cat(&flat, 0)?))
    }
}

impl FusedBlock {
    /// The block of these tensors as they stand.
    ///
    /// # Errors
    /// If they are not on the CPU.
    pub fn new(tensors: BlockTensors, heads: usize, eps: f64, spare: &Spare) -> Result<Self> {
        let BlockTensors {
            norm1,
            qkv,
            proj,
            norm2,
            fc1,
            fc2,
            layer_scale,
        } = tensors;
        // LayerScale is part of the layer before it.
        let scaled = |(weight, bias): (&Tensor, &Tensor), branch: usize| match layer_scale {
            Some(scales) => {
                let column = scales[branch].unsqueeze(1)?;
                let weight = weight.broadcast_mul(&column)?;
                Ok::<_, candle_core::Error>(FrozenWeights::new(&weight, &(bias * scales[branch])?))
            }
            None => Ok(FrozenWeights::new(weight, bias)),
        };
        Ok(Self {
            norm1: RowNorm::new(norm1.0, norm1.1, eps)?,
            qkv: FrozenWeights::new(qkv.0, qkv.1),
            proj: scaled(proj, 0)?,
            norm2: RowNorm::new(norm2.0, norm2.1, eps)?,
            fc1: FrozenWeights::new(fc1.0, fc1.1),
            fc2: scaled(fc2, 1)?,
            heads,
            width: proj.0.dim(0)?,
            mlp_width: fc1.0.dim(0)?,
            spare: spare.clone(),
        })
    }

    /// Values of all its weights.
    fn weight_count(&self) -> usize {
        weight_count(self.width, self.mlp_width)
    }
}
