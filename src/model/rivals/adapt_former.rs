use super::super::ModelError;
use super::super::linear::Linear;
use super::super::pass::Pass;
use super::super::weights::Weights;
use candle_core::{Result, Tensor};

/// The fixed factor on the output.
const SCALE: f64 = 0.1;

/// AdaptFormer: `0.1 * (ReLU(x D + b) U + c)` beside a block's FFN, of the tokens before the block's second norm.
///
/// Source: Chen et al., NeurIPS 2022, section 3.2.
#[derive(Clone, Debug)]
pub struct AdaptFormer {
    down: Linear,
    up: Linear,
}

impl AdaptFormer {
    /// Takes `adapt_former.BLOCK.{down, up}.{weight, bias}`.
    pub fn new(weights: &Weights, block: usize) -> std::result::Result<Self, ModelError> {
        Ok(Self {
            down: Linear::new(weights, &format!("adapt_former.{block}.down"))?,
            up: Linear::new(weights, &format!("adapt_former.{block}.up"))?,
        })
    }

    /// `[B, N, d]` to `[B, N, d]`.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let hidden = self.down.forward(x, pass)?.relu()?;
        self.up.forward(&hidden, pass)? * SCALE
    }
}
