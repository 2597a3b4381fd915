use super::exp::exp;
use super::vector::{Sums, vectorised};
use super::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// GELU with the error function, as timm's ViTs use it: `x * Phi(x)`. Any shape; carries gradients.
///
/// `Phi` by formula 7.1.26 of Abramowitz and Stegun, whose error (1.5e-7) is that of an f32.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() {
        x.contiguous()?.apply_op1(Gelu)
    } else {
        x.gelu_erf()
    }
}

struct Gelu;

/// The standard normal's distribution function and density at `x`.
#[inline(always)]
fn normal(x: f32, sums: Sums) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / sums.of(0.327_591_1, z, 1.0);
    let mut poly = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        poly = sums.of(poly, t, coefficient);
    }
    let poly = poly * t;
    let gauss = exp(-z * z, sums);
    let tail = 0.5 * poly * gauss;
    let cumulative = if x >= 0.0 { 1.0 - tail } else { tail };
    (cumulative, gauss * 0.398_942_3)
}

/// GELU in place.
#[inline(always)]
pub(super) fn activate(values: &mut [f32], sums: Sums) {
    for value in values {
        *value *= normal(*value, sums).0;
    }
}

/// GELU in place for values that are rounded to bf16 next: within `3e-5 + 1e-5 |x|`, in a third of the time.
///
/// `Phi - 1/2` as an odd polynomial on +-4.25, where it has all but reached its limits; fitted to least largest error.
#[inline(always)]
pub(super) fn activate_roughly(values: &mut [f32], sums: Sums) {
    const LIMIT: f32 = 4.25;
    for value in values {
        let x = value.clamp(-LIMIT, LIMIT);
        let square = x * x;
        let mut poly = 4.547_16e-11;
        for coefficient in [
            -4.515_376e-9,
            1.986_184e-7,
            -5.147_561e-6,
            8.848_966e-5,
            -1.079_081_3e-3,
            9.718_792e-3,
            -6.619_03e-2,
            0.398_819_24,
        ] {
            poly = sums.of(poly, square, coefficient);
        }
        *value *= sums.of(poly, x, 0.5);
    }
}

/// Multiplies `gradients` by GELU's slope at `x`.
#[inline(always)]
pub(super) fn multiply_by_slope(x: &[f32], gradients: &mut [f32], sums: Sums) {
    for (gradient, &x) in gradients.iter_mut().zip(x) {
        let (cumulative, density) = normal(x, sums);
        *gradient *= cumulative + x * density;
    }
}

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut y = f32_slice(storage, layout)?.to_vec();
        vectorised(
            #[inline(always)]
            |sums| activate(&mut y, sums),
        );
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let mut grad = with_slice(grad_res, |dy| Ok(dy.to_vec()))?;
        with_slice(arg, |x| {
            vectorised(
                #[inline(always)]
                |sums| multiply_by_slope(x, &mut grad, sums),
            );
            Ok(())
        })?;
        Tensor::from_vec(grad, arg.shape(), arg.device()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rough_one_is_close_to_the_other() {
        let x: Vec<f32> = (-12_000..=12_000).map(|i| i as f32 * 1e-3).collect();
        let (mut exact, mut rough) = (x.clone(), x.clone());
        vectorised(|sums| activate(&mut exact, sums));
        vectorised(|sums| activate_roughly(&mut rough, sums));
        for ((x, exact), rough) in x.iter().zip(&exact).zip(&rough) {
            let off = (exact - rough).abs();
            assert!(off < 3e-5 + 1e-5 * x.abs(), "{x}: {exact} and {rough}");
        }
    }
}
