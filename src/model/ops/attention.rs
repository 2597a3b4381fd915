use super::exp::exp;
use super::kernels::{Element, Into, Matrix, Packed, product};
use super::vector::{Sums, largest, sum, sum2, vectorised};
use super::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor};

/// Queries that are worked on at a time: their scores stay in the first caches.
const QUERIES: usize = 48;

/// Multi-head self-attention of `qkv` `[B, N, 3 * d]` (timm's order: query, key, value, each head by head) to
/// `[B, N, d]`, scores scaled by `1 / sqrt(d / heads)`; carries gradients.
///
/// On a CPU a few queries are worked on at a time, so that their scores stay in the cache; the backward pass computes
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

/// Sizes of attention over `n` tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Tokens.
    pub n: usize,
    /// Width `d` of a token; a row of queries, keys and values has three times that.
    pub width: usize,
    pub heads: usize,
}

impl Sizes {
    fn head(&self) -> usize {
        self.width / self.heads
    }

    fn scale(&self) -> f32 {
        (self.head() as f32).powf(-0.5)
    }

    /// One head's queries (0), keys (1) or values (2) in rows `[rows, 3 * d]`: `[rows, head]`.
    fn part<'a>(&self, qkv: &'a [f32], part: usize, head: usize) -> Matrix<'a, f32> {
        let rows = qkv.len() / (3 * self.width);
        let start = part * self.width + head * self.head();
        Matrix::new(&qkv[start..], rows, self.head(), 3 * self.width)
    }
}

/// Keys and values of one picture, packed head by head.
#[derive(Clone, Debug, Default)]
pub(super) struct KeysAndValues<T> {
    keys: Vec<Packed<T>>,
    values: Vec<Packed<T>>,
}

/// What the queries at hand are worked on in.
#[derive(Clone, Debug, Default)]
pub(super) struct QueryScratch<T> {
    queries: Vec<T>,
    scores: Vec<f32>,
    weights: Vec<T>,
}

impl<T: Element> KeysAndValues<T> {
    /// Packs those of `qkv` `[n, 3 * d]`.
    pub fn fill(&mut self, qkv: &[f32], sizes: Sizes) {
        self.keys.resize_with(sizes.heads, Packed::empty);
        self.values.resize_with(sizes.heads, Packed::empty);
        for head in 0..sizes.heads {
            T::pack(sizes.part(qkv, 1, head).transposed(), &mut self.keys[head]);
            T::pack(sizes.part(qkv, 2, head), &mut self.values[head]);
        }
    }

    /// Attention of the queries in rows `[rows, 3 * d]` to all keys, `[rows, d]`.
    pub fn attend(
        &self,
        rows: &[f32],
        sizes: Sizes,
        scratch: &mut QueryScratch<T>,
        out: &mut [f32],
    ) {
        let (n, width, head_width) = (sizes.n, sizes.width, sizes.head());
        let query_length = head_width.div_ceil(T::VALUES);
        let weight_length = n.div_ceil(T::VALUES);
        scratch.queries.resize(QUERIES * query_length, T::default());
        scratch.scores.resize(QUERIES * n, 0.0);
        scratch
            .weights
            .resize(QUERIES * weight_length, T::default());
        let blocks = rows
            .chunks(QUERIES * 3 * width)
            .zip(out.chunks_mut(QUERIES * width));
        for (rows, out) in blocks {
            let count = out.len() / width;
            for (head, (keys, values)) in self.keys.iter().zip(&self.values).enumerate() {
                let column = head * head_width;
                let queries = rows.chunks_exact(3 * width);
                for (row, query) in queries.zip(scratch.queries.chunks_exact_mut(query_length)) {
                    T::write(&row[column..column + head_width], query);
                }
                let into = Into {
                    values: &mut scratch.scores,
                    stride: n,
                    bias: None,
                    add: false,
                };
                let queries = Matrix::new(&scratch.queries, count, query_length, query_length);
                product(queries, keys, into);
                let mut totals = [0f32; QUERIES];
                let scale = sizes.scale();
                vectorised(
                    #[inline(always)]
                    |sums| {
                        let scores = scratch.scores.chunks_exact_mut(n).take(count);
                        let weights = scratch.weights.chunks_exact_mut(weight_length);
                        for ((scores, weights), total) in scores.zip(weights).zip(&mut totals) {
                            *total = exponentials(scores, scale, sums);
                            T::write(scores, weights);
                        }
                    },
                );
                let into = Into {
                    values: &mut out[column..],
                    stride: width,
                    bias: None,
                    add: false,
                };
                let weights = Matrix::new(&scratch.weights, count, weight_length, weight_length);
                product(weights, values, into);
                vectorised(
                    #[inline(always)]
                    |_| {
                        for (row, total) in out.chunks_exact_mut(width).zip(&totals) {
                            let factor = 1.0 / total;
                            for value in &mut row[column..column + head_width] {
                                *value *= factor;
                            }
                        }
                    },
                );
            }
        }
    }
}

/// `exp(scale * (s - max s))` in place, and its sum.
#[inline(always)]
fn exponentials(scores: &mut [f32], scale: f32, sums: Sums) -> f32 {
    let largest = largest(scores);
    for score in scores.iter_mut() {
        *score = exp((*score - largest) * scale, sums);
    }
    sum(scores, |value| value)
}

/// What the backward pass is worked on in.
#[derive(Clone, Debug)]
pub(super) struct BackwardScratch {
    packed: Packed<f32>,
    weights: Vec<f32>,
    slopes: Vec<f32>,
}

impl BackwardScratch {
    pub fn new() -> Self {
        Self {
            packed: Packed::empty(),
            weights: Vec::new(),
            slopes: Vec::new(),
        }
    }
}

/// From the gradient `dy` `[rows, d]` of the first rows of one picture's result to that of `qkv` `[n, 3 * d]`, which
/// takes the place of what is in `grad`.
pub(super) fn backward(
    qkv: &[f32],
    dy: &[f32],
    sizes: Sizes,
    scratch: &mut BackwardScratch,
    grad: &mut [f32],
) {
    let (n, head_width) = (sizes.n, sizes.head());
    let rows = dy.len() / sizes.width;
    let packed = &mut scratch.packed;
    scratch.weights.resize(rows * n, 0.0);
    scratch.slopes.resize(rows * n, 0.0);
    for row in grad.chunks_exact_mut(3 * sizes.width).skip(rows) {
        row[..sizes.width].fill(0.0);
    }
    for head in 0..sizes.heads {
        let q = sizes.part(&qkv[..3 * dy.len()], 0, head);
        let [k, v] = [1, 2].map(|part| sizes.part(qkv, part, head));
        let dy = Matrix::new(&dy[head * head_width..], rows, head_width, sizes.width);
        let square = |values| Into {
            values,
            stride: n,
            bias: None,
            add: false,
        };
        packed.fill(k.transposed());
        product(q, packed, square(&mut scratch.weights));
        packed.fill(v.transposed());
        product(dy, packed, square(&mut scratch.slopes));
        let scale = sizes.scale();
        vectorised(
            #[inline(always)]
            |sums| {
                let weights = scratch.weights.chunks_exact_mut(n);
                for (p, dp) in weights.zip(scratch.slopes.chunks_exact_mut(n)) {
                    let factor = 1.0 / exponentials(p, scale, sums);
                    p.iter_mut().for_each(|p| *p *= factor);
                    let mean = sum2(p, dp, |p, dp| p * dp);
                    for (dp, p) in dp.iter_mut().zip(p.iter()) {
                        *dp = scale * p * (*dp - mean);
                    }
                }
            },
        );
        let weights = Matrix::new(&scratch.weights, rows, n, n);
        let slopes = Matrix::new(&scratch.slopes, rows, n, n);
        let parts = [
            (slopes, k),
            (slopes.transposed(), q),
            (weights.transposed(), dy),
        ];
        for (part, (a, b)) in parts.into_iter().enumerate() {
            packed.fill(b);
            let into = Into {
                values: &mut grad[part * sizes.width + head * head_width..],
                stride: 3 * sizes.width,
                bias: None,
                add: false,
            };
            product(a, packed, into);
        }
    }
}

struct Attention {
    heads: usize,
}

impl CustomOp1 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (b, n, width) = layout.shape().dims3()?;
        let sizes = Sizes {
            n,
            width: width / 3,
            heads: self.heads,
        };
        let qkv = f32_slice(storage, layout)?;
        let mut out = vec![0.0; b * n * width / 3];
        let mut packed = KeysAndValues::<f32>::default();
        let mut scratch = QueryScratch::default();
        let pictures = qkv.chunks_exact(n * width);
        for (qkv, out) in pictures.zip(out.chunks_exact_mut(n * width / 3)) {
            packed.fill(qkv, sizes);
            packed.attend(qkv, sizes, &mut scratch, out);
        }
        Ok((CpuStorage::F32(out), Shape::from((b, n, width / 3))))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad_res: &Tensor) -> Result<Option<Tensor>> {
        let (_, n, width) = arg.dims3()?;
        let sizes = Sizes {
            n,
            width: width / 3,
            heads: self.heads,
        };
        let mut grad = vec![0.0; arg.elem_count()];
        let mut scratch = BackwardScratch::new();
        with_slice(arg, |qkv| {
            with_slice(grad_res, |dy| {
                let pictures = qkv
                    .chunks_exact(n * width)
                    .zip(dy.chunks_exact(n * width / 3));
                for ((qkv, dy), grad) in pictures.zip(grad.chunks_exact_mut(n * width)) {
                    backward(qkv, dy, sizes, &mut scratch, grad);
                }
                Ok(())
            })
        })?;
        Tensor::from_vec(grad, arg.shape(), arg.device()).map(Some)
    }
}
