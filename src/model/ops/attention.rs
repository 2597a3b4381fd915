use super::exp::exp;
use super::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, D, Device, Layout, Result, Shape, Tensor};

/// Multi-head self-attention of `qkv` `[B, N, 3 * d]` (timm's order: query, key, value, each head by head) to
/// `[B, N, d]`, scores scaled by `1 / sqrt(d / heads)`; carries gradients.
///
/// On a CPU one picture is worked on at a time, so that its scores stay in the cache; the backward pass computes
/// them again instead of keeping them.
pub fn attention(qkv: &Tensor, heads: usize) -> Result<Tensor> {
    if qkv.device().is_cpu() {
        return qkv.contiguous()?.apply_op1(Attention { heads });
    }
    let (b, n, width) = qkv.dims3()?;
    let head = width / 3 / heads;
    let qkv = qkv
        .reshape((b, n, 3, heads, head))?
        .permute((2, 0, 3, 1, 4))?;
    let [q, k, v] = [0, 1, 2].map(|i| qkv.get(i).and_then(|part| part.contiguous()));
    let scores = (q? * (head as f64).powf(-0.5))?.matmul(&k?.t()?)?;
    let weights = candle_nn::ops::softmax(&scores, D::Minus1)?;
    weights
        .matmul(&v?)?
        .transpose(1, 2)?
        .reshape((b, n, width / 3))
}

struct Attention {
    heads: usize,
}

/// Query, key and value of one picture, each a view `[1, H, N, head]`.
struct Picture {
    q: Tensor,
    k: Tensor,
    v: Tensor,
    scale: f32,
}

impl Attention {
    /// Views of one picture's `[N, 3 * d]` values.
    fn picture(&self, qkv: &[f32], n: usize, width: usize) -> Result<Picture> {
        let head = width / 3 / self.heads;
        let qkv = Tensor::from_slice(qkv, (1, n, 3, self.heads, head), &Device::Cpu)?;
        let part = |i: usize| qkv.narrow(2, i, 1)?.squeeze(2)?.transpose(1, 2);
        Ok(Picture {
            q: part(0)?,
            k: part(1)?,
            v: part(2)?,
            scale: (head as f32).powf(-0.5),
        })
    }
}

impl Picture {
    /// Softmax weights `[1, H, N, N]`.
    fn weights(&self) -> Result<Tensor> {
        let scores = self.q.matmul(&self.k.t()?)?;
        let n = scores.dim(D::Minus1)?;
        let weights = with_slice(&scores, |scores| {
            let mut weights = Vec::with_capacity(scores.len());
            for row in scores.chunks_exact(n) {
                let largest = row
                    .iter()
                    .fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
                let start = weights.len();
                weights.extend(row.iter().map(|s| exp((s - largest) * self.scale)));
                let row = &mut weights[start..];
                let mut lanes = [0f32; 8];
                for (i, weight) in row.iter().enumerate() {
                    lanes[i % 8] += weight;
                }
                let factor = 1.0 / lanes.iter().sum::<f32>();
                row.iter_mut().for_each(|weight| *weight *= factor);
            }
            Ok(weights)
        })?;
        Tensor::from_vec(weights, scores.shape(), &Device::Cpu)
    }
}

impl CustomOp1 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (b, n, width) = layout.shape().dims3()?;
        let qkv = f32_slice(storage, layout)?;
        let mut out = Vec::with_capacity(b * n * width / 3);
        for qkv in qkv.chunks_exact(n * width) {
            let picture = self.picture(qkv, n, width)?;
            let mixed = picture.weights()?.matmul(&picture.v)?.transpose(1, 2)?;
            with_slice(&mixed, |mixed| {
                out.extend_from_slice(mixed);
                Ok(())
            })?;
        }
        Ok((CpuStorage::F32(out), Shape::from((b, n, width / 3))))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let (_, n, width) = arg.dims3()?;
        let head = width / 3 / self.heads;
        let grad = with_slice(arg, |qkv| {
            with_slice(grad_res, |dy| {
                let mut grad = Vec::with_capacity(qkv.len());
                for (qkv, dy) in qkv
                    .chunks_exact(n * width)
                    .zip(dy.chunks_exact(n * width / 3))
                {
                    let picture = self.picture(qkv, n, width)?;
                    let dy = Tensor::from_slice(dy, (1, n, self.heads, head), &Device::Cpu)?
                        .transpose(1, 2)?;
                    let weights = picture.weights()?;
                    let d_weights = dy.matmul(&picture.v.t()?)?;
                    let d_scores = softmax_backward(&weights, &d_weights, picture.scale)?;
                    let parts = [
                        d_scores.matmul(&picture.k)?,
                        d_scores.t()?.matmul(&picture.q)?,
                        weights.t()?.matmul(&dy)?,
                    ];
                    interleave(&parts, n, head, &mut grad)?;
                }
                Ok(grad)
            })
        })?;
        Tensor::from_vec(grad, arg.shape(), arg.device()).map(Some)
    }
}

/// `scale * P * (dP - rowsum(dP * P))`: from the gradient of the softmax weights to that of the unscaled scores.
fn softmax_backward(weights: &Tensor, d_weights: &Tensor, scale: f32) -> Result<Tensor> {
    let n = weights.dim(D::Minus1)?;
    let values = with_slice(weights, |weights| {
        with_slice(d_weights, |d_weights| {
            let mut values = Vec::with_capacity(weights.len());
            for (p, dp) in weights.chunks_exact(n).zip(d_weights.chunks_exact(n)) {
                let mut lanes = [0f32; 8];
                for (i, (p, dp)) in p.iter().zip(dp).enumerate() {
                    lanes[i % 8] += p * dp;
                }
                let mean = lanes.iter().sum::<f32>();
                values.extend(p.iter().zip(dp).map(|(p, dp)| scale * p * (dp - mean)));
            }
            Ok(values)
        })
    })?;
    Tensor::from_vec(values, weights.shape(), &Device::Cpu)
}

/// Writes the gradients of query, key and value, each `[1, H, N, head]`, as rows `[N, 3 * d]`.
fn interleave(parts: &[Tensor; 3], n: usize, head: usize, out: &mut Vec<f32>) -> Result<()> {
    let start = out.len();
    let width = 3 * head * parts[0].dim(1)?;
    out.resize(start + n * width, 0.0);
    let rows = &mut out[start..];
    for (i, part) in parts.iter().enumerate() {
        with_slice(part, |values| {
            for (h, values) in values.chunks_exact(n * head).enumerate() {
                let column = i * width / 3 + h * head;
                for (row, values) in rows.chunks_exact_mut(width).zip(values.chunks_exact(head)) {
                    row[column..column + head].copy_from_slice(values);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}
