//! Other parameter-efficient methods on the same frozen ViT, to be compared with.

mod adapt_former;
mod low_rank;
mod visual_prompts;

use super::ModelError;
use super::config::RivalConfig;
use super::pass::Pass;
use super::weights::Weights;
use adapt_former::AdaptFormer;
use candle_core::{Result, Tensor};
use low_rank::LowRank;
use visual_prompts::VisualPrompts;

/// The modules of one method in all blocks.
#[derive(Clone, Debug)]
pub enum Rival {
    /// Learnt tokens behind the class token.
    VisualPrompts(VisualPrompts),
    /// Low-rank updates of query and value, one pair a block.
    LowRank(Vec<LowRank>),
    /// A bottleneck beside each FFN.
    AdaptFormer(Vec<AdaptFormer>),
}

impl Rival {
    /// Takes the method's tensors for a ViT of `depth` blocks.
    pub fn new(
        weights: &Weights,
        config: &RivalConfig,
        depth: usize,
    ) -> std::result::Result<Self, ModelError> {
        Ok(match config {
            RivalConfig::VisualPrompts { .. } => Self::VisualPrompts(VisualPrompts::new(weights)?),
            RivalConfig::LowRank { .. } => Self::LowRank(
                (0..depth)
                    .map(|block| LowRank::new(weights, block))
                    .collect::<std::result::Result<_, _>>()?,
            ),
            RivalConfig::AdaptFormer { .. } => Self::AdaptFormer(
                (0..depth)
                    .map(|block| AdaptFormer::new(weights, block))
                    .collect::<std::result::Result<_, _>>()?,
            ),
        })
    }

    /// Whether blocks themselves are as they were.
    pub fn stays_between_blocks(&self) -> bool {
        matches!(self, Rival::VisualPrompts(_))
    }

    /// The tokens `[B, N, d]` that a block gets, of those that the block before gave.
    pub fn before(&self, block: usize, tokens: Tensor) -> Result<Tensor> {
        match self {
            Rival::VisualPrompts(prompts) => prompts.put_in(block, tokens),
            _ => Ok(tokens),
        }
    }

    /// What comes on top of the projections `[B, N, 3 * d]` of a block's normalised tokens `[B, N, d]`.
    pub fn beside_qkv(&self, block: usize, h: &Tensor, pass: &Pass) -> Result<Option<Tensor>> {
        match self {
            Rival::LowRank(blocks) => blocks[block].forward(h, pass).map(Some),
            _ => Ok(None),
        }
    }

    /// What comes on top of a block's FFN, of the tokens `[B, N, d]` before its norm.
    pub fn beside_mlp(&self, block: usize, x: &Tensor, pass: &Pass) -> Result<Option<Tensor>> {
        match self {
            Rival::AdaptFormer(blocks) => blocks[block].forward(x, pass).map(Some),
            _ => Ok(None),
        }
    }
}
