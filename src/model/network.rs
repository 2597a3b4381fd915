use super::ablation::Ablation;
use super::adapter::Adapter;
use super::half::HalfEncoder;
use super::linear::Linear;
use super::pass::Pass;
use super::prompt_pool::{PromptPool, published_query};
use super::rivals::Rival;
use super::vit::Vit;
use super::weights::Weights;
use super::{Config, ModelError};
use candle_core::{Device, Result, Tensor};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The whole network: ViT, and adapters, prompt pool, another method's modules and head as far as the configuration
/// has them.
#[derive(Clone, Debug)]
pub struct Network {
    vit: Vit,
    adapters: Vec<[Adapter; 2]>,
    prompt_pool: Option<PromptPool>,
    rival: Option<Rival>,
    head: Option<Linear>,
    /// The blocks in numbers of 16 bits, in each kind that was asked for; shared by all clones.
    half: Arc<Mutex<Vec<Arc<HalfEncoder>>>>,
}

/// What a forward pass gives; `B` pictures, `N = 1 + L + n` tokens.
#[derive(Clone, Debug)]
pub struct Output {
    /// What the prompt pool is asked with, `[B, d]`.
    pub query: Option<Tensor>,
    /// Prompt-pool similarities, `[B, M]`.
    pub similarity: Option<Tensor>,
    /// The weighted sum of the prompts, `[B, L, d]`.
    pub conditional_prompt: Option<Tensor>,
    /// All tokens after the final norm, `[B, N, d]`.
    pub features: Tensor,
    /// L2-normalised embedding, `[B, e]`: of the head, or of the class token where there is no head.
    pub embedding: Tensor,
}

impl Network {
    /// Builds the network of `config` on `tensors`, for pictures of `image_size` pixels a side.
    ///
    /// Tensors that are variables stay variables: a training pass gives them gradients.
    pub fn new(
        config: &Config,
        tensors: &BTreeMap<String, Tensor>,
        image_size: usize,
        device: &Device,
    ) -> std::result::Result<Self, ModelError> {
        let weights = Weights::new(tensors, device)?;
        let depth = config.vit.depth;
        Ok(Self {
            vit: Vit::new(&weights, &config.vit, image_size)?,
            adapters: match config.adapter {
                Some(_) => (0..depth)
                    .map(|block| Adapter::pair(&weights, block))
                    .collect::<std::result::Result<_, _>>()?,
                None => Vec::new(),
            },
            prompt_pool: config
                .prompt
                .as_ref()
                .map(|prompt| PromptPool::new(&weights, prompt))
                .transpose()?,
            rival: config
                .rival
                .as_ref()
                .map(|rival| Rival::new(&weights, rival, depth))
                .transpose()?,
            head: config
                .head
                .as_ref()
                .map(|_| Linear::new(&weights, "head"))
                .transpose()?,
            half: Arc::default(),
        })
    }

    /// Normalised pixels `[B, 3, H, W]` to everything the model says of them.
    pub fn forward(&self, pixels: &Tensor, pass: &Pass) -> Result<Output> {
        self.forward_ablated(pixels, pass, &Ablation::None)
    }

    /// The same without a part of the model.
    ///
    /// [`Output::similarity`] holds the weights `[B, M]` that the prompts were summed with, which an ablation may have
    /// changed; without the pool there are none.
    ///
    /// # Errors
    /// Weights of another number than the pool has prompts; see [`Ablation::check`].
    pub fn forward_ablated(
        &self,
        pixels: &Tensor,
        pass: &Pass,
        ablation: &Ablation,
    ) -> Result<Output> {
        self.run(pixels, pass, ablation, true)
    }

    /// The same where only the embedding is wanted: [`Output::features`] holds the class token alone, `[B, 1, d]`, and
    /// what the last block would make of the other tokens is left out.
    pub fn embed(&self, pixels: &Tensor, pass: &Pass, ablation: &Ablation) -> Result<Output> {
        self.run(pixels, pass, ablation, false)
    }

    fn run(
        &self,
        pixels: &Tensor,
        pass: &Pass,
        ablation: &Ablation,
        all_tokens: bool,
    ) -> Result<Output> {
        let patches = self.vit.patch_embed(pixels)?;
        let (mut query, mut similarity, mut conditional_prompt) = (None, None, None);
        if let Some(pool) = &self.prompt_pool
            && *ablation != Ablation::PromptsOff
        {
            let q = pool.query(&patches)?;
            let measured = pool.similarity(&q)?;
            let s = ablated(&measured, ablation)?;
            let weights = match ablation {
                Ablation::PromptOff(_) => ablated(&pool.weights(&measured)?, ablation)?,
                _ => pool.weights(&s)?,
            };
            conditional_prompt = Some(pool.conditional_prompt(&weights)?);
            (query, similarity) = (Some(q), Some(s));
        }
        let tokens = self.vit.tokens(&patches, conditional_prompt.as_ref())?;
        let adapters: &[[Adapter; 2]] = match ablation {
            Ablation::AdaptersOff => &[],
            _ => &self.adapters,
        };
        let rows = if all_tokens { tokens.dim(1)? } else { 1 };
        let features = match self.half(pass, tokens.device())? {
            Some(half) => {
                let x = half.encode(&tokens, !adapters.is_empty(), rows)?;
                self.vit.norm(&x, pass)?
            }
            None => {
                let rival = self.rival.as_ref();
                self.vit.encode(tokens, adapters, rival, pass, rows)?
            }
        };
        let cls = features.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
        Ok(Output {
            query,
            similarity,
            conditional_prompt,
            features,
            embedding: self.embedding(&cls, pass)?,
        })
    }

    /// The blocks in the numbers of 16 bits that `pass` asks for, where it does and the blocks allow it.
    fn half(&self, pass: &Pass, device: &Device) -> Result<Option<Arc<HalfEncoder>>> {
        let Some(dtype) = pass.half(device).filter(|_| self.rival.is_none()) else {
            return Ok(None);
        };
        let mut known = self.half.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(half) = known.iter().find(|half| half.dtype() == dtype) {
            return Ok(Some(Arc::clone(half)));
        }
        let made = HalfEncoder::new(self.vit.blocks(), &self.adapters, dtype)?.map(Arc::new);
        known.extend(made.clone());
        Ok(made)
    }

    /// The L2-normalised embedding `[B, e]` of class tokens `[B, d]` after the final norm.
    pub fn embedding(&self, cls: &Tensor, pass: &Pass) -> Result<Tensor> {
        match &self.head {
            Some(head) => normalise(&head.forward(cls, pass)?),
            None => normalise(cls),
        }
    }

    /// The query `[B, d]` as published, whatever the pool makes of it: patch embedding alone.
    pub fn query(&self, pixels: &Tensor) -> Result<Tensor> {
        published_query(&self.vit.patch_embed(pixels)?)
    }

    /// The L2-normalised class token `[B, d]` of the backbone alone: no prompts, no adapters, no other modules, no head.
    pub fn backbone_embedding(&self, pixels: &Tensor, pass: &Pass) -> Result<Tensor> {
        let tokens = self.vit.tokens(&self.vit.patch_embed(pixels)?, None)?;
        let features = self.vit.encode(tokens, &[], None, pass, 1)?;
        normalise(&features.narrow(1, 0, 1)?.squeeze(1)?)
    }
}

/// Similarities or weights of the prompts, `[B, M]`, under an ablation.
fn ablated(prompts: &Tensor, ablation: &Ablation) -> Result<Tensor> {
    let (b, m) = prompts.dims2()?;
    let device = prompts.device();
    match ablation {
        Ablation::PromptOff(prompt) => {
            let kept = (0..m).map(|at| if at == *prompt { 0f32 } else { 1.0 });
            prompts.broadcast_mul(&Tensor::from_iter(kept, device)?)
        }
        Ablation::OnePromptForAll(weights) => {
            Tensor::from_slice(weights, (1, weights.len()), device)?
                .broadcast_as((b, m))?
                .contiguous()
        }
        Ablation::None | Ablation::PromptsOff | Ablation::AdaptersOff => Ok(prompts.clone()),
    }
}

/// Rows `[B, e]` to unit length.
pub fn normalise(rows: &Tensor) -> Result<Tensor> {
    rows.broadcast_div(&rows.sqr()?.sum_keepdim(1)?.sqrt()?.maximum(1e-12)?)
}
