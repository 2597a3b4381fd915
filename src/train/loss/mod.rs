//! Metric-learning losses: over class proxies, and over the pairs of a batch, which leave the proxies alone.
//!
//! Every operation used here carries gradients for embeddings and proxies; `tests/train/losses.rs` and
//! `tests/train/pair_losses.rs` hold all of them to golden values and gradients.

mod arc_face;
mod cos_face;
mod cosines;
mod curricular_face;
mod kind;
mod margin;
mod multi_similarity;
mod pairs;
mod proxy_anchor;
mod soft_triple;
mod triplet;

pub use arc_face::ArcFace;
pub use cos_face::CosFace;
pub use curricular_face::CurricularFace;
pub use kind::LossKind;
pub use margin::Margin;
pub use multi_similarity::MultiSimilarity;
pub use proxy_anchor::ProxyAnchor;
pub use soft_triple::SoftTriple;
pub use triplet::Triplet;

use candle_core::{Result, Tensor};

/// A loss that pulls embeddings of one class together and others apart.
pub trait MetricLoss {
    /// The loss of one batch, a scalar.
    ///
    /// `embeddings` `[B, e]` and `proxies` `[C, e]` ([`LossKind::centres`] rows a class) are normalised here, so they
    /// may have any length; `labels` holds one class below `C` for each embedding.
    ///
    /// # Errors
    /// Fails if the shapes disagree, the batch is empty or a label has no proxy.
    fn loss(&self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<Tensor>;

    /// Takes the batch into the running state; to be called once a step, after [`MetricLoss::loss`], with the same
    /// arguments. Does nothing for losses without a state.
    ///
    /// # Errors
    /// As [`MetricLoss::loss`].
    fn update(&mut self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<()> {
        let _ = (embeddings, labels, proxies);
        Ok(())
    }

    /// The running state for a checkpoint; empty for losses without one.
    fn state(&self) -> Vec<f32> {
        Vec::new()
    }

    /// Puts back what [`MetricLoss::state`] gave.
    ///
    /// # Errors
    /// Fails if `state` has not the length this loss needs.
    fn set_state(&mut self, state: &[f32]) -> Result<()> {
        if !state.is_empty() {
            candle_core::bail!(
                "this loss keeps no running state, the checkpoint holds {} values",
                state.len()
            );
        }
        Ok(())
    }
}
