//! A frozen transformer block in one piece, with or without PUMA's adapters.
//!
//! Everything between the block's input and its output stays in a few buffers that are used again for the next block
//! and picture; [`forward`] is shared by inference, in f32 or bf16, and by training, whose gradients `backward` has.

mod adapters;
mod backward;
mod forward;
mod infer;
mod train;

pub use adapters::AdapterPair;
pub use infer::encode;
pub use train::block;

use super::kernels::{Element, Packed, Pair};
use super::layer_norm::RowNorm;
use super::linear::FrozenWeights;
use candle_core::{Result, Tensor};
use std::sync::{Arc, Mutex};
use train::Activations;

/// A block's weights, all frozen and on the CPU.
#[derive(Clone, Debug)]
pub struct FrozenBlock {
    norm1: RowNorm,
    qkv: FrozenWeights,
    proj: FrozenWeights,
    norm2: RowNorm,
    fc1: FrozenWeights,
    fc2: FrozenWeights,
    heads: usize,
    width: usize,
    mlp_width: usize,
    spare: Arc<Mutex<Vec<Activations>>>,
}

/// What [`FrozenBlock::new`] is made of; each pair is a weight and a bias.
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

impl FrozenBlock {
    /// The block of these tensors, where none of them is trained and all are on the CPU.
    pub fn new(tensors: BlockTensors, heads: usize, eps: f64) -> Result<Option<Self>> {
        let BlockTensors {
            norm1,
            qkv,
            proj,
            norm2,
            fc1,
            fc2,
            layer_scale,
        } = tensors;
        let pairs = [norm1, qkv, proj, norm2, fc1, fc2];
        let scales = layer_scale.into_iter().flatten();
        let all = pairs.into_iter().flat_map(|(weight, bias)| [weight, bias]);
        if !all
            .chain(scales)
            .all(|tensor| !tensor.is_variable() && tensor.device().is_cpu())
        {
            return Ok(None);
        }
        // LayerScale is part of the layer before it.
        let scaled = |(weight, bias): (&Tensor, &Tensor), branch: usize| match layer_scale {
            Some(scales) => {
                let column = scales[branch].unsqueeze(1)?;
                let weight = weight.broadcast_mul(&column)?;
                Ok::<_, candle_core::Error>(FrozenWeights::new(&weight, &(bias * scales[branch])?))
            }
            None => Ok(FrozenWeights::new(weight, bias)),
        };
        Ok(Some(Self {
            norm1: RowNorm::new(norm1.0, norm1.1, eps)?,
            qkv: FrozenWeights::new(qkv.0, qkv.1),
            proj: scaled(proj, 0)?,
            norm2: RowNorm::new(norm2.0, norm2.1, eps)?,
            fc1: FrozenWeights::new(fc1.0, fc1.1),
            fc2: scaled(fc2, 1)?,
            heads,
            width: proj.0.dim(0)?,
            mlp_width: fc1.0.dim(0)?,
            spare: Arc::default(),
        }))
    }
}

/// The numbers that a pass computes its products with.
pub trait Precision: Element {
    /// A layer's packed weights.
    fn weights(layer: &FrozenWeights) -> Result<(&Packed<Self>, &[f32])>;
}

impl Precision for f32 {
    fn weights(layer: &FrozenWeights) -> Result<(&Packed<Self>, &[f32])> {
        layer.forward()
    }
}

impl Precision for Pair {
    fn weights(layer: &FrozenWeights) -> Result<(&Packed<Self>, &[f32])> {
        layer.rounded()
    }
}
