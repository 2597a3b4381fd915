use super::super::ModelError;
use super::super::weights::Weights;
use candle_core::{Result, Tensor};

/// Visual prompt tuning: learnt tokens `[layers, L, d]` behind the class token, without positions.
///
/// With one layer they enter before the first block and go through all of them (VPT-shallow); with as many layers as
/// blocks, each block replaces what the one before made of them by its own (VPT-deep). Source: Jia et al., ECCV 2022,
/// section 3.2.
#[derive(Clone, Debug)]
pub struct VisualPrompts {
    prompts: Tensor,
}

impl VisualPrompts {
    /// Takes `visual_prompts` `[layers, L, d]`.
    pub fn new(weights: &Weights) -> std::result::Result<Self, ModelError> {
        Ok(Self {
            prompts: weights.get("visual_prompts")?,
        })
    }

    /// Puts the tokens of block `block` behind the class token, in place of those of the block before.
    pub fn put_in(&self, block: usize, tokens: Tensor) -> Result<Tensor> {
        let (layers, length, d) = self.prompts.dims3()?;
        if block >= layers {
            return Ok(tokens);
        }
        let (b, n, _) = tokens.dims3()?;
        let first = if block == 0 { 1 } else { 1 + length };
        let own = self.prompts.narrow(0, block, 1)?;
        // Added to zeros, since the gradient of a broadcast sum is that of its rows.
        let own =
            Tensor::zeros((b, length, d), tokens.dtype(), tokens.device())?.broadcast_add(&own)?;
        Tensor::cat(
            &[
                &tokens.narrow(1, 0, 1)?,
                &own,
                &tokens.narrow(1, first, n - first)?,
            ],
            1,
        )
    }
}
