use super::MetricLoss;
use super::pairs::{Pairs, active_sum};
use candle_core::{Result, Tensor};

/// Triplet loss: an anchor shall be nearer to a photo of its class than to one of another class, by a margin.
///
/// Schroff et al. 2015, arXiv 1503.03832, equation 2, over all triplets of a batch that violate the margin.
#[derive(Clone, Debug)]
pub struct Triplet {
    /// The margin `alpha` on the squared distance of normalised embeddings.
    pub margin: f64,
}

impl Default for Triplet {
    fn default() -> Self {
        Self { margin: 0.2 }
    }
}

impl MetricLoss for Triplet {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], _proxies: &Tensor) -> Result<Tensor> {
        let pairs = Pairs::new(embeddings, labels)?;
        let squared = pairs.cosine.affine(-2.0, 2.0)?;
        // Anchor, positive, negative: `[B, B, B]`.
        let gap = squared
            .unsqueeze(2)?
            .broadcast_sub(&squared.unsqueeze(1)?)?;
        let triplets = pairs
            .positive
            .unsqueeze(2)?
            .broadcast_mul(&pairs.negative.unsqueeze(1)?)?;
        let (sum, active) = active_sum(&(gap + self.margin)?.relu()?, &triplets)?;
        sum / active.max(1.0)
    }
}
