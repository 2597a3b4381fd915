use super::vector::{sum, sum2, vectorised};
use super::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Tensor};

/// Layer norm over the last dimension of `x` `[.., d]` with scale and shift `[d]`; carries gradients.
///
/// Scale and shift get gradients where one of them is a variable.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_nn::ops::layer_norm_slow(x, weight, bias, eps as f32);
    }
    let x = x.contiguous()?;
    if weight.is_variable() || bias.is_variable() {
        return x.apply_op3(weight, bias, TrainedNorm { eps });
    }
    x.apply_op1(RowNorm::new(weight, bias, eps)?)
}

/// Normalisation of rows `[d]`, with a frozen scale and shift.
#[derive(Clone, Debug)]
pub(super) struct RowNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl RowNorm {
    pub fn new(weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Self> {
        Ok(Self {
            weight: weight.to_vec1()?,
            bias: bias.to_vec1()?,
            eps: eps as f32,
        })
    }

    /// Values in a row.
    pub fn width(&self) -> usize {
        self.weight.len()
    }

    /// Mean and reciprocal standard deviation of a row.
    #[inline(always)]
    fn moments(&self, row: &[f32]) -> (f32, f32) {
        let d = row.len() as f32;
        let mean = sum(row, |x| x) / d;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / d;
        (mean, 1.0 / (variance + self.eps).sqrt())
    }

    /// One row.
    #[inline(always)]
    pub fn forward(&self, row: &[f32], out: &mut [f32]) {
        let (mean, scale) = self.moments(row);
        let affine = self.weight.iter().zip(&self.bias);
        for ((out, x), (w, b)) in out.iter_mut().zip(row).zip(affine) {
            *out = (x - mean) * scale * w + b;
        }
    }

    /// From the gradient `dy` of the result of a row `x` to those of scale and shift, which are added to
    /// `scales` and `shifts`.
    #[inline(always)]
    pub fn affine_gradients(&self, x: &[f32], dy: &[f32], scales: &mut [f32], shifts: &mut [f32]) {
        let (mean, scale) = self.moments(x);
        let sums = scales.iter_mut().zip(shifts);
        for ((scales, shifts), (x, dy)) in sums.zip(x.iter().zip(dy)) {
            *scales += (x - mean) * scale * dy;
            *shifts += dy;
        }
    }

    /// From the gradient `dy` of a row's result to that of the row `x`, which is added to `dx`; `dy` is used up.
    #[inline(always)]
    pub fn backward(&self, x: &[f32], dy: &mut [f32], dx: &mut [f32]) {
        let (mean, scale) = self.moments(x);
        let d = x.len() as f32;
        for (dy, w) in dy.iter_mut().zip(&self.weight) {
            *dy *= w;
        }
        let mean_g = sum(dy, |g| g) / d;
        let along = sum2(dy, x, |g, x| g * (x - mean) * scale) / d;
        for ((dx, g), x) in dx.iter_mut().zip(dy.iter()).zip(x) {
            *dx += scale * (g - mean_g - (x - mean) * scale * along);
        }
    }
}

/// Normalisation of rows with a scale and a shift that are trained.
struct TrainedNorm {
    eps: f64,
}

impl CustomOp3 for TrainedNorm {
    fn name(&self) -> &'static str {
        "trained_layer_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let norm = RowNorm {
            weight: f32_slice(weight, weight_layout)?.to_vec(),
            bias: f32_slice(bias, bias_layout)?.to_vec(),
            eps: self.eps as f32,
        };
        norm.cpu_fwd(x, x_layout)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _res: &Tensor,
        grad_res: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let norm = RowNorm::new(weight, bias, self.eps)?;
        let d = norm.width();
        let (mut d_weight, mut d_bias) = (vec![0.0; d], vec![0.0; d]);
        with_slice(x, |x| {
            with_slice(grad_res, |dy| {
                vectorised(
                    #[inline(always)]
                    |_| {
                        for (x, dy) in x.chunks_exact(d).zip(dy.chunks_exact(d)) {
                            norm.affine_gradients(x, dy, &mut d_weight, &mut d_bias);
                        }
                    },
                );
                Ok(())
            })
        })?;
        let like = |values: Vec<f32>, tensor: &Tensor| {
            Tensor::from_vec(values, tensor.shape(), tensor.device()).map(Some)
        };
        let dx = norm.bwd(x, x, grad_res)?;
        Ok((dx, like(d_weight, weight)?, like(d_bias, bias)?))
    }
}

impl CustomOp1 for RowNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = f32_slice(storage, layout)?;
        let d = self.weight.len();
        let mut y = vec![0.0; x.len()];
        vectorised(
            #[inline(always)]
            |_| {
                for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
                    self.forward(x, y);
                }
            },
        );
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let d = self.weight.len();
        let mut dy = with_slice(grad_res, |dy| Ok(dy.to_vec()))?;
        let mut grad = vec![0.0; dy.len()];
        with_slice(arg, |x| {
            let rows = x.chunks_exact(d).zip(dy.chunks_exact_mut(d));
            vectorised(
                #[inline(always)]
                |_| {
                    for ((x, dy), dx) in rows.zip(grad.chunks_exact_mut(d)) {
                        self.backward(x, dy, dx);
                    }
                },
            );
            Ok(())
        })?;
        Tensor::from_vec(grad, arg.shape(), arg.device()).map(Some)
    }
}
