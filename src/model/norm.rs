use super::ModelError;
use super::ops;
use super::pass::Pass;
use super::weights::Weights;
use candle_core::{Result, Tensor};

/// Layer normalisation with scale and shift `[d]`.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// Takes `NAME.weight` and `NAME.bias`.
    pub fn new(weights: &Weights, name: &str, eps: f64) -> std::result::Result<Self, ModelError> {
        Ok(Self {
            weight: weights.get(&format!("{name}.weight"))?,
            bias: weights.get(&format!("{name}.bias"))?,
            eps,
        })
    }

    /// Scale and shift.
    pub fn tensors(&self) -> (&Tensor, &Tensor) {
        (&self.weight, &self.bias)
    }

    /// What is added to the variance.
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// `[.., d]` to `[.., d]`.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        if pass.is_training() {
            ops::layer_norm(x, &self.weight, &self.bias, self.eps)
        } else {
            candle_nn::ops::layer_norm(&x.contiguous()?, &self.weight, &self.bias, self.eps as f32)
        }
    }
}
