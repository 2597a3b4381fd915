//! Operations of the training path: each carries gradients, and each is quick on a CPU.
//!
//! candle's fused operations cut the gradient silently, and its composed ones walk through memory many times. These
//! stand between the two: one pass forward, one pass backward, no gradient for what is frozen. On other devices the
//! composed form is used.

mod attention;
mod exp;
mod fused;
mod gelu;
pub mod kernels;
mod layer_norm;
mod linear;
mod patches;
mod sequence;
mod vector;

pub use attention::attention;
pub use fused::{AdapterPair, BlockTensors, FusedBlock, Spare, Trained, block, encode};
pub use gelu::gelu;
pub use layer_norm::layer_norm;
pub use linear::{FrozenWeights, Precision, frozen_linear, linear};
pub use patches::patches;
pub use sequence::Sequence;

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};

/// The contiguous f32 values behind a custom operation's argument.
fn f32_slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("a contiguous argument is needed");
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Calls `read` with the values of a contiguous f32 CPU tensor, without copying them.
fn with_slice<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => read(f32_slice(storage, layout)?),
        _ => bail!("a tensor on the CPU is needed"),
    }
}
