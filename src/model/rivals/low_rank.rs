use super::super::ModelError;
use super::super::ops;
use super::super::pass::Pass;
use super::super::weights::Weights;
use candle_core::{Result, Tensor};

/// Low-rank updates of a block's query and value projections: `W x + B A x`, `A` `[r, d]`, `B` `[d, r]`.
///
/// Source: Hu et al., ICLR 2022, section 4, with `alpha = r`.
#[derive(Clone, Debug)]
pub struct LowRank {
    query: [Tensor; 2],
    value: [Tensor; 2],
}

impl LowRank {
    /// Takes `low_rank.BLOCK.{query, value}.{a, b}`.
    pub fn new(weights: &Weights, block: usize) -> std::result::Result<Self, ModelError> {
        let pair = |part: &str| -> std::result::Result<[Tensor; 2], ModelError> {
            Ok([
                weights.get(&format!("low_rank.{block}.{part}.a"))?,
                weights.get(&format!("low_rank.{block}.{part}.b"))?,
            ])
        };
        Ok(Self {
            query: pair("query")?,
            value: pair("value")?,
        })
    }

    /// The update `[B, N, 3 * d]` of query, key (zeros) and value of `h` `[B, N, d]`.
    pub fn forward(&self, h: &Tensor, pass: &Pass) -> Result<Tensor> {
        let (b, n, d) = h.dims3()?;
        let rows = h.reshape((b * n, d))?;
        let rounds = pass.rounds(h.device());
        let times = |x: &Tensor, weight: &Tensor| match pass.is_training() {
            true => ops::linear(x, weight, None, rounds),
            false => x.matmul(&weight.t()?),
        };
        let update = |[a, up]: &[Tensor; 2]| times(&times(&rows, a)?, up);
        let query = update(&self.query)?;
        let key = query.zeros_like()?;
        let value = update(&self.value)?;
        Tensor::cat(&[&query, &key, &value], 1)?.reshape((b, n, 3 * d))
    }
}
