use super::MetricLoss;
use super::pairs::{Pairs, active_sum};
use candle_core::{D, Result, Tensor};

/// Negatives nearer than this count as if they were so far, so that noisy labels do not take over.
const NEAREST: f64 = 0.5;

/// Margin loss with distance-weighted negatives.
///
/// Wu et al. 2017, arXiv 1706.07567, equations 4 and 5. Where the paper draws one negative for each pair of a class,
/// this takes the mean over that draw, which has no noise; `beta` stays as it is.
#[derive(Clone, Debug)]
pub struct Margin {
    /// The distance `beta` between a class and the others.
    pub boundary: f64,
    /// The margin `alpha` on either side of it.
    pub margin: f64,
}

impl Default for Margin {
    fn default() -> Self {
        Self {
            boundary: 1.2,
            margin: 0.2,
        }
    }
}

impl MetricLoss for Margin {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], _proxies: &Tensor) -> Result<Tensor> {
        let pairs = Pairs::new(embeddings, labels)?;
        let distance = pairs.distance()?;
        let pull = (&distance + (self.margin - self.boundary))?.relu()?;
        let push = ((self.boundary + self.margin) - &distance)?.relu()?;
        let drawn = draws(&pairs, embeddings.dim(1)?)?;
        // A negative is drawn once for each positive of the anchor.
        let positives = pairs.positive.sum_keepdim(D::Minus1)?;
        let (pull, near) = active_sum(&pull, &pairs.positive)?;
        let (push, far) = active_sum(&push, &drawn.broadcast_mul(&positives)?)?;
        (pull + push)? / (near + far).max(1.0)
    }
}

/// With which probability an anchor draws each negative, `[B, B]`: against the density of distances on a sphere of
/// `width` dimensions, so that all distances are equally likely.
fn draws(pairs: &Pairs, width: usize) -> Result<Tensor> {
    let distance = pairs.distance()?.detach().maximum(NEAREST)?;
    let width = width as f64;
    // Two opposite points would have no density at all.
    let opposite = distance.sqr()?.affine(-0.25, 1.0)?.maximum(1e-6)?;
    let density =
        ((distance.log()? * (width - 2.0))? + (opposite.log()? * ((width - 3.0) / 2.0))?)?;
    let rarity = density.neg()?;
    let most = Pairs::largest(&rarity, &pairs.negative)?;
    let weight = (rarity.broadcast_sub(&most)?.minimum(0.0)?.exp()? * &pairs.negative)?;
    weight.broadcast_div(&weight.sum_keepdim(D::Minus1)?.maximum(1e-12)?)
}
