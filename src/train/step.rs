use super::loss::MetricLoss;
use super::workers::Workers;
use crate::model::{Ablation, Gates, Network, Pass};
use candle_core::{Result, Tensor, Var};

/// Weight of the prompt pool's orthogonality penalty.
pub const PENALTY_WEIGHT: f64 = 1e-6;

/// What a step works on.
pub struct StepInput<'a> {
    /// Normalised pixels, one `[b, 3, H, W]` a chunk; or class tokens `[b, d]`, where only the head is trained.
    pub chunks: &'a [Tensor],
    /// Gates of the adapters, one a chunk; none: every adapter fires.
    pub gates: Option<&'a [Gates]>,
    /// Class of each photo.
    pub labels: &'a [u32],
    /// Where each photo's embedding is to stay, `[B, e]` of unit length, with the weight of that wish.
    pub keep: Option<(&'a Tensor, f64)>,
    /// Whether each chunk's activations are computed again for the backward pass instead of being kept.
    pub recompute: bool,
    /// Whether factors are rounded, see [`Pass::Mixed`].
    pub mixed_precision: bool,
}

/// The losses of one step.
#[derive(Clone, Copy, Debug)]
pub struct Losses {
    /// Metric-learning loss.
    pub metric: f32,
    /// Orthogonality penalty of the pool, weighted.
    pub penalty: f32,
    /// Distance from where the embeddings were to stay: mean of `1 - cos`, unweighted.
    pub keep: f32,
    /// What is minimised.
    pub total: f32,
}

/// Forward and backward pass of one batch.
pub struct TrainStep<'a> {
    /// The network whose variables are trained.
    pub network: &'a Network,
    /// The pool's keys, attention and prompts, if there is a pool: the penalty falls on them.
    pub pool: &'a [Var],
    /// Class proxies `[C, e]`.
    pub proxies: &'a Var,
}

impl TrainStep<'_> {
    /// Losses and gradients, the latter in the order of `variables`.
    ///
    /// Chunks run on `workers` one by one; the losses are of the whole batch. Their gradient with respect to the
    /// embeddings is carried back through each chunk, so the result is that of one large pass.
    pub fn run(
        &self,
        input: &StepInput,
        loss: &mut dyn MetricLoss,
        workers: &Workers,
        variables: &[&Var],
    ) -> Result<(Losses, Vec<Tensor>)> {
        let outputs: Vec<Tensor> = workers.map(input.chunks.len(), |index| {
            let embedding = self.embed(input, index)?;
            Ok::<_, candle_core::Error>(if input.recompute {
                embedding.detach()
            } else {
                embedding
            })
        })?;
        let detached: Vec<Tensor> = outputs.iter().map(Tensor::detach).collect();
        let embeddings = Var::from_tensor(&Tensor::cat(&detached, 0)?)?;
        let metric = loss.loss(&embeddings, input.labels, self.proxies)?;
        loss.update(&embeddings.detach(), input.labels, &self.proxies.detach())?;
        let penalty = match self.pool {
            [] => metric.zeros_like()?.detach(),
            pool => (prompt_penalty(pool)? * PENALTY_WEIGHT)?,
        };
        let mut total = (&metric + &penalty)?;
        let mut keep_distance = 0.0;
        if let Some((targets, weight)) = input.keep {
            let distance = (1.0 - (embeddings.as_tensor() * targets)?.sum(1)?.mean(0)?)?;
            keep_distance = distance.to_scalar::<f32>()?;
            total = (total + (distance * weight)?)?;
        }
        let losses = Losses {
            metric: metric.to_scalar()?,
            penalty: penalty.to_scalar()?,
            keep: keep_distance,
            total: total.to_scalar()?,
        };
        let outer = total.backward()?;
        let Some(embedding_gradient) = outer.get(&embeddings) else {
            candle_core::bail!("the loss does not depend on the embeddings");
        };
        let mut gradients: Vec<Option<Tensor>> = variables
            .iter()
            .map(|var| outer.get(var).map(Tensor::detach))
            .collect();
        // A gradient remembers the operations it came from; without `detach` the optimiser would keep every graph alive.
        let starts = starts(input.chunks)?;
        let per_chunk = workers.map(outputs.len(), |index| {
            let output = if input.recompute {
                self.embed(input, index)?
            } else {
                outputs[index].clone()
            };
            let gradient = embedding_gradient.narrow(0, starts[index], output.dim(0)?)?;
            let inner = (output * gradient)?.sum_all()?.backward()?;
            Ok::<_, candle_core::Error>(
                variables
                    .iter()
                    .map(|var| inner.get(var).map(Tensor::detach))
                    .collect::<Vec<_>>(),
            )
        })?;
        for chunk in per_chunk {
            for (sum, gradient) in gradients.iter_mut().zip(chunk) {
                *sum = match (sum.take(), gradient) {
                    (Some(sum), Some(gradient)) => Some((sum + gradient)?),
                    (sum, gradient) => sum.or(gradient),
                };
            }
        }
        let gradients =
            gradients
                .into_iter()
                .zip(variables)
                .map(|(gradient, var)| match gradient {
                    Some(gradient) => Ok(gradient),
                    None => var.as_tensor().zeros_like(),
                });
        Ok((losses, gradients.collect::<Result<_>>()?))
    }

    /// Embeddings `[b, e]` of one chunk, with their graph.
    fn embed(&self, input: &StepInput, index: usize) -> Result<Tensor> {
        let gates = input.gates.map(|gates| &gates[index]);
        let pass = match input.mixed_precision {
            true => Pass::Mixed(gates),
            false => Pass::Training(gates),
        };
        let chunk = &input.chunks[index];
        if chunk.rank() == 2 {
            self.network.embedding(chunk, &pass)
        } else {
            Ok(self.network.embed(chunk, &pass, &Ablation::None)?.embedding)
        }
    }
}

/// Where each chunk's photos start in the batch.
fn starts(chunks: &[Tensor]) -> Result<Vec<usize>> {
    let mut start = 0;
    let mut starts = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        starts.push(start);
        start += chunk.dim(0)?;
    }
    Ok(starts)
}

/// Sum over `T` in `pool` of `mean((T T^T - I)^2)`, each `T` flattened to `[M, .]`, unweighted.
pub fn prompt_penalty(pool: &[Var]) -> Result<Tensor> {
    let mut terms = Vec::with_capacity(pool.len());
    for var in pool {
        let rows = var.as_tensor().flatten_from(1)?;
        let identity = Tensor::eye(rows.dim(0)?, rows.dtype(), rows.device())?;
        terms.push((rows.matmul(&rows.t()?)? - identity)?.sqr()?.mean_all()?);
    }
    Tensor::stack(&terms, 0)?.sum_all()
}
