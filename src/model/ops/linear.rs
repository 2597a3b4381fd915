use super::kernels::{Into, Matrix, Packed, Pair, product};
use super::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use std::sync::{Arc, OnceLock};

/// `x W^T + b` for a frozen `W` `[out, in]` and `b` `[out]`: the gradient goes to `x` `[rows, in]` alone.
///
/// candle's matmul would compute the gradient of `W` as well and throw it away, half of the backward pass.
pub fn frozen_linear(x: &Tensor, weights: &FrozenWeights) -> Result<Tensor> {
    if !x.device().is_cpu() {
        let y = x.matmul(&weights.weight.t()?)?;
        return y.broadcast_add(&weights.bias);
    }
    x.contiguous()?.apply_op1(FrozenLinear(weights.clone()))
}

/// A weight and a bias that stay as they are; on a CPU they are packed when they are first needed, once for all clones.
#[derive(Clone, Debug)]
pub struct FrozenWeights {
    weight: Tensor,
    bias: Tensor,
    forward: Arc<OnceLock<(Packed<f32>, Vec<f32>)>>,
    backward: Arc<OnceLock<Packed<f32>>>,
    rounded: Arc<OnceLock<(Packed<Pair>, Vec<f32>)>>,
}

impl FrozenWeights {
    /// Of `weight` `[out, in]` and `bias` `[out]`.
    pub fn new(weight: &Tensor, bias: &Tensor) -> Self {
        Self {
            weight: weight.detach(),
            bias: bias.detach(),
            forward: Arc::default(),
            backward: Arc::default(),
            rounded: Arc::default(),
        }
    }

    /// `W^T` packed, `[in, out]`, and the bias.
    pub(super) fn forward(&self) -> Result<(&Packed<f32>, &[f32])> {
        let pack = || {
            Ok((
                self.pack(|weight| Packed::new(weight.transposed()))?,
                self.bias.to_vec1()?,
            ))
        };
        let (packed, bias) = get_or_try(&self.forward, pack)?;
        Ok((packed, bias))
    }

    /// The same, with `W` rounded to bf16.
    pub(super) fn rounded(&self) -> Result<(&Packed<Pair>, &[f32])> {
        let pack = || {
            Ok((
                self.pack(|weight| Packed::rounded(weight.transposed()))?,
                self.bias.to_vec1()?,
            ))
        };
        let (packed, bias) = get_or_try(&self.rounded, pack)?;
        Ok((packed, bias))
    }

    /// `W` packed, `[out, in]`.
    pub(super) fn backward(&self) -> Result<&Packed<f32>> {
        get_or_try(&self.backward, || self.pack(Packed::new))
    }

    fn pack<T>(&self, pack: impl FnOnce(Matrix<f32>) -> Packed<T>) -> Result<Packed<T>> {
        let (out, inner) = self.weight.dims2()?;
        with_slice(&self.weight, |values| {
            Ok(pack(Matrix::new(values, out, inner, inner)))
        })
    }
}

/// What is in the cell; where nothing is yet, it is made.
fn get_or_try<V>(cell: &OnceLock<V>, make: impl FnOnce() -> Result<V>) -> Result<&V> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

struct FrozenLinear(FrozenWeights);

/// `x b (+ bias)` of rows `[rows, inner]`, as a new vector.
fn times(
    x: &[f32],
    inner: usize,
    b: &Packed<f32>,
    columns: usize,
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let rows = x.len() / inner.max(1);
    let mut values = vec![0.0; rows * columns];
    let into = Into {
        values: &mut values,
        stride: columns,
        bias,
        add: false,
    };
    product(Matrix::new(x, rows, inner, inner), b, into);
    values
}

impl CustomOp1 for FrozenLinear {
    fn name(&self) -> &'static str {
        "frozen_linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, _) = layout.shape().dims2()?;
        let (out, inner) = self.0.weight.dims2()?;
        let (packed, bias) = self.0.forward()?;
        let y = times(f32_slice(storage, layout)?, inner, packed, out, Some(bias));
        Ok((CpuStorage::F32(y), Shape::from((rows, out))))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let (out, inner) = self.0.weight.dims2()?;
        let packed = self.0.backward()?;
        let grad = with_slice(grad_res, |dy| Ok(times(dy, out, packed, inner, None)))?;
        Tensor::from_vec(grad, arg.shape(), arg.device()).map(Some)
    }
}
