//! Operations of the training path against candle's own, composed from small ones: results and every gradient.

use candle_core::{D, Device, Result, Tensor, Var};
use puma::model::ops::kernels::Isa;
use puma::model::ops::{self, BlockTensors, FusedBlock, Spare, Trained};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::cell::RefCell;

const WIDTH: usize = 24;
const HIDDEN: usize = 56;
const HEADS: usize = 2;
const TOKENS: usize = 7;
const RANK: usize = 5;
const EPS: f64 = 1e-6;

thread_local! {
    /// Each test runs in a thread of its own and so draws the same numbers every time.
    static DRAWN: RefCell<ChaCha8Rng> = RefCell::new(ChaCha8Rng::seed_from_u64(5));
}

fn random(shape: &[usize], size: f64) -> Tensor {
    let count = shape.iter().product();
    let values: Vec<f32> = DRAWN.with_borrow_mut(|rng| {
        let values = rng.sample_iter::<f32, _>(StandardNormal);
        values
            .take(count)
            .map(|value| value * size as f32)
            .collect()
    });
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn variable(shape: &[usize], size: f64) -> Var {
    Var::from_tensor(&random(shape, size)).unwrap()
}

/// The block's tensors in the order of [`BlockTensors`].
fn weights() -> Vec<Var> {
    let shapes: [&[usize]; 12] = [
        &[WIDTH],
        &[WIDTH],
        &[3 * WIDTH, WIDTH],
        &[3 * WIDTH],
        &[WIDTH, WIDTH],
        &[WIDTH],
        &[WIDTH],
        &[WIDTH],
        &[HIDDEN, WIDTH],
        &[HIDDEN],
        &[WIDTH, HIDDEN],
        &[WIDTH],
    ];
    shapes.iter().map(|shape| variable(shape, 0.5)).collect()
}

fn block_tensors(weights: &[Var]) -> BlockTensors<'_> {
    let pair = |first: usize| (weights[first].as_tensor(), weights[first + 1].as_tensor());
    BlockTensors {
        norm1: pair(0),
        qkv: pair(2),
        proj: pair(4),
        norm2: pair(6),
        fc1: pair(8),
        fc2: pair(10),
        layer_scale: None,
    }
}

/// `x W^T + b` of `[B, N, in]`.
fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.broadcast_matmul(&weight.t()?)?.broadcast_add(bias)
}

/// The block's definition in candle's operations; `adapters` are `D` and `U` of both, `factors` a pair a picture.
fn definition(
    x: &Tensor,
    weights: &[Var],
    adapters: Option<(&[Var], &[[f32; 2]])>,
) -> Result<Tensor> {
    let (b, n, d) = x.dims3()?;
    let norm = |x: &Tensor, first: usize| {
        candle_nn::ops::layer_norm_slow(x, &weights[first], &weights[first + 1], EPS as f32)
    };
    let adapted = |h: &Tensor, branch: usize, y: Tensor| -> Result<Tensor> {
        let Some((adapters, factors)) = adapters else {
            return Ok(y);
        };
        let factors: Vec<f32> = factors.iter().map(|pair| pair[branch]).collect();
        let factors = Tensor::from_vec(factors, (b, 1, 1), &Device::Cpu)?;
        let hidden = h.broadcast_matmul(&adapters[2 * branch])?.relu()?;
        y + hidden
            .broadcast_matmul(&adapters[2 * branch + 1])?
            .broadcast_mul(&factors)?
    };
    let h = norm(x, 0)?;
    let qkv = linear(&h, &weights[2], &weights[3])?
        .reshape((b, n, 3, HEADS, d / HEADS))?
        .permute((2, 0, 3, 1, 4))?;
    let [q, k, v] = [0, 1, 2].map(|part| qkv.get(part).and_then(|part| part.contiguous()));
    let scores = (q? * ((d / HEADS) as f64).powf(-0.5))?.matmul(&k?.t()?)?;
    let mixed = candle_nn::ops::softmax(&scores, D::Minus1)?
        .matmul(&v?)?
        .transpose(1, 2)?
        .reshape((b, n, d))?;
    let x = adapted(&h, 0, (x + linear(&mixed, &weights[4], &weights[5])?)?)?;
    let h = norm(&x, 6)?;
    let hidden = linear(&h, &weights[8], &weights[9])?.gelu_erf()?;
    adapted(&h, 1, (&x + linear(&hidden, &weights[10], &weights[11])?)?)
}

/// Length of the difference over the length of the second.
fn distance(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let length = |x: &Tensor| {
        x.sqr()
            .unwrap()
            .sum_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap()
    };
    f64::from((length(&(a - b).unwrap()) / length(b)).sqrt())
}

/// The largest distance between results and gradients of two ways to compute the same from `variables`.
fn largest_distance(one: &Tensor, other: &Tensor, variables: &[&Var]) -> f64 {
    let aim = random(one.dims(), 1.0);
    let [gradients, expected] =
        [one, other].map(|y| (y * &aim).unwrap().sum_all().unwrap().backward().unwrap());
    let gradients = variables.iter().map(|variable| {
        let gradient = gradients.get(variable).unwrap();
        distance(gradient, expected.get(variable).unwrap())
    });
    gradients.fold(distance(one, other), f64::max)
}

/// The largest distance of the block from its definition, with adapters or with weights of its own that are trained.
fn block_distance(adapters: bool, rows: usize, rounds: bool) -> f64 {
    let x = variable(&[3, TOKENS, WIDTH], 1.0);
    let weights = weights();
    let modules: Vec<Var> = [[WIDTH, RANK], [RANK, WIDTH], [WIDTH, RANK], [RANK, WIDTH]]
        .iter()
        .map(|shape| variable(shape, 0.5))
        .collect();
    let factors = match adapters {
        true => vec![[0.2, 0.1], [0.0, 0.2], [0.1, 0.0]],
        false => vec![[0.0; 2]; 3],
    };
    let tensors = block_tensors(&weights);
    let block = FusedBlock::new(tensors, HEADS, EPS, &Spare::default()).unwrap();
    let (trained, variables) = match adapters {
        true => {
            let flat: Vec<Tensor> = modules
                .iter()
                .map(|module| module.flatten_all().unwrap())
                .collect();
            let flat = Tensor::cat(&flat, 0).unwrap();
            (Trained::Adapters(flat), &modules)
        }
        false => (tensors.trained().unwrap(), &weights),
    };
    let variables: Vec<&Var> = variables.iter().chain([&x]).collect();
    let fused = ops::block(&x, &block.into(), &trained, factors.clone(), rows, rounds).unwrap();
    let modules = adapters.then_some((modules.as_slice(), factors.as_slice()));
    let composed = definition(&x, &weights, modules).unwrap();
    largest_distance(&fused, &composed.narrow(1, 0, rows).unwrap(), &variables)
}

#[test]
fn a_block_in_one_piece_has_the_gradients_of_its_definition() {
    for adapters in [false, true] {
        for rows in [TOKENS, 1] {
            let distance = block_distance(adapters, rows, false);
            assert!(distance < 1e-4, "{adapters} {rows}: {distance}");
        }
    }
}

#[test]
fn rounding_moves_a_block_and_its_gradients_a_little() {
    if Isa::best() < Isa::Avx512Bf16 {
        eprintln!("SKIPPED: this processor has no products of bf16");
        return;
    }
    for adapters in [false, true] {
        for rows in [TOKENS, 1] {
            let distance = block_distance(adapters, rows, true);
            assert!(
                (1e-4..0.05).contains(&distance),
                "{adapters} {rows}: {distance}"
            );
        }
    }
}

#[test]
fn a_linear_layer_has_the_gradients_of_its_definition() {
    let (x, weight, bias) = (
        variable(&[37, 19], 1.0),
        variable(&[23, 19], 1.0),
        variable(&[23], 1.0),
    );
    let product = x.matmul(&weight.t().unwrap()).unwrap();
    let sum = product.broadcast_add(&bias).unwrap();
    for rounds in [false, true] {
        let tolerance = if rounds { 0.01 } else { 1e-5 };
        let y = ops::linear(&x, &weight, Some(&bias), rounds).unwrap();
        let distance = largest_distance(&y, &sum, &[&x, &weight, &bias]);
        assert!(distance < tolerance, "{rounds}: {distance}");
        let y = ops::linear(&x, &weight, None, rounds).unwrap();
        let distance = largest_distance(&y, &product, &[&x, &weight]);
        assert!(distance < tolerance, "{rounds}, no bias: {distance}");
    }
}

#[test]
fn a_norm_has_the_gradients_of_its_definition() {
    let (x, scale, shift) = (
        variable(&[3, 11, 40], 1.0),
        variable(&[40], 1.0),
        variable(&[40], 1.0),
    );
    let y = ops::layer_norm(&x, &scale, &shift, EPS).unwrap();
    let expected = candle_nn::ops::layer_norm_slow(&x, &scale, &shift, EPS as f32).unwrap();
    assert!(largest_distance(&y, &expected, &[&x, &scale, &shift]) < 1e-4);
}
