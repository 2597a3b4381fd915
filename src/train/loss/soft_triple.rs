use super::MetricLoss;
use super::cosines::{Cosines, normalise};
use candle_core::{D, Result, Tensor};
use candle_nn::ops::softmax;

/// SoftTriple: a class has several centres, a photo's likeness to it is a soft maximum over them.
///
/// Qian et al. 2019, arXiv 1909.05235, equations 7 to 9, with the regulariser that merges centres nobody needs.
#[derive(Clone, Debug)]
pub struct SoftTriple {
    /// Centres `K` of a class.
    pub centres: usize,
    /// What the cosines are multiplied by (`lambda`).
    pub scale: f64,
    /// How soft the maximum over the centres is (`gamma`).
    pub softness: f64,
    /// What the true class's likeness loses (`delta`).
    pub margin: f64,
    /// Weight of the regulariser (`tau`).
    pub merging: f64,
}

impl Default for SoftTriple {
    fn default() -> Self {
        Self {
            centres: 10,
            scale: 20.0,
            softness: 0.1,
            margin: 0.01,
            merging: 0.2,
        }
    }
}

impl MetricLoss for SoftTriple {
    /// `proxies` `[C K, e]` holds the centres of one class after those of another.
    fn loss(&self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<Tensor> {
        let (rows, width) = proxies.dims2()?;
        if !rows.is_multiple_of(self.centres) {
            candle_core::bail!("{rows} centres are no multiple of {} a class", self.centres);
        }
        let classes = rows / self.centres;
        let centres = normalise(proxies)?;
        let each = normalise(embeddings)?.matmul(&centres.t()?)?;
        let each = each.reshape(((), classes, self.centres))?;
        let chosen = softmax(&(&each / self.softness)?, D::Minus1)?;
        let cosines = Cosines::of(labels, (chosen * each)?.sum(D::Minus1)?)?;
        let positive = (cosines.positive()? - self.margin)?;
        let logits = cosines.with_positive(&positive, &cosines.cosine)?;
        let classify = cosines.cross_entropy(&(logits * self.scale)?)?;
        if self.centres < 2 {
            return Ok(classify);
        }
        let centres = centres.reshape((classes, self.centres, width))?;
        classify + (self.spread(&centres)? * self.merging)?
    }
}

impl SoftTriple {
    /// Mean distance of the centres of a class, `[C, K, e]`, as the regulariser counts it: each pair once, over
    /// `C K (K - 1)`.
    fn spread(&self, centres: &Tensor) -> Result<Tensor> {
        let (classes, count, _) = centres.dims3()?;
        let cosine = centres.matmul(&centres.transpose(1, 2)?.contiguous()?)?;
        // The floor is the published one: a square root has no slope at zero.
        let distance = cosine.affine(-2.0, 2.0 + 1e-5)?.maximum(1e-6)?.sqrt()?;
        let once = Tensor::triu2(count, cosine.dtype(), cosine.device())?;
        let once = (once - Tensor::eye(count, cosine.dtype(), cosine.device())?)?;
        distance.broadcast_mul(&once)?.sum_all()? / (classes * count * (count - 1)) as f64
    }
}
