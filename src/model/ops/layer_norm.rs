use super::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// Layer norm over the last dimension of `x` `[.., d]` with scale and shift `[d]`; carries gradients.
///
/// Scale and shift get gradients where they are variables; where they are not, they are folded into one pass.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_nn::ops::layer_norm_slow(x, weight, bias, eps as f32);
    }
    let x = x.contiguous()?;
    if weight.is_variable() || bias.is_variable() {
        let normalised = x.apply_op1(LayerNorm {
            affine: None,
            eps: eps as f32,
        })?;
        return normalised.broadcast_mul(weight)?.broadcast_add(bias);
    }
    let affine = Some((weight.to_vec1()?, bias.to_vec1()?));
    x.apply_op1(LayerNorm {
        affine,
        eps: eps as f32,
    })
}

/// Normalisation with a frozen scale and shift, or none.
struct LayerNorm {
    affine: Option<(Vec<f32>, Vec<f32>)>,
    eps: f32,
}

/// Sum in eight lanes, so that it vectorises.
fn sum(values: impl Iterator<Item = f32> + Clone) -> f32 {
    let mut lanes = [0f32; 8];
    for (i, value) in values.enumerate() {
        lanes[i % 8] += value;
    }
    lanes.iter().sum()
}

impl LayerNorm {
    /// Mean and reciprocal standard deviation of a row.
    fn moments(&self, row: &[f32]) -> (f32, f32) {
        let d = row.len() as f32;
        let mean = sum(row.iter().copied()) / d;
        let variance = sum(row.iter().map(|x| (x - mean) * (x - mean))) / d;
        (mean, 1.0 / (variance + self.eps).sqrt())
    }
}

impl CustomOp1 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = f32_slice(storage, layout)?;
        let d = layout.shape().dims().last().copied().unwrap_or(1);
        let mut y = Vec::with_capacity(x.len());
        for row in x.chunks_exact(d) {
            let (mean, scale) = self.moments(row);
            match &self.affine {
                None => y.extend(row.iter().map(|x| (x - mean) * scale)),
                Some((weight, bias)) => y.extend(
                    row.iter()
                        .zip(weight.iter().zip(bias))
                        .map(|(x, (w, b))| (x - mean) * scale * w + b),
                ),
            }
        }
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let d = arg.dims().last().copied().unwrap_or(1);
        let ones = vec![1f32; d];
        let weight = self.affine.as_ref().map_or(&ones, |(weight, _)| weight);
        let grad = with_slice(arg, |x| {
            with_slice(grad_res, |dy| {
                let mut grad = Vec::with_capacity(x.len());
                for (row, dy) in x.chunks_exact(d).zip(dy.chunks_exact(d)) {
                    let (mean, scale) = self.moments(row);
                    let g = dy.iter().zip(weight).map(|(dy, w)| dy * w);
                    let mean_g = sum(g.clone()) / d as f32;
                    let along =
                        sum(g.clone().zip(row).map(|(g, x)| g * (x - mean) * scale)) / d as f32;
                    grad.extend(
                        g.zip(row)
                            .map(|(g, x)| scale * (g - mean_g - (x - mean) * scale * along)),
                    );
                }
                Ok(grad)
            })
        })?;
        Tensor::from_vec(grad, arg.shape(), arg.device()).map(Some)
    }
}
