use super::MetricLoss;
use super::pairs::Pairs;
use candle_core::{D, Result, Tensor};

/// Multi-Similarity: pairs that are hard among an anchor's pairs are kept and weighed against each other.
///
/// Wang et al. 2019, arXiv 1904.06627, equations 13 to 15.
#[derive(Clone, Debug)]
pub struct MultiSimilarity {
    /// How sharply far positives are preferred (`alpha`).
    pub pull_scale: f64,
    /// How sharply near negatives are preferred (`beta`).
    pub push_scale: f64,
    /// The cosine `lambda` that divides near from far.
    pub threshold: f64,
    /// How much easier than the hardest pair of the other kind a pair may be to count (`epsilon`).
    pub slack: f64,
}

impl Default for MultiSimilarity {
    fn default() -> Self {
        Self {
            pull_scale: 2.0,
            push_scale: 50.0,
            threshold: 0.5,
            slack: 0.1,
        }
    }
}

impl MetricLoss for MultiSimilarity {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], _proxies: &Tensor) -> Result<Tensor> {
        let pairs = Pairs::new(embeddings, labels)?;
        let (positive, negative) = self.hard(&pairs)?;
        let above = (&pairs.cosine - self.threshold)?;
        let pull = weighed(&above, &positive, -self.pull_scale)?;
        let push = weighed(&above, &negative, self.push_scale)?;
        (pull + push)?.mean_all()
    }
}

impl MultiSimilarity {
    /// The pairs that count, `[B, B]` each: positives less alike than the nearest negative, and the other way round.
    fn hard(&self, pairs: &Pairs) -> Result<(Tensor, Tensor)> {
        let cosine = pairs.cosine.detach();
        let nearest_negative = Pairs::largest(&cosine, &pairs.negative)?;
        let farthest_positive = Pairs::largest(&cosine.neg()?, &pairs.positive)?.neg()?;
        let far = cosine.broadcast_lt(&(nearest_negative + self.slack)?)?;
        let near = cosine.broadcast_gt(&(farthest_positive - self.slack)?)?;
        let positive = (far.to_dtype(cosine.dtype())? * &pairs.positive)?;
        let negative = (near.to_dtype(cosine.dtype())? * &pairs.negative)?;
        Ok((positive, negative))
    }
}

/// `log(1 + sum exp(scale * above)) / |scale|` over the pairs of `mask`, `[B]`.
fn weighed(above: &Tensor, mask: &Tensor, scale: f64) -> Result<Tensor> {
    let sum = ((above * scale)?.exp()? * mask)?.sum(D::Minus1)?;
    (sum + 1.0)?.log()? / scale.abs()
}
