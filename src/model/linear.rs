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
}

impl Linear {
    /// Takes `NAME.weight` and `NAME.bias`.
    pub fn new(weights: &Weights, name: &str) -> std::result::Result<Self, ModelError> {
        Ok(Self {
            weight: weights.get(&format!("{name}.weight"))?,
            bias: weights.get(&format!("{name}.bias"))?,
        })
    }

    /// `[.., in]` to `[.., out]`.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let mut shape = x.dims().to_vec();
        let (rows, width) = (x.elem_count() / self.weight.dim(1)?, self.weight.dim(1)?);
        let x = x.reshape((rows, width))?;
        let frozen = !self.weight.is_variable() && !self.bias.is_variable();
        let y = if frozen && pass.is_training() {
            ops::frozen_linear(&x, &self.weight, Some(&self.bias))?
        } else {
            x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)?
        };
        if let Some(last) = shape.last_mut() {
            *last = self.weight.dim(0)?;
        }
        y.reshape(shape)
    }
}
