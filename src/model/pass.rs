use super::ops::kernels::Isa;
use candle_core::{DType, Device, Result, Tensor};
use rand::Rng;

/// What GPUs multiply in [`Pass::Rounded`].
///
/// f16 has 11 bits where bf16 has 8 (cosines to f32 of 0.99998 where bf16 gives 0.9974), all GPUs with matrix units multiply
/// it as fast, older ones it alone, and checkpoints are stored in it. Its range ends at 65,504: what leaves it is computed
/// again in f32 (see [`super::Puma::embed`]).
pub(super) const GPU_DTYPE: DType = DType::F16;

/// Which way through the network a forward pass takes.
///
/// All share the weights. The first three use fused operations, which carry no gradients; the others use only
/// operations that carry them, and the gates of the stochastic adapters.
pub enum Pass<'a> {
    /// Fused operations; every adapter fires.
    Inference,
    /// The same, with products of numbers rounded to bf16 and summed in f32, where the processor has instructions for
    /// that; elsewhere as [`Pass::Inference`]. On a GPU [`Pass::Half`] in f16.
    Rounded,
    /// The blocks in numbers of 16 bits, [`DType::F16`] or [`DType::BF16`], all else in f32; on any device, but made for
    /// GPUs. As [`Pass::Inference`] where tensors are trained or another method has modules in the blocks.
    Half(DType),
    /// Operations with gradients; adapters fire as the gates say, all of them where there are none.
    Training(Option<&'a Gates>),
    /// The same in mixed precision: the weights' products are of numbers rounded to bf16 and summed in f32, forward and
    /// back; weights, their gradients, norms and the residual stream stay f32. On a CPU without instructions for that as
    /// [`Pass::Training`].
    Mixed(Option<&'a Gates>),
}

impl Pass<'_> {
    /// Whether gradients are wanted.
    pub fn is_training(&self) -> bool {
        matches!(self, Pass::Training(_) | Pass::Mixed(_))
    }

    /// Whether the weights' products on a device are of numbers rounded to bf16.
    pub fn rounds(&self, device: &Device) -> bool {
        let there = !device.is_cpu() || Isa::best() >= Isa::Avx512Bf16;
        there && matches!(self, Pass::Rounded | Pass::Mixed(_))
    }

    /// In which numbers of 16 bits the blocks are to be computed on `device`, if in any.
    pub fn half(&self, device: &Device) -> Option<DType> {
        match self {
            Pass::Half(dtype) => Some(*dtype),
            Pass::Rounded if !device.is_cpu() => Some(GPU_DTYPE),
            _ => None,
        }
    }

    /// The gate `[B, 1, 1]` of a block's branch (0 attention, 1 FFN), if it is gated.
    pub fn gate(&self, block: usize, branch: usize) -> Option<&Tensor> {
        match self {
            Pass::Training(Some(gates)) | Pass::Mixed(Some(gates)) => {
                gates.0.get(2 * block + branch)
            }
            _ => None,
        }
    }
}

/// Stochastic depth of the adapters: for each block and branch one factor a sample, 0 or `1 / (1 - p)`.
pub struct Gates(Vec<Tensor>);

impl Gates {
    /// Draws the gates of `batch` samples in a network of `depth` blocks; each is closed with probability `drop`.
    pub fn draw(
        rng: &mut impl Rng,
        batch: usize,
        depth: usize,
        drop: f64,
        device: &Device,
    ) -> Result<Self> {
        let open = (1.0 / (1.0 - drop)) as f32;
        let gates = (0..2 * depth).map(|_| {
            let gate: Vec<f32> = (0..batch)
                .map(|_| {
                    if rng.random::<f64>() < drop {
                        0.0
                    } else {
                        open
                    }
                })
                .collect();
            Tensor::from_vec(gate, (batch, 1, 1), device)
        });
        Ok(Self(gates.collect::<Result<_>>()?))
    }
}
