use super::MetricLoss;
use super::cosines::Cosines;
use candle_core::{Result, Tensor};

/// CosFace: cross-entropy over scaled cosines with a margin taken off the true class's cosine.
///
/// Wang et al. 2018, arXiv 1801.09414, equation 4.
#[derive(Clone, Debug)]
pub struct CosFace {
    /// What the cosines are multiplied by.
    pub scale: f64,
    /// What the true class's cosine loses.
    pub margin: f64,
}

impl Default for CosFace {
    fn default() -> Self {
        Self {
            scale: 64.0,
            margin: 0.35,
        }
    }
}

impl MetricLoss for CosFace {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<Tensor> {
        let cosines = Cosines::new(embeddings, labels, proxies)?;
        let positive = (cosines.positive()? - self.margin)?;
        let logits = cosines.with_positive(&positive, &cosines.cosine)?;
        cosines.cross_entropy(&(logits * self.scale)?)
    }
}
