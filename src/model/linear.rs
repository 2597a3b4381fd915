use super::ModelError;
use super::ops;
use super::pass::Pass;
use super::weights::Weights;
use candle_core::{Result, Tensor};

/// A linear layer: `weight` `[out, in]`, `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
    frozen: Option<ops::FrozenWeights>,
}

impl Linear {
    /// Takes `NAME.weight` and `NAME.bias`.
    pub fn new(weights: &Weights, name: &str) -> std::result::Result<Self, ModelError> {
        let weight = weights.get(&format!("{name}.weight"))?;
        let bias = weights.get(&format!("{name}.bias"))?;
        let trained = weight.is_variable() || bias.is_variable();
        Ok(Self {
            frozen: (!trained).then(|| ops::FrozenWeights::new(&weight, &bias)),
            weight,
            bias,
        })
    }

    /// Weight and bias.
    pub fn tensors(&self) -> (&Tensor, &Tensor) {
        (&self.weight, &self.bias)
    }

    /// `[.., in]` to `[.., out]`.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let mut shape = x.dims().to_vec();
        let (rows, width) = (x.elem_count() / self.weight.dim(1)?, self.weight.dim(1)?);
        let x = x.reshape((rows, width))?;
        let rounds = pass.rounds(x.device());
        let y = match &self.frozen {
            _ if !pass.is_training() => x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)?,
            Some(frozen) => ops::frozen_linear(&x, frozen, rounds)?,
            None => ops::linear(&x, &self.weight, Some(&self.bias), rounds)?,
        };
        if let Some(last) = shape.last_mut() {
            *last = self.weight.dim(0)?;
        }
        y.reshape(shape)
    }
}
