//! The numbers that describe one model: they travel in the checkpoint and decide which tensors it holds.

use serde::{Deserialize, Serialize};

/// Mean of ImageNet's pixels per channel, of values in 0..1.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of ImageNet's pixels per channel, of values in 0..1.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// No number of a configuration may be larger; this keeps products of them within `usize`.
const LARGEST: usize = 1 << 16;
/// No ViT has more blocks.
const LARGEST_DEPTH: usize = 1 << 10;

/// The whole model: the frozen ViT, PUMA's modules on it and the normalisation of its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The frozen backbone.
    pub vit: VitConfig,
    /// Stochastic adapters in every block, if any.
    pub adapter: Option<AdapterConfig>,
    /// The pool of conditional prompts, if any.
    pub prompt: Option<PromptConfig>,
    /// The linear head on the class token, if any.
    pub head: Option<HeadConfig>,
    /// What another parameter-efficient method puts into the blocks, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival: Option<RivalConfig>,
    /// Subtracted from each channel of the pixels (values in 0..1).
    pub mean: [f32; 3],
    /// Divides each channel afterwards.
    pub std: [f32; 3],
}

/// Numbers of a plain ViT in timm's sense.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VitConfig {
    /// Side of the square input, in pixels.
    pub image_size: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// Width `d` of the tokens.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads per block.
    pub heads: usize,
    /// Width of the MLP's hidden layer.
    pub mlp_width: usize,
    /// Epsilon of every LayerNorm.
    pub layer_norm_eps: f64,
    /// Whether each branch is scaled per channel before it is added (DINOv2).
    pub layer_scale: bool,
    /// Side of the grid that the stored position embeddings cover; differs from [`VitConfig::grid`] where they are
    /// interpolated.
    pub position_grid: usize,
}

/// Numbers of the stochastic adapters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterConfig {
    /// Width `r` of the bottleneck.
    pub rank: usize,
}

/// Numbers of the prompt pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptConfig {
    /// Prompts `M` in the pool.
    pub pool_size: usize,
    /// Tokens `L` of each prompt.
    pub length: usize,
    /// Whether queries are standardised channel by channel before the pool is asked; not part of the published method.
    #[serde(default, skip_serializing_if = "is_false")]
    pub standardised: bool,
    /// Temperature of a softmax over the similarities that makes the prompts' weights of them; not part of the published
    /// method, whose weights are the similarities themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Numbers of the embedding head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadConfig {
    /// Width `e` of the embedding.
    pub width: usize,
}

/// Numbers of the parameter-efficient methods that PUMA is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RivalConfig {
    /// Visual prompt tuning (Jia et al., ECCV 2022, arXiv 2203.12119).
    VisualPrompts {
        /// Learnt tokens of a layer.
        length: usize,
        /// Whether every block has its own, instead of the first alone.
        deep: bool,
    },
    /// LoRA on query and value (Hu et al., ICLR 2022, arXiv 2106.09685), scaled by 1.
    LowRank {
        /// Rank of each update.
        rank: usize,
    },
    /// AdaptFormer beside the FFN (Chen et al., NeurIPS 2022, arXiv 2205.13535), scaled by 0.1.
    AdaptFormer {
        /// Width of the bottleneck.
        rank: usize,
    },
}

impl RivalConfig {
    /// Parameters on a ViT of `vit`'s numbers.
    pub fn parameters(&self, vit: &VitConfig) -> usize {
        let (d, depth) = (vit.width, vit.depth);
        match *self {
            RivalConfig::VisualPrompts { length, deep } => {
                let layers = if deep { depth } else { 1 };
                layers * length * d
            }
            RivalConfig::LowRank { rank } => depth * 2 * 2 * d * rank,
            RivalConfig::AdaptFormer { rank } => depth * (2 * d * rank + rank + d),
        }
    }
}

impl VitConfig {
    /// Patches along one side of the input.
    pub fn grid(&self) -> usize {
        self.image_size / self.patch_size
    }

    fn patch16(width: usize, heads: usize) -> Self {
        Self {
            image_size: 224,
            patch_size: 16,
            width,
            depth: 12,
            heads,
            mlp_width: 4 * width,
            layer_norm_eps: 1e-6,
            layer_scale: false,
            position_grid: 14,
        }
    }

    fn parameters(&self) -> usize {
        let (d, m) = (self.width, self.mlp_width);
        let patches = d * 3 * self.patch_size * self.patch_size + d;
        let positions = (1 + self.position_grid * self.position_grid) * d;
        let attention = d * 3 * d + 3 * d + d * d + d;
        let mlp = d * m + m + m * d + d;
        let scales = if self.layer_scale { 2 * d } else { 0 };
        d + patches + positions + self.depth * (4 * d + attention + mlp + scales) + 2 * d
    }
}

impl Config {
    /// A backbone alone, without any of PUMA's modules.
    pub fn plain(vit: VitConfig, mean: [f32; 3], std: [f32; 3]) -> Self {
        Self {
            vit,
            adapter: None,
            prompt: None,
            head: None,
            rival: None,
            mean,
            std,
        }
    }

    /// DeiT-Tiny, patch 16: width 192, 3 heads, ImageNet's mean and standard deviation.
    pub fn deit_tiny() -> Self {
        Self::plain(VitConfig::patch16(192, 3), IMAGENET_MEAN, IMAGENET_STD)
    }

    /// ViT-Tiny, patch 16, as AugReg trained it: the numbers of [`Config::deit_tiny`], but mean = std = 0.5.
    pub fn vit_tiny() -> Self {
        Self::plain(VitConfig::patch16(192, 3), [0.5; 3], [0.5; 3])
    }

    /// ViT-Small, patch 16, as AugReg trained it: width 384, 6 heads, mean = std = 0.5.
    pub fn vit_small() -> Self {
        Self::plain(VitConfig::patch16(384, 6), [0.5; 3], [0.5; 3])
    }

    /// ViT-Base, patch 16, as AugReg trained it: width 768, 12 heads, mean = std = 0.5.
    pub fn vit_base() -> Self {
        Self::plain(VitConfig::patch16(768, 12), [0.5; 3], [0.5; 3])
    }

    /// DINOv2-Small, patch 14: LayerScale, 224-pixel input, positions stored for a grid of 37.
    pub fn dinov2_small() -> Self {
        let vit = VitConfig {
            patch_size: 14,
            layer_scale: true,
            position_grid: 37,
            ..VitConfig::patch16(384, 6)
        };
        Self::plain(vit, IMAGENET_MEAN, IMAGENET_STD)
    }

    /// The same backbone with PUMA's modules: `pool_size` prompts of `length` tokens, adapters of `rank`, a head to
    /// `width`. The published setting is `(20, 8, 128, 128)` on [`Config::vit_small`].
    pub fn with_puma(self, pool_size: usize, length: usize, rank: usize, width: usize) -> Self {
        Self {
            adapter: Some(AdapterConfig { rank }),
            prompt: Some(PromptConfig {
                pool_size,
                length,
                standardised: false,
                temperature: None,
            }),
            head: Some(HeadConfig { width }),
            ..self
        }
    }

    /// Width of the embedding: the head's, or the class token's where there is no head.
    pub fn embedding_width(&self) -> usize {
        self.head.as_ref().map_or(self.vit.width, |head| head.width)
    }

    /// Prompts in the pool, 0 without one.
    pub fn prompts(&self) -> usize {
        self.prompt.as_ref().map_or(0, |prompt| prompt.pool_size)
    }

    /// Parameters of the adapters, the prompt pool, another method's modules and the head; class proxies are not part of a model.
    ///
    /// ```
    /// assert_eq!(puma::model::config::Config::vit_small().with_puma(20, 8, 128, 128).trainable_parameters(), 2_485_376);
    /// ```
    pub fn trainable_parameters(&self) -> usize {
        let d = self.vit.width;
        let adapters = self
            .adapter
            .as_ref()
            .map_or(0, |adapter| self.vit.depth * 2 * 2 * d * adapter.rank);
        let prompts = self
            .prompt
            .as_ref()
            .map_or(0, |prompt| prompt.pool_size * (prompt.length + 2) * d);
        let head = self
            .head
            .as_ref()
            .map_or(0, |head| head.width * d + head.width);
        let rival = self
            .rival
            .as_ref()
            .map_or(0, |rival| rival.parameters(&self.vit));
        adapters + prompts + rival + head
    }

    /// Parameters of the backbone, positions and class token included.
    pub fn total_vit_parameters(&self) -> usize {
        self.vit.parameters()
    }

    /// Checks every number against the others; the text names the field and what it has to be.
    pub fn validate(&self) -> Result<(), String> {
        let vit = &self.vit;
        check("vit.image_size", vit.image_size, LARGEST)?;
        check("vit.patch_size", vit.patch_size, LARGEST)?;
        check("vit.width", vit.width, LARGEST)?;
        check("vit.depth", vit.depth, LARGEST_DEPTH)?;
        check("vit.heads", vit.heads, LARGEST)?;
        check("vit.mlp_width", vit.mlp_width, LARGEST)?;
        check("vit.position_grid", vit.position_grid, LARGEST)?;
        if !vit.image_size.is_multiple_of(vit.patch_size) {
            return Err(format!(
                "vit.image_size {} is not a multiple of vit.patch_size {}",
                vit.image_size, vit.patch_size
            ));
        }
        if !vit.width.is_multiple_of(vit.heads) {
            return Err(format!(
                "vit.width {} is not a multiple of vit.heads {}",
                vit.width, vit.heads
            ));
        }
        if !(vit.layer_norm_eps > 0.0 && vit.layer_norm_eps < 1.0) {
            return Err(format!(
                "vit.layer_norm_eps is {}, it has to lie between 0 and 1",
                vit.layer_norm_eps
            ));
        }
        if let Some(adapter) = &self.adapter {
            check("adapter.rank", adapter.rank, LARGEST)?;
        }
        if let Some(prompt) = &self.prompt {
            check("prompt.pool_size", prompt.pool_size, LARGEST)?;
            check("prompt.length", prompt.length, LARGEST)?;
            let temperature = prompt.temperature.unwrap_or(1.0);
            if !(temperature.is_finite() && temperature > 0.0) {
                return Err(format!(
                    "prompt.temperature is {temperature}, it has to be above 0"
                ));
            }
        }
        if let Some(head) = &self.head {
            check("head.width", head.width, LARGEST)?;
        }
        match self.rival {
            Some(RivalConfig::VisualPrompts { length, .. }) => {
                check("rival.length", length, LARGEST)?;
            }
            Some(RivalConfig::LowRank { rank } | RivalConfig::AdaptFormer { rank }) => {
                check("rival.rank", rank, LARGEST)?;
            }
            None => {}
        }
        if self.mean.iter().any(|mean| !mean.is_finite()) {
            return Err(format!("mean is {:?}, it has to be finite", self.mean));
        }
        if self.std.iter().any(|std| !(std.is_finite() && *std > 0.0)) {
            return Err(format!("std is {:?}, it has to be above 0", self.std));
        }
        Ok(())
    }
}

fn check(name: &str, value: usize, largest: usize) -> Result<(), String> {
    if (1..=largest).contains(&value) {
        Ok(())
    } else {
        Err(format!(
            "{name} is {value}, it has to lie between 1 and {largest}"
        ))
    }
}
