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
    temperature: Option<f64>,
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
            temperature: config.temperature,
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

    /// The prompts' weights `[B, M]` of similarities `[B, M]`: themselves, or their softmax where the pool has a
    /// temperature.
    pub fn weights(&self, similarity: &Tensor) -> Result<Tensor> {
        match self.temperature {
            Some(temperature) => candle_nn::ops::softmax(&(similarity / temperature)?, D::Minus1),
            None => Ok(similarity.clone()),
        }
    }

    /// The conditional prompt `[B, L, d]` of weights `[B, M]`: `sum_m w_m P_m`.
    pub fn conditional_prompt(&self, weights: &Tensor) -> Result<Tensor> {
        let (m, l, d) = self.prompts.dims3()?;
        weights
            .matmul(&self.prompts.reshape((m, l * d))?)?
            .reshape((weights.dim(0)?, l, d))
    }
}

/// The similarities `[M]` whose prompt is the mean of the prompts of pictures with similarities `rows`, each `[M]`.
///
/// Without a temperature that is their mean, because the prompt is linear in them.
pub fn similarity_of_mean_prompt<'a>(
    config: &PromptConfig,
    rows: impl Iterator<Item = &'a [f32]>,
) -> Vec<f32> {
    let mut sums = vec![0f64; config.pool_size];
    let mut count = 0.0;
    for row in rows {
        let mut row: Vec<f64> = row.iter().map(|&s| f64::from(s)).collect();
        if let Some(temperature) = config.temperature {
            row.iter_mut().for_each(|s| *s = (*s / temperature).exp());
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|weight| *weight /= total);
        }
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, weight)| *sum += weight);
        count += 1.0;
    }
    let mean = sums.into_iter().map(|sum| sum / f64::max(count, 1.0));
    let similarity = mean.map(|weight| match config.temperature {
        Some(temperature) => temperature * weight.max(f64::MIN_POSITIVE).ln(),
        None => weight,
    });
    similarity.map(|s| s as f32).collect()
}

/// The query `[B, d]` as published, of patch embeddings `[B, n, d]`: `(mean_n + max_n) / 2`, detached.
pub fn published_query(patches: &Tensor) -> Result<Tensor> {
    let patches = patches.detach();
    (patches.mean(1)? + patches.max(1)?)? * 0.5
}
