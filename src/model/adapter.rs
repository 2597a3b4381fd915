use super::ModelError;
use super::ops;
use super::pass::Pass;
use super::weights::Weights;
use candle_core::{DType, Result, Tensor};
use std::sync::{Arc, OnceLock};

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
    /// Both adapters of the block, packed for fused passes; kept by the first of them, and not where it is trained.
    packed: Arc<OnceLock<ops::AdapterPair<f32>>>,
    rounded: Arc<OnceLock<ops::AdapterPair<ops::kernels::Pair>>>,
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
                packed: Arc::default(),
                rounded: Arc::default(),
            })
        };
        Ok([adapter(0, "attn")?, adapter(1, "mlp")?])
    }

    /// The factors on the outputs of a block's adapters, one pair for each of `batch` pictures.
    pub fn factors(block: usize, batch: usize, pass: &Pass) -> Result<Vec<[f32; 2]>> {
        let mut factors = vec![[ADAPTER_SCALE as f32; 2]; batch];
        for branch in 0..2 {
            if let Some(gate) = pass.gate(block, branch) {
                let gates = gate.flatten_all()?.to_vec1::<f32>()?;
                for (factors, gate) in factors.iter_mut().zip(gates) {
                    factors[branch] *= gate;
                }
            }
        }
        Ok(factors)
    }

    /// All values of a block's adapters one after the other, `[4 * d * r]`: `D` and `U` of each.
    pub fn flat(pair: &[Self; 2]) -> Result<Tensor> {
        let [first, second] = pair;
        let tensors = [&first.down, &first.up, &second.down, &second.up];
        let flat: Vec<Tensor> = tensors
            .into_iter()
            .map(Tensor::flatten_all)
            .collect::<Result<_>>()?;
        Tensor::cat(&flat, 0)
    }

    /// A block's adapters, packed.
    pub fn packed(pair: &[Self; 2]) -> Result<ops::AdapterPair<f32>> {
        Self::packed_in(pair, &pair[0].packed)
    }

    /// The same, rounded to bf16.
    pub fn rounded(pair: &[Self; 2]) -> Result<ops::AdapterPair<ops::kernels::Pair>> {
        Self::packed_in(pair, &pair[0].rounded)
    }

    fn packed_in<T: ops::Precision>(
        pair: &[Self; 2],
        cell: &OnceLock<ops::AdapterPair<T>>,
    ) -> Result<ops::AdapterPair<T>> {
        if let Some(packed) = cell.get() {
            return Ok(packed.clone());
        }
        let flat = Self::flat(pair)?.to_vec1::<f32>()?;
        let packed = ops::AdapterPair::new(&flat, pair[0].down.dim(0)?);
        if pair.iter().any(Self::is_trained) {
            return Ok(packed);
        }
        Ok(cell.get_or_init(|| packed).clone())
    }

    /// Whether it is trained.
    pub fn is_trained(&self) -> bool {
        self.down.is_variable() || self.up.is_variable()
    }

    /// `D` `[d, r]` and `0.1 * U` `[r, d]` in other numbers.
    pub fn scaled(&self, dtype: DType) -> Result<[Tensor; 2]> {
        let up = (&self.up * ADAPTER_SCALE)?;
        Ok([self.down.to_dtype(dtype)?, up.to_dtype(dtype)?])
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
