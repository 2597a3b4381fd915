use super::MetricLoss;
use super::cosines::{Cosines, add_angular_margin};
use candle_core::{Result, Tensor};

/// ArcFace: cross-entropy over scaled cosines with a margin added to the true class's angle.
///
/// Deng et al. 2019, arXiv 1801.07698, equation 3.
#[derive(Clone, Debug)]
pub struct ArcFace {
    /// What the cosines are multiplied by.
    pub scale: f64,
    /// What the true class's angle gains, in radians.
    pub margin: f64,
}

impl Default for ArcFace {
    fn default() -> Self {
        Self {
            scale: 64.0,
            margin: 0.5,
        }
    }
}

impl MetricLoss for ArcFace {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<Tensor> {
        let cosines = Cosines::new(embeddings, labels, proxies)?;
        let positive = add_angular_margin(&cosines.positive()?, self.margin)?;
        let logits = cosines.with_positive(&positive, &cosines.cosine)?;
        cosines.cross_entropy(&(logits * self.scale)?)
    }
}
