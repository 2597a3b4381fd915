use super::{f32_slice, into_storage};
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};

/// `x W^T + b` for a frozen `W` `[out, in]`: the gradient goes to `x` `[rows, in]` alone.
///
/// candle's matmul would compute the gradient of `W` as well and throw it away, half of the backward pass.
pub fn frozen_linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if !x.device().is_cpu() {
        let y = x.matmul(&weight.detach().t()?)?;
        return match bias {
            Some(bias) => y.broadcast_add(&bias.detach()),
            None => Ok(y),
        };
    }
    x.contiguous()?.apply_op1(FrozenLinear {
        weight: weight.detach(),
        bias: bias.map(Tensor::detach),
    })
}

struct FrozenLinear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl CustomOp1 for FrozenLinear {
    fn name(&self) -> &'static str {
        "frozen_linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = Tensor::from_slice(f32_slice(storage, layout)?, layout.shape(), &Device::Cpu)?;
        let y = x.matmul(&self.weight.t()?)?;
        let shape = y.shape().clone();
        let Some(bias) = &self.bias else {
            return Ok((into_storage(&y)?, shape));
        };
        let bias = bias.to_vec1::<f32>()?;
        let y = super::with_slice(&y, |y| {
            let mut sums = Vec::with_capacity(y.len());
            for row in y.chunks_exact(bias.len()) {
                sums.extend(row.iter().zip(&bias).map(|(y, b)| y + b));
            }
            Ok(sums)
        })?;
        Ok((CpuStorage::F32(y), shape))
    }

    fn bwd(&self, _arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        grad_res.matmul(&self.weight).map(Some)
    }
}
