use super::adapter::Adapter;
use super::block::Block;
use super::norm::LayerNorm;
use candle_core::{DType, Result, Tensor};

/// The blocks with weights and activations of 16 bits, in candle's own operations: for GPUs, whose matrix units multiply
/// such numbers many times faster, and which wait for memory in everything else.
///
/// Products and norms are summed in f32. Patches, prompt similarities, final norm and head lie outside and stay f32, so that
/// similarities are those of an f32 pass. What does not depend on the picture is folded into the weights before they are
/// rounded: the queries' `1 / sqrt(d / heads)`, LayerScale, the adapters' 0.1. A bias of the keys adds the same to all scores
/// of a query, which softmax does not notice, and is left out.
#[derive(Clone, Debug)]
pub struct HalfEncoder {
    dtype: DType,
    blocks: Vec<HalfBlock>,
}

impl HalfEncoder {
    /// Of the blocks and their adapters (none, or a pair a block); `None` where a tensor is trained, whose copies would
    /// stay behind.
    pub fn new(blocks: &[Block], adapters: &[[Adapter; 2]], dtype: DType) -> Result<Option<Self>> {
        let trained = blocks.iter().any(Block::is_trained)
            || adapters.iter().flatten().any(Adapter::is_trained);
        if trained {
            return Ok(None);
        }
        let halved = blocks.iter().enumerate();
        let halved = halved.map(|(index, block)| HalfBlock::new(block, adapters.get(index), dtype));
        Ok(Some(Self {
            dtype,
            blocks: halved.collect::<Result<_>>()?,
        }))
    }

    /// What its products are computed in.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// All blocks, without the final norm: f32 `[B, N, d]` to f32 `[B, rows, d]`, of which `rows` is `N`, or 1 for the
    /// class token alone; with the adapters or without.
    pub fn encode(&self, tokens: &Tensor, adapted: bool, rows: usize) -> Result<Tensor> {
        let all = tokens.dim(1)?;
        let mut x = tokens.to_dtype(self.dtype)?;
        for (index, block) in self.blocks.iter().enumerate() {
            let rows = if index + 1 == self.blocks.len() {
                rows
            } else {
                all
            };
            x = block.forward(&x, adapted, rows)?;
        }
        x.to_dtype(DType::F32)
    }
}

#[derive(Clone, Debug)]
struct HalfBlock {
    norm1: HalfNorm,
    /// `[3 * d, d]`.
    qkv: Tensor,
    /// Of queries and values, `[1, heads, 1, d / heads]`.
    qv_bias: [Tensor; 2],
    proj: Product,
    norm2: HalfNorm,
    fc1: Product,
    fc2: Product,
    /// `D` and `0.1 * U` beside each branch.
    adapters: Option<[[Tensor; 2]; 2]>,
    heads: usize,
}

impl HalfBlock {
    fn new(block: &Block, adapters: Option<&[Adapter; 2]>, dtype: DType) -> Result<Self> {
        let tensors = block.tensors();
        let (heads, d) = (block.heads(), tensors.proj.0.dim(0)?);
        let scale = ((d / heads) as f64).powf(-0.5);
        let (weight, bias) = tensors.qkv;
        let queries = (weight.narrow(0, 0, d)? * scale)?;
        let bias = |part: usize, factor: f64| {
            (bias.narrow(0, part * d, d)? * factor)?
                .reshape((1, heads, 1, d / heads))?
                .to_dtype(dtype)
        };
        let gamma = |branch: usize| tensors.layer_scale.map(|scales| scales[branch]);
        let [norm1, norm2] = block.norms();
        Ok(Self {
            norm1: HalfNorm::new(norm1, dtype)?,
            qkv: Tensor::cat(&[&queries, &weight.narrow(0, d, 2 * d)?], 0)?.to_dtype(dtype)?,
            qv_bias: [bias(0, scale)?, bias(2, 1.0)?],
            proj: Product::new(tensors.proj, gamma(0), dtype)?,
            norm2: HalfNorm::new(norm2, dtype)?,
            fc1: Product::new(tensors.fc1, None, dtype)?,
            fc2: Product::new(tensors.fc2, gamma(1), dtype)?,
            adapters: match adapters {
                Some([first, second]) => Some([first.scaled(dtype)?, second.scaled(dtype)?]),
                None => None,
            },
            heads,
        })
    }

    /// `[B, N, d]` to `[B, rows, d]`; see [`Block::forward`].
    fn forward(&self, x: &Tensor, adapted: bool, rows: usize) -> Result<Tensor> {
        let (b, n, d) = x.dims3()?;
        let h = self.norm1.forward(x)?;
        let mixed = self.attention(&h, rows)?;
        let first = |tensor: &Tensor| match rows == n {
            true => Ok(tensor.clone()),
            false => tensor.narrow(1, 0, rows)?.contiguous(),
        };
        let h = first(&h)?.reshape((b * rows, d))?;
        let y = self.adapted(self.proj.forward(&mixed)?, &h, adapted, 0)?;
        let x = (first(x)? + y.reshape((b, rows, d))?)?;
        let h = self.norm2.forward(&x)?.reshape((b * rows, d))?;
        // Each result lets go of what it was made of: the hidden layer is what takes the most memory.
        let hidden = self.fc1.forward(&h)?.gelu_erf()?;
        let y = self.adapted(self.fc2.forward(&hidden)?, &h, adapted, 1)?;
        x + y.reshape((b, rows, d))?
    }

    /// `[B, N, d]` to `[B * rows, d]`: attention of the first `rows` tokens to all.
    fn attention(&self, h: &Tensor, rows: usize) -> Result<Tensor> {
        let (b, n, d) = h.dims3()?;
        let head = d / self.heads;
        let qkv = h
            .reshape((b * n, d))?
            .matmul(&self.qkv.t()?)?
            .reshape((b, n, 3, self.heads, head))?;
        let part = |at: usize| qkv.narrow(2, at, 1)?.squeeze(2)?.transpose(1, 2);
        // The sum with a bias is contiguous: it takes the place of a copy.
        let q = part(0)?
            .narrow(2, 0, rows)?
            .broadcast_add(&self.qv_bias[0])?;
        let k = part(1)?.contiguous()?;
        let v = part(2)?.broadcast_add(&self.qv_bias[1])?;
        drop(qkv);
        let weights = candle_nn::ops::softmax_last_dim(&q.matmul(&k.t()?)?)?;
        weights.matmul(&v)?.transpose(1, 2)?.reshape((b * rows, d))
    }

    /// A branch's result `[M, d]` with what its adapter makes of the normalised tokens `h` `[M, d]`.
    fn adapted(&self, y: Tensor, h: &Tensor, adapted: bool, branch: usize) -> Result<Tensor> {
        match self.adapters.as_ref().filter(|_| adapted) {
            Some(adapters) => {
                let [down, up] = &adapters[branch];
                y + h.matmul(down)?.relu()?.matmul(up)?
            }
            None => Ok(y),
        }
    }
}

/// Layer normalisation.
#[derive(Clone, Debug)]
struct HalfNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl HalfNorm {
    fn new(norm: &LayerNorm, dtype: DType) -> Result<Self> {
        let (weight, bias) = norm.tensors();
        Ok(Self {
            weight: weight.to_dtype(dtype)?,
            bias: bias.to_dtype(dtype)?,
            eps: norm.eps() as f32,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}

/// A linear layer.
#[derive(Clone, Debug)]
struct Product {
    weight: Tensor,
    bias: Tensor,
}

impl Product {
    /// Of a weight `[out, in]` and a bias `[out]`, each output times its factor `[out]`.
    fn new(
        (weight, bias): (&Tensor, &Tensor),
        factors: Option<&Tensor>,
        dtype: DType,
    ) -> Result<Self> {
        let (weight, bias) = match factors {
            Some(factors) => (
                weight.broadcast_mul(&factors.unsqueeze(1)?)?,
                (bias * factors)?,
            ),
            None => (weight.clone(), bias.clone()),
        };
        Ok(Self {
            weight: weight.to_dtype(dtype)?,
            bias: bias.to_dtype(dtype)?,
        })
    }

    /// `[M, in]` to `[M, out]`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}
