use super::kernels::{Element, Into, Matrix, Packed, Pair, product};
use super::{f32_slice, with_slice};
use candle_core::backend::BackendStorage;
use candle_core::op::Add;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp3, DType, Layout, MetalStorage, Result, Shape,
    Tensor, bail,
};
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

/// `x W^T + b` for a frozen `W` `[out, in]` and `b` `[out]`: the gradient goes to `x` `[rows, in]` alone.
///
/// candle's matmul would compute the gradient of `W` as well and keep it to the end, half of the backward pass. With
/// `rounds` factors are rounded to bf16 and summed in f32.
pub fn frozen_linear(x: &Tensor, weights: &FrozenWeights, rounds: bool) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return frozen_on_device(x, weights, rounds);
    }
    let weights = weights.clone();
    let x = x.contiguous()?;
    match rounds {
        true => x.apply_op1(FrozenLinear::<Pair>(weights, PhantomData)),
        false => x.apply_op1(FrozenLinear::<f32>(weights, PhantomData)),
    }
}

/// `x W^T (+ b)` for `W` `[out, in]` and `b` `[out]` that are trained; the gradient goes to all.
///
/// With `rounds` factors are rounded to bf16 and summed in f32, but for the gradients of `W` and `b`.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, rounds: bool) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return on_device(x, weight, bias, rounds);
    }
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    let bias = match bias {
        Some(bias) => bias.clone(),
        None => Tensor::zeros(weight.dim(0)?, DType::F32, weight.device())?,
    };
    match rounds {
        true => x.apply_op3(&weight, &bias, Linear::<Pair>(PhantomData)),
        false => x.apply_op3(&weight, &bias, Linear::<f32>(PhantomData)),
    }
}

/// [`frozen_linear`] by candle's products, for other devices than the CPU.
fn frozen_on_device(x: &Tensor, weights: &FrozenWeights, rounds: bool) -> Result<Tensor> {
    x.apply_op3(&weights.weight, &weights.bias, FrozenProduct { rounds })
}

/// [`linear`] by candle, for other devices than the CPU.
fn on_device(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, rounds: bool) -> Result<Tensor> {
    let y = match rounds {
        true => {
            let (x, weight) = (x.to_dtype(DType::BF16)?, weight.to_dtype(DType::BF16)?);
            x.matmul(&weight.t()?)?.to_dtype(DType::F32)?
        }
        false => x.matmul(&weight.t()?)?,
    };
    match bias {
        Some(bias) => y.broadcast_add(bias),
        None => Ok(y),
    }
}

/// Weights packed as one orientation of the products needs them, in f32 or rounded.
type Cell<T> = Arc<OnceLock<Packed<T>>>;

/// A weight and a bias that stay as they are; on a CPU they are packed when they are first needed, once for all clones.
#[derive(Clone, Debug)]
pub struct FrozenWeights {
    weight: Tensor,
    bias: Tensor,
    bias_values: Arc<OnceLock<Vec<f32>>>,
    forward: Cell<f32>,
    backward: Cell<f32>,
    rounded_forward: Cell<Pair>,
    rounded_backward: Cell<Pair>,
}

impl FrozenWeights {
    /// Of `weight` `[out, in]` and `bias` `[out]`.
    pub fn new(weight: &Tensor, bias: &Tensor) -> Self {
        Self {
            weight: weight.detach(),
            bias: bias.detach(),
            bias_values: Arc::default(),
            forward: Arc::default(),
            backward: Arc::default(),
            rounded_forward: Arc::default(),
            rounded_backward: Arc::default(),
        }
    }

    /// `W^T` packed, `[in, out]`, and the bias.
    pub(super) fn forward<T: Precision>(&self) -> Result<(&Packed<T>, &[f32])> {
        let bias = get_or_try(&self.bias_values, || self.bias.to_vec1())?;
        let [forward, _] = T::cells(self);
        let packed = get_or_try(forward, || packed(&self.weight, true))?;
        Ok((packed, bias))
    }

    /// `W` packed, `[out, in]`.
    pub(super) fn backward<T: Precision>(&self) -> Result<&Packed<T>> {
        let [_, backward] = T::cells(self);
        get_or_try(backward, || packed(&self.weight, false))
    }
}

/// The numbers that a pass computes its products with.
pub trait Precision: Element {
    /// Where frozen weights are kept packed, for the forward and for the backward pass.
    #[doc(hidden)]
    fn cells(weights: &FrozenWeights) -> [&OnceLock<Packed<Self>>; 2];
}

impl Precision for f32 {
    fn cells(weights: &FrozenWeights) -> [&OnceLock<Packed<Self>>; 2] {
        [&weights.forward, &weights.backward]
    }
}

impl Precision for Pair {
    fn cells(weights: &FrozenWeights) -> [&OnceLock<Packed<Self>>; 2] {
        [&weights.rounded_forward, &weights.rounded_backward]
    }
}

/// A weight `[out, in]` packed, rows for columns if asked for.
fn packed<T: Element>(weight: &Tensor, transposed: bool) -> Result<Packed<T>> {
    let (out, inner) = weight.dims2()?;
    with_slice(weight, |values| {
        let matrix = Matrix::new(values, out, inner, inner);
        let mut packed = Packed::empty();
        T::pack(
            if transposed {
                matrix.transposed()
            } else {
                matrix
            },
            &mut packed,
        );
        Ok(packed)
    })
}

/// What is in the cell; where nothing is yet, it is made.
fn get_or_try<V>(cell: &OnceLock<V>, make: impl FnOnce() -> Result<V>) -> Result<&V> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

/// `x b (+ bias)` of rows `[rows, inner]`, as a new vector.
fn times<T: Element>(x: &[f32], inner: usize, b: &Packed<T>, bias: Option<&[f32]>) -> Vec<f32> {
    let rows = x.len() / inner.max(1);
    let columns = b.columns();
    let mut values = vec![0.0; rows * columns];
    let into = Into {
        values: &mut values,
        stride: columns,
        bias,
        add: false,
    };
    let mut buffer = Vec::new();
    let x = T::rows(x, inner, &mut buffer);
    product(Matrix::new(x, rows, b.inner(), b.inner()), b, into);
    values
}

struct FrozenLinear<T>(FrozenWeights, PhantomData<T>);

impl<T: Precision> CustomOp1 for FrozenLinear<T> {
    fn name(&self) -> &'static str {
        "frozen_linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, _) = layout.shape().dims2()?;
        let (out, inner) = self.0.weight.dims2()?;
        let (packed, bias) = self.0.forward::<T>()?;
        let y = times(f32_slice(storage, layout)?, inner, packed, Some(bias));
        Ok((CpuStorage::F32(y), Shape::from((rows, out))))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let (out, _) = self.0.weight.dims2()?;
        let packed = self.0.backward::<T>()?;
        let grad = with_slice(grad_res, |dy| Ok(times(dy, out, packed, None)))?;
        Tensor::from_vec(grad, arg.shape(), arg.device()).map(Some)
    }
}

/// As [`FrozenLinear`], of candle's products on whatever device: `x`, `W` and `b` are its arguments, and only `x` gets a
/// gradient.
struct FrozenProduct {
    rounds: bool,
}

impl FrozenProduct {
    /// `x W^T + b`, as storage `[rows, out]`.
    fn forward<S: BackendStorage>(
        &self,
        [x, weight, bias]: [&S; 3],
        [x_layout, weight_layout, bias_layout]: [&Layout; 3],
    ) -> Result<(S, Shape)> {
        let (rows, inner) = x_layout.shape().dims2()?;
        let (out, width) = weight_layout.shape().dims2()?;
        if width != inner {
            bail!("a weight of {width} columns for rows of {inner} values");
        }
        let (size, shape) = ((1, rows, out, inner), Shape::from((rows, out)));
        let layout = Layout::contiguous(&shape);
        let y = match self.rounds {
            true => {
                let x = x.to_dtype(x_layout, DType::BF16)?;
                let weight = weight.to_dtype(weight_layout, DType::BF16)?;
                let x_layout = Layout::contiguous((rows, inner));
                let weight_layout = Layout::contiguous((out, inner)).transpose(0, 1)?;
                let y = x.matmul(&weight, size, &x_layout, &weight_layout)?;
                y.to_dtype(&layout, DType::F32)?
            }
            false => x.matmul(weight, size, x_layout, &weight_layout.transpose(0, 1)?)?,
        };
        let y = y.binary_impl::<Add>(bias, &layout, &bias_layout.broadcast_as(&shape)?)?;
        Ok((y, shape))
    }
}

impl CustomOp3 for FrozenProduct {
    fn name(&self) -> &'static str {
        "frozen_product"
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
        self.forward([x, weight, bias], [x_layout, weight_layout, bias_layout])
    }

    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.forward([x, weight, bias], [x_layout, weight_layout, bias_layout])
    }

    fn metal_fwd(
        &self,
        x: &MetalStorage,
        x_layout: &Layout,
        weight: &MetalStorage,
        weight_layout: &Layout,
        bias: &MetalStorage,
        bias_layout: &Layout,
    ) -> Result<(MetalStorage, Shape)> {
        self.forward([x, weight, bias], [x_layout, weight_layout, bias_layout])
    }

    fn bwd(
        &self,
        _x: &Tensor,
        weight: &Tensor,
        _bias: &Tensor,
        _res: &Tensor,
        grad_res: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let dx = match self.rounds {
            true => {
                let dy = grad_res.to_dtype(DType::BF16)?;
                dy.matmul(&weight.to_dtype(DType::BF16)?)?
                    .to_dtype(DType::F32)?
            }
            false => grad_res.matmul(weight)?,
        };
        Ok((Some(dx), None, None))
    }
}

/// `x W^T (+ b)`, all of them with gradients.
struct Linear<T>(PhantomData<T>);

impl<T: Precision> Linear<T> {
    /// Gradients of `x`, if it wants one, and of the weight, from that of the result.
    fn gradients(
        &self,
        x: &Tensor,
        weight: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Tensor)> {
        let (out, inner) = weight.dims2()?;
        let dx = match x.track_op() {
            true => {
                let packed = packed::<T>(weight, false)?;
                let dx = with_slice(dy, |dy| Ok(times(dy, out, &packed, None)))?;
                Some(Tensor::from_vec(dx, x.shape(), x.device())?)
            }
            false => None,
        };
        let rows = x.dim(0)?;
        let mut dw = vec![0.0; out * inner];
        let into = Into {
            values: &mut dw,
            stride: inner,
            bias: None,
            add: false,
        };
        with_slice(x, |x| {
            with_slice(dy, |dy| {
                let x = Packed::new(Matrix::new(x, rows, inner, inner));
                product(Matrix::new(dy, rows, out, out).transposed(), &x, into);
                Ok(())
            })
        })?;
        Ok((dx, Tensor::from_vec(dw, weight.shape(), weight.device())?))
    }
}

impl<T: Precision> CustomOp3 for Linear<T> {
    fn name(&self) -> &'static str {
        "linear"
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
        let (rows, inner) = x_layout.shape().dims2()?;
        let (out, _) = weight_layout.shape().dims2()?;
        let weight = Matrix::new(f32_slice(weight, weight_layout)?, out, inner, inner);
        let mut packed = Packed::<T>::empty();
        T::pack(weight.transposed(), &mut packed);
        let bias = f32_slice(bias, bias_layout)?;
        let y = times(f32_slice(x, x_layout)?, inner, &packed, Some(bias));
        Ok((CpuStorage::F32(y), Shape::from((rows, out))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _res: &Tensor,
        grad_res: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = self.gradients(x, weight, grad_res)?;
        let out = bias.elem_count();
        let mut db = vec![0.0; out];
        with_slice(grad_res, |dy| {
            for row in dy.chunks_exact(out) {
                db.iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
            }
            Ok(())
        })?;
        let db = Tensor::from_vec(db, bias.shape(), bias.device())?;
        Ok((dx, Some(dw), Some(db)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::backprop::GradStore;
    use candle_core::{Device, Var};

    /// Values between -1 and 1 without a pattern.
    fn values(shape: impl std::convert::Into<Shape>, start: usize) -> Tensor {
        let shape = shape.into();
        let places = start..start + shape.elem_count();
        let values: Vec<f32> = places.map(|place| (place * place) as f32).collect();
        let values = values.into_iter().map(f32::sin).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// A GPU's way, which a CPU can go as well.
    #[test]
    fn on_a_device_frozen_weights_cost_no_gradient() {
        let x = Var::from_tensor(&values((5, 8), 1)).unwrap();
        let weights = FrozenWeights::new(&values((6, 8), 100), &values(6, 200));
        for rounds in [false, true] {
            let slope = |y: &Tensor| y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            let y = frozen_on_device(&x, &weights, rounds).unwrap();
            let by_candle = on_device(&x, &weights.weight, Some(&weights.bias), rounds).unwrap();
            let rows = |tensor: &Tensor| tensor.to_vec2::<f32>().unwrap();
            assert_eq!(rows(&y), rows(&by_candle));
            let (gradients, candles) = (slope(&y), slope(&by_candle));
            let dx = |gradients: &GradStore| rows(gradients.get(&x).unwrap());
            assert_eq!(dx(&gradients), dx(&candles));
            // That of `x` alone is computed and kept.
            assert_eq!(gradients.get_ids().count(), 1);
            assert!(candles.get_ids().count() > 1);
        }
    }
}
