use super::adapter::Adapter;
use super::linear::Linear;
use super::norm::LayerNorm;
use super::ops;
use super::pass::Pass;
use super::rivals::Rival;
use super::weights::Weights;
use super::{ModelError, VitConfig};
use candle_core::{D, Result, Tensor};
use std::sync::Arc;

/// A pre-norm transformer block with timm's names: `norm1`, `attn`, `ls1`, `norm2`, `mlp`, `ls2`.
#[derive(Clone, Debug)]
pub struct Block {
    norm1: LayerNorm,
    qkv: Linear,
    proj: Linear,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    /// LayerScale's factors `[d]` of both branches (DINOv2).
    layer_scale: Option<[Tensor; 2]>,
    heads: usize,
    index: usize,
    eps: f64,
    fused: Fused,
    spare: ops::Spare,
}

/// How a block can be had in one piece.
#[derive(Clone, Debug)]
enum Fused {
    /// It cannot.
    Not,
    /// As it is: all of it is frozen.
    Frozen(Arc<ops::FusedBlock>),
    /// Made of its weights for each pass: they are trained.
    Trained,
}

impl Block {
    /// Takes the tensors under `vit.blocks.INDEX`.
    pub fn new(
        weights: &Weights,
        config: &VitConfig,
        index: usize,
    ) -> std::result::Result<Self, ModelError> {
        let name = |part: &str| format!("vit.blocks.{index}.{part}");
        let eps = config.layer_norm_eps;
        let mut block = Self {
            norm1: LayerNorm::new(weights, &name("norm1"), eps)?,
            qkv: Linear::new(weights, &name("attn.qkv"))?,
            proj: Linear::new(weights, &name("attn.proj"))?,
            norm2: LayerNorm::new(weights, &name("norm2"), eps)?,
            fc1: Linear::new(weights, &name("mlp.fc1"))?,
            fc2: Linear::new(weights, &name("mlp.fc2"))?,
            layer_scale: if config.layer_scale {
                Some([
                    weights.get(&name("ls1.gamma"))?,
                    weights.get(&name("ls2.gamma"))?,
                ])
            } else {
                None
            },
            heads: config.heads,
            index,
            eps,
            fused: Fused::Not,
            spare: ops::Spare::default(),
        };
        let tensors = block.tensors();
        block.fused = match tensors.are_trained() {
            _ if !block.on_cpu() => Fused::Not,
            false => Fused::Frozen(Arc::new(block.fuse()?)),
            true if block.layer_scale.is_none() => Fused::Trained,
            true => Fused::Not,
        };
        Ok(block)
    }

    /// Weights and biases.
    pub fn tensors(&self) -> ops::BlockTensors<'_> {
        ops::BlockTensors {
            norm1: self.norm1.tensors(),
            qkv: self.qkv.tensors(),
            proj: self.proj.tensors(),
            norm2: self.norm2.tensors(),
            fc1: self.fc1.tensors(),
            fc2: self.fc2.tensors(),
            layer_scale: self
                .layer_scale
                .as_ref()
                .map(|[first, second]| [first, second]),
        }
    }

    fn on_cpu(&self) -> bool {
        self.qkv.tensors().0.device().is_cpu()
    }

    /// The block in one piece, of its weights as they stand.
    fn fuse(&self) -> Result<ops::FusedBlock> {
        ops::FusedBlock::new(self.tensors(), self.heads, self.eps, &self.spare)
    }

    /// The norms before attention and before the FFN.
    pub fn norms(&self) -> [&LayerNorm; 2] {
        [&self.norm1, &self.norm2]
    }

    /// Attention heads.
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// Whether any of its tensors is a variable.
    pub fn is_trained(&self) -> bool {
        self.tensors().are_trained()
    }

    /// `[B, N, d]` to `[B, N, d]`: `x' = x + MHSA(LN1(x)) + A1(LN1(x))`, `x'' = x' + FFN(LN2(x')) + A2(LN2(x'))`.
    ///
    /// The adapters stand outside LayerScale, and so does what another method adds.
    pub fn forward(
        &self,
        x: &Tensor,
        adapters: Option<&[Adapter; 2]>,
        rival: Option<&Rival>,
        pass: &Pass,
    ) -> Result<Tensor> {
        let h = self.norm1.forward(x, pass)?;
        let x = (x + self.scaled(0, self.attention(&h, rival, pass)?)?)?;
        let x = self.adapted(x, &h, adapters.map(|a| &a[0]), pass)?;
        let h = self.norm2.forward(&x, pass)?;
        let mut y = (&x + self.scaled(1, self.mlp(&h, pass)?)?)?;
        if let Some(rival) = rival
            && let Some(beside) = rival.beside_mlp(self.index, &x, pass)?
        {
            y = (y + beside)?;
        }
        self.adapted(y, &h, adapters.map(|a| &a[1]), pass)
    }

    /// Whether it can be had in one piece, with adapters or without.
    pub fn can_be_fused(&self, adapters: bool) -> bool {
        match self.fused {
            Fused::Not => false,
            Fused::Frozen(_) => true,
            Fused::Trained => !adapters,
        }
    }

    /// The block in one piece.
    pub fn fused(&self) -> Result<Arc<ops::FusedBlock>> {
        match &self.fused {
            Fused::Frozen(block) => Ok(block.clone()),
            Fused::Trained | Fused::Not => Ok(Arc::new(self.fuse()?)),
        }
    }

    /// What is trained of the block: adapters, its own weights, or nothing.
    pub fn trained(&self, adapters: Option<&[Adapter; 2]>) -> Result<ops::Trained> {
        match (adapters, &self.fused) {
            (Some(pair), _) => Ok(ops::Trained::Adapters(Adapter::flat(pair)?)),
            (None, Fused::Trained) => self.tensors().trained(),
            (None, _) => Ok(ops::Trained::Nothing),
        }
    }

    fn adapted(
        &self,
        x: Tensor,
        h: &Tensor,
        adapter: Option<&Adapter>,
        pass: &Pass,
    ) -> Result<Tensor> {
        match adapter {
            Some(adapter) => x + adapter.forward(h, pass)?,
            None => Ok(x),
        }
    }

    fn scaled(&self, branch: usize, y: Tensor) -> Result<Tensor> {
        match &self.layer_scale {
            Some(gamma) => y.broadcast_mul(&gamma[branch]),
            None => Ok(y),
        }
    }

    fn attention(&self, h: &Tensor, rival: Option<&Rival>, pass: &Pass) -> Result<Tensor> {
        let mut qkv = self.qkv.forward(h, pass)?;
        if let Some(rival) = rival
            && let Some(update) = rival.beside_qkv(self.index, h, pass)?
        {
            qkv = (qkv + update)?;
        }
        let mixed = if pass.is_training() {
            ops::attention(&qkv, self.heads)?
        } else {
            fused_attention(&qkv, self.heads)?
        };
        self.proj.forward(&mixed, pass)
    }

    fn mlp(&self, h: &Tensor, pass: &Pass) -> Result<Tensor> {
        let hidden = self.fc1.forward(h, pass)?;
        let hidden = if pass.is_training() {
            ops::gelu(&hidden)?
        } else {
            hidden.gelu_erf()?
        };
        self.fc2.forward(&hidden, pass)
    }
}

/// Attention by candle's fused softmax, which carries no gradient: `[B, N, 3 * d]` to `[B, N, d]`.
fn fused_attention(qkv: &Tensor, heads: usize) -> Result<Tensor> {
    let (b, n, width) = qkv.dims3()?;
    let head = width / 3 / heads;
    let qkv = qkv
        .reshape((b, n, 3, heads, head))?
        .permute((2, 0, 3, 1, 4))?;
    let [q, k, v] = [0, 1, 2].map(|i| qkv.get(i).and_then(|part| part.contiguous()));
    let scores = (q? * (head as f64).powf(-0.5))?.matmul(&k?.t()?)?;
    debug_assert_eq!(scores.dim(D::Minus1)?, n);
    candle_nn::ops::softmax_last_dim(&scores)?
        .matmul(&v?)?
        .transpose(1, 2)?
        .reshape((b, n, width / 3))
}
