use super::ModelError;
use super::config::PromptConfig;
use super::weights::Weights;
use candle_core::{D, Result, Tensor};

/// The factor of the pool's batch norm, which always evaluates with mean 0, variance 1 and eps 1e-5.
const BATCH_NORM_FACTOR: f64 = 0.999_995_000_037_499_7;

/// The pool of `M` prompts of `L` tokens, with a key and an attention vector each.
///
/// Source: Kim, Kim, Kwak, WACV 2025, section 3.3. The similarities are not normalised over the pool and may be
/// negative; they depend on one picture alone.
#[derive(Clone, Debug)]
pub struct PromptPool {
    prompts: Tensor,
    keys: Tensor,
    attention: Tensor,
    /// Mean and standard deviation `[d]` of queries, where they are standardised.
    standard: Option<[Tensor; 2]>,
}

impl PromptPool {
    /// Takes `prompt_pool.{prompts, keys, attention}`: `[M, L, d]`, `[M, d]`, `[M, d]`; of standardised queries also
    /// `prompt_pool.{query_mean, query_std}`, `[d]` each.
    pub fn new(weights: &Weights, config: &PromptConfig) -> std::result::Result<Self, ModelError> {
        Ok(Self {
            standard: if config.standardised {
                Some([
                    weights.get("prompt_pool.query_mean")?,
                    weights.get("prompt_pool.query_std")?,
                ])
            } else {
                None
            },
            prompts: weights.get("prompt_pool.prompts")?,
            keys: weights.get("prompt_pool.keys")?,
            attention: weights.get("prompt_pool.attention")?,
        })
    }

    /// The query `[B, d]` of patch embeddings `[B, n, d]` without positions: `(mean_n + max_n) / 2`, detached, and
    /// standardised channel by channel where the pool says so.
    pub fn query(&self, patches: &Tensor) -> Result<Tensor> {
        let query = published_query(patches)?;
        match &self.standard {
            Some([mean, std]) => query.broadcast_sub(mean)?.broadcast_div(std),
            None => Ok(query),
        }
    }

    /// Similarities `[B, M]` of queries `[B, d]`: `s_m = cos(q * softmax_d(A_m), K_m)`.
    pub fn similarity(&self, query: &Tensor) -> Result<Tensor> {
        let attention = candle_nn::ops::softmax(&self.attention, D::Minus1)?;
        let along = query.matmul(&(&attention * &self.keys)?.t()?)?;
        let attended_norm = query.sqr()?.matmul(&attention.sqr()?.t()?)?.sqrt()?;
        let key_norm = self.keys.sqr()?.sum_keepdim(1)?.sqrt()?.t()?;
        let norms = attended_norm
            .maximum(1e-12)?
            .broadcast_mul(&key_norm.maximum(1e-12)?)?;
        (along / norms)? * BATCH_NORM_FACTOR
    }

    /// The conditional prompt `[B, L, d]` of similarities `[B, M]`: `sum_m s_m P_m`.
    pub fn conditional_prompt(&self, similarity: &Tensor) -> Result<Tensor> {
        let (m, l, d) = self.prompts.dims3()?;
        similarity
            .matmul(&self.prompts.reshape((m, l * d))?)?
            .reshape((similarity.dim(0)?, l, d))
    }
}

/// The query `[B, d]` as published, of patch embeddings `[B, n, d]`: `(mean_n + max_n) / 2`, detached.
pub fn published_query(patches: &Tensor) -> Result<Tensor> {
    let patches = patches.detach();
    (patches.mean(1)? + patches.max(1)?)? * 0.5
}
