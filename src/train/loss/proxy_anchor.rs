use super::MetricLoss;
use super::cosines::Cosines;
use candle_core::{Result, Tensor};

/// Proxy-Anchor: every proxy is an anchor that weighs its positives and negatives by their hardness.
///
/// Kim et al. 2020, arXiv 2003.13911, equation 4.
#[derive(Clone, Debug)]
pub struct ProxyAnchor {
    /// How sharply hard samples are preferred (`alpha` in the paper).
    pub scale: f64,
    /// The margin `delta` on the cosine.
    pub margin: f64,
}

impl Default for ProxyAnchor {
    fn default() -> Self {
        Self {
            scale: 32.0,
            margin: 0.1,
        }
    }
}

impl MetricLoss for ProxyAnchor {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<Tensor> {
        let cosines = Cosines::new(embeddings, labels, proxies)?;
        let own = cosines.own.to_dtype(cosines.cosine.dtype())?;
        let others = own.affine(-1.0, 1.0)?;
        let pull = ((&cosines.cosine - self.margin)? * -self.scale)?.exp()?;
        let push = ((&cosines.cosine + self.margin)? * self.scale)?.exp()?;
        let pull = ((pull * own)?.sum(0)? + 1.0)?.log()?.sum_all()?;
        let push = ((push * others)?.sum(0)? + 1.0)?.log()?.sum_all()?;

        let present = labels.iter().collect::<std::collections::BTreeSet<_>>();
        let classes = proxies.dim(0)? as f64;
        (pull / present.len() as f64)? + (push / classes)?
    }
}
