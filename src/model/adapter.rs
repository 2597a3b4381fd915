use super::ModelError;
use super::pass::Pass;
use super::weights::Weights;
use candle_core::{Result, Tensor};

/// The fixed factor on every adapter's output.
pub const ADAPTER_SCALE: f64 = 0.1;

/// A stochastic adapter: `0.1 * ReLU(h D) U` beside one branch of a block, no biases.
///
/// `down` is `D` `[d, r]`, `up` is `U` `[r, d]`. Source: Kim, Kim, Kwak, WACV 2025, section 3.2.
#[derive(Clone, Debug)]
pub struct Adapter {
    down: Tensor,
    up: Tensor,
    block: usize,
    branch: usize,
}

impl Adapter {
    /// The adapters of one block: beside attention, beside the FFN.
    pub fn pair(weights: &Weights, block: usize) -> std::result::Result<[Self; 2], ModelError> {
        let adapter = |branch: usize, name: &str| -> std::result::Result<Self, ModelError> {
            Ok(Self {
                down: weights.get(&format!("adapters.{block}.{name}.down"))?,
                up: weights.get(&format!("adapters.{block}.{name}.up"))?,
                block,
                branch,
            })
        };
        Ok([adapter(0, "attn")?, adapter(1, "mlp")?])
    }

    /// `[B, N, d]` to `[B, N, d]`, gated sample by sample in training.
    pub fn forward(&self, h: &Tensor, pass: &Pass) -> Result<Tensor> {
        let (b, n, d) = h.dims3()?;
        let hidden = h.reshape((b * n, d))?.matmul(&self.down)?.relu()?;
        match pass.gate(self.block, self.branch) {
            // The gate and the scale go on the rank-r side, which is narrower than the output.
            Some(gate) => {
                let rank = hidden.dim(1)?;
                let factor = (gate * ADAPTER_SCALE)?;
                let hidden = hidden.reshape((b, n, rank))?.broadcast_mul(&factor)?;
                hidden
                    .reshape((b * n, rank))?
                    .matmul(&self.up)?
                    .reshape((b, n, d))
            }
            None => (hidden * ADAPTER_SCALE)?
                .matmul(&self.up)?
                .reshape((b, n, d)),
        }
    }
}
