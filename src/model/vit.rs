use super::adapter::{ADAPTER_SCALE, Adapter};
use super::block::Block;
use super::norm::LayerNorm;
use super::ops;
use super::pass::Pass;
use super::position::resize_matrix;
use super::rivals::Rival;
use super::weights::Weights;
use super::{ModelError, VitConfig};
use candle_core::{Result, Tensor};

/// A Vision Transformer with timm's tensor names, split where PUMA puts its prompts in.
#[derive(Clone, Debug)]
pub struct Vit {
    cls_token: Tensor,
    pos_embed: Tensor,
    /// `[n, grid * grid]`, where the stored position grid is not the picture's.
    resize: Option<Tensor>,
    patch_weight: Tensor,
    patch_bias: Tensor,
    /// The two above, where they are frozen and on the CPU.
    frozen_patches: Option<ops::FrozenWeights>,
    /// Class token and positions for pictures of the size at hand, where they are frozen and on the CPU.
    sequence: Option<ops::Sequence>,
    patch_size: usize,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl Vit {
    /// Takes the tensors under `vit.`, for pictures of `image_size` pixels a side.
    pub fn new(
        weights: &Weights,
        config: &VitConfig,
        image_size: usize,
    ) -> std::result::Result<Self, ModelError> {
        let patch_weight = weights.get("vit.patch_embed.proj.weight")?;
        let device = patch_weight.device().clone();
        let grid = image_size / config.patch_size;
        let resize = if grid == config.position_grid {
            None
        } else {
            Some(resize_matrix(config.position_grid, grid, &device)?)
        };
        let patch_bias = weights.get("vit.patch_embed.proj.bias")?;
        let trained = patch_weight.is_variable() || patch_bias.is_variable();
        let frozen_patches = match trained || !device.is_cpu() {
            true => None,
            false => Some(ops::FrozenWeights::new(
                &patch_weight.flatten_from(1)?,
                &patch_bias,
            )),
        };
        let mut vit = Self {
            cls_token: weights.get("vit.cls_token")?,
            pos_embed: weights.get("vit.pos_embed")?,
            resize,
            sequence: None,
            frozen_patches,
            patch_bias,
            patch_weight,
            patch_size: config.patch_size,
            blocks: (0..config.depth)
                .map(|index| Block::new(weights, config, index))
                .collect::<std::result::Result<_, _>>()?,
            norm: LayerNorm::new(weights, "vit.norm", config.layer_norm_eps)?,
        };
        let trained = vit.cls_token.is_variable() || vit.pos_embed.is_variable();
        if !trained && device.is_cpu() {
            let (cls_position, positions) = vit.positions()?;
            let sequence = ops::Sequence::new(&vit.cls_token, &cls_position, &positions)?;
            vit.sequence = Some(sequence);
        }
        Ok(vit)
    }

    /// Positions of the class token `[1, 1, d]` and of the patches `[1, n, d]`.
    fn positions(&self) -> Result<(Tensor, Tensor)> {
        let stored = self.pos_embed.dim(1)? - 1;
        let positions = self.pos_embed.narrow(1, 1, stored)?;
        let positions = match &self.resize {
            Some(matrix) => matrix.matmul(&positions.squeeze(0)?)?.unsqueeze(0)?,
            None => positions,
        };
        Ok((self.pos_embed.narrow(1, 0, 1)?, positions))
    }

    /// Patch embeddings `[B, n, d]` of pixels `[B, 3, H, W]`, without positions.
    ///
    /// Cutting and one matmul: on a CPU several times faster than a strided convolution.
    pub fn patch_embed(&self, pixels: &Tensor) -> Result<Tensor> {
        let (b, c, height, width) = pixels.dims4()?;
        let p = self.patch_size;
        if let Some(weights) = self.frozen_patches.as_ref().filter(|_| !pixels.track_op()) {
            return ops::patches(pixels, weights, p);
        }
        let (rows, columns) = (height / p, width / p);
        let patches = pixels
            .reshape(vec![b, c, rows, p, columns, p])?
            .permute(vec![0, 2, 4, 1, 3, 5])?
            .reshape((b * rows * columns, c * p * p))?;
        let d = self.patch_weight.dim(0)?;
        let weight = self.patch_weight.reshape((d, c * p * p))?;
        ops::linear(&patches, &weight, Some(&self.patch_bias), false)?.reshape((
            b,
            rows * columns,
            d,
        ))
    }

    /// The token sequence `[B, 1 + L + n, d]`: class token, prompts `[B, L, d]`, patches `[B, n, d]`, with positions.
    ///
    /// Every prompt token gets the class token's position.
    pub fn tokens(&self, patches: &Tensor, prompt: Option<&Tensor>) -> Result<Tensor> {
        let (b, n, d) = patches.dims3()?;
        if let Some(sequence) = self.sequence.as_ref().filter(|_| !patches.track_op()) {
            return sequence.of(patches, prompt);
        }
        let (cls_position, positions) = self.positions()?;
        if positions.dim(1)? != n {
            candle_core::bail!("{n} patches, but positions for {}", positions.dim(1)?);
        }
        let cls = (&self.cls_token + &cls_position)?.broadcast_as((b, 1, d))?;
        let patches = patches.broadcast_add(&positions)?;
        match prompt {
            Some(prompt) => {
                Tensor::cat(&[&cls, &prompt.broadcast_add(&cls_position)?, &patches], 1)
            }
            None => Tensor::cat(&[&cls, &patches], 1),
        }
    }

    /// All blocks and the final norm: `[B, N, d]` to `[B, rows, d]`, of which `rows` is `N`, or 1 for the class token
    /// alone.
    pub fn encode(
        &self,
        tokens: Tensor,
        adapters: &[[Adapter; 2]],
        rival: Option<&Rival>,
        pass: &Pass,
        rows: usize,
    ) -> Result<Tensor> {
        let adapted = !adapters.is_empty();
        let fused = self.blocks.iter().all(|block| block.can_be_fused(adapted));
        let x = match rival {
            None if fused => in_one_piece(tokens, &self.blocks, adapters, pass, rows)?,
            Some(rival) if fused && rival.stays_between_blocks() => {
                let mut x = tokens;
                for (index, block) in self.blocks.iter().enumerate() {
                    x = rival.before(index, x)?;
                    let last = index + 1 == self.blocks.len();
                    let rows = if last && rows == 1 { 1 } else { x.dim(1)? };
                    x = in_one_piece(x, std::slice::from_ref(block), &[], pass, rows)?;
                }
                x
            }
            _ => {
                let mut x = tokens;
                for (index, block) in self.blocks.iter().enumerate() {
                    if let Some(rival) = rival {
                        x = rival.before(index, x)?;
                    }
                    x = block.forward(&x, adapters.get(index), rival, pass)?;
                }
                // Another method may have put tokens of its own in.
                if rows == 1 { x.narrow(1, 0, 1)? } else { x }
            }
        };
        self.norm.forward(&x, pass)
    }

    /// The final norm of `[B, rows, d]`.
    pub fn norm(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.norm.forward(x, pass)
    }

    /// The blocks, in their order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }
}

/// The blocks as fused operations: `[B, N, d]` to `[B, rows, d]`.
fn in_one_piece(
    tokens: Tensor,
    blocks: &[Block],
    adapters: &[[Adapter; 2]],
    pass: &Pass,
    rows: usize,
) -> Result<Tensor> {
    match pass {
        Pass::Training(_) | Pass::Mixed(_) => {
            let (b, n, _) = tokens.dims3()?;
            let rounds = pass.rounds(tokens.device());
            let mut x = tokens;
            for (index, block) in blocks.iter().enumerate() {
                let rows = if index + 1 == blocks.len() { rows } else { n };
                let trained = block.trained(adapters.get(index))?;
                let factors = Adapter::factors(index, b, pass)?;
                x = ops::block(&x, &block.fused()?, &trained, factors, rows, rounds)?;
            }
            Ok(x)
        }
        Pass::Rounded if pass.rounds(tokens.device()) => {
            encode(&tokens, blocks, adapters, Adapter::rounded, rows)
        }
        Pass::Rounded | Pass::Half(_) | Pass::Inference => {
            encode(&tokens, blocks, adapters, Adapter::packed, rows)
        }
    }
}

/// The blocks without gradients.
fn encode<T: ops::Precision>(
    tokens: &Tensor,
    blocks: &[Block],
    adapters: &[[Adapter; 2]],
    pack: impl Fn(&[Adapter; 2]) -> Result<ops::AdapterPair<T>>,
    rows: usize,
) -> Result<Tensor> {
    let packed: Vec<_> = adapters.iter().map(pack).collect::<Result<_>>()?;
    let blocks: Vec<_> = blocks.iter().map(Block::fused).collect::<Result<_>>()?;
    let blocks: Vec<_> = blocks
        .iter()
        .enumerate()
        .map(|(index, block)| (block.as_ref(), packed.get(index)))
        .collect();
    ops::encode(tokens, &blocks, ADAPTER_SCALE as f32, rows)
}
