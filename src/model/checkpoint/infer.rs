//! The configuration of a file that has none: most of it follows from the tensors' shapes, the rest from hints.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;

use super::names;
use super::{Backbone, ReadOptions};
use crate::model::config::{
    AdapterConfig, Config, HeadConfig, IMAGENET_MEAN, IMAGENET_STD, PromptConfig, VitConfig,
};
use crate::model::error::ModelError;

/// A ViT with LayerScale whose stored positions cover more than this is run on pictures of this size, as DINOv2 is.
const DINOV2_IMAGE_SIZE: usize = 224;

/// What the training program wrote down about its run: the arguments of the authors' trainer.
pub(super) type Arguments = serde_json::Map<String, serde_json::Value>;

/// Heads and pixel normalisation, as far as one source knows them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Hints {
    heads: Option<usize>,
    mean_std: Option<([f32; 3], [f32; 3])>,
}

impl Hints {
    fn or(self, other: Self) -> Self {
        Self {
            heads: self.heads.or(other.heads),
            mean_std: self.mean_std.or(other.mean_std),
        }
    }

    fn of(backbone: Backbone) -> Self {
        let config = backbone.config();
        Self {
            heads: Some(config.vit.heads),
            mean_std: Some((config.mean, config.std)),
        }
    }
}

/// Finds the configuration of tensors under timm's names, each after `prefix` ("" or "body.").
///
/// What the shapes do not say comes from `arguments`, then from `options`, then from the width.
///
/// # Errors
/// A tensor that is needed for this is missing or has the wrong number of dimensions, or heads or pixel normalisation
/// remain unknown: the error says what to pass.
pub(super) fn config(
    tensors: &BTreeMap<String, Tensor>,
    prefix: &str,
    arguments: &Arguments,
    options: &ReadOptions,
    path: &Path,
) -> Result<Config, ModelError> {
    if let Some(config) = &options.config {
        return Ok(config.clone());
    }
    let shapes = Dimensions { tensors, path };
    let [_, _, width] = shapes.of(&format!("{prefix}cls_token"))?;
    let [_, _, patch_size, _] = shapes.of(&format!("{prefix}patch_embed.proj.weight"))?;
    let [mlp_width, _] = shapes.of(&format!("{prefix}blocks.0.mlp.fc1.weight"))?;
    let layer_scale = tensors.contains_key(&format!("{prefix}blocks.0.ls1.gamma"));
    let prompt = match tensors.contains_key(names::PROMPTS) {
        true => {
            let [pool_size, length, _] = shapes.of(names::PROMPTS)?;
            Some(PromptConfig { pool_size, length })
        }
        false => None,
    };
    let adapter = match tensors.contains_key("body.adapter.d.0") {
        true => {
            let [_, _, rank] = shapes.of("body.adapter.d.0")?;
            Some(AdapterConfig { rank })
        }
        false => None,
    };
    let head = match tensors.contains_key("last_layer.0.weight") {
        true => {
            let [width, _] = shapes.of("last_layer.0.weight")?;
            Some(HeadConfig { width })
        }
        false => None,
    };
    let position_grid = position_grid(&shapes, prefix, prompt.as_ref())?;
    let covered = position_grid.saturating_mul(patch_size);
    let image_size = if layer_scale && covered > DINOV2_IMAGE_SIZE {
        DINOV2_IMAGE_SIZE
    } else {
        covered
    };
    let (heads, (mean, std)) = heads_and_pixels(width, layer_scale, arguments, options, path)?;
    let vit = VitConfig {
        image_size,
        patch_size,
        width,
        depth: depth(tensors, prefix),
        heads,
        mlp_width,
        layer_norm_eps: 1e-6,
        layer_scale,
        position_grid,
    };
    Ok(Config {
        vit,
        adapter,
        prompt,
        head,
        mean,
        std,
    })
}

struct Dimensions<'a> {
    tensors: &'a BTreeMap<String, Tensor>,
    path: &'a Path,
}

impl Dimensions<'_> {
    fn of<const N: usize>(&self, name: &str) -> Result<[usize; N], ModelError> {
        let (path, tensor) = (self.path.to_owned(), name.to_string());
        match self.tensors.get(name) {
            None => Err(ModelError::MissingTensor { path, tensor }),
            Some(found) => found.dims().try_into().map_err(|_| ModelError::Values {
                path,
                tensor,
                reason: format!("has shape {:?}, expected {N} dimensions", found.dims()),
            }),
        }
    }
}

fn position_grid(
    shapes: &Dimensions<'_>,
    prefix: &str,
    prompt: Option<&PromptConfig>,
) -> Result<usize, ModelError> {
    let name = format!("{prefix}pos_embed");
    let [_, rows, _] = shapes.of(&name)?;
    let length = prompt.map_or(0, |prompt| prompt.length);
    let patches = rows.saturating_sub(1 + length);
    let grid = patches.isqrt();
    if grid == 0 || grid * grid != patches {
        return Err(ModelError::Values {
            path: shapes.path.to_owned(),
            tensor: name,
            reason: format!(
                "has {rows} rows, which are not 1 class token, {length} prompt tokens and a square of patches"
            ),
        });
    }
    Ok(grid)
}

fn depth(tensors: &BTreeMap<String, Tensor>, prefix: &str) -> usize {
    let number = |name: &str| -> Option<usize> {
        name.strip_prefix(prefix)?
            .strip_prefix("blocks.")?
            .split_once('.')?
            .0
            .parse()
            .ok()
    };
    tensors
        .keys()
        .filter_map(|name| number(name))
        .max()
        .map_or(0, |last| last.saturating_add(1))
}

type MeanStd = ([f32; 3], [f32; 3]);

fn heads_and_pixels(
    width: usize,
    layer_scale: bool,
    arguments: &Arguments,
    options: &ReadOptions,
    path: &Path,
) -> Result<(usize, MeanStd), ModelError> {
    let named = options
        .backbone
        .map(|backbone| fitting(Hints::of(backbone), backbone.config().vit.width, width));
    if let (Some(None), Some(backbone)) = (named, options.backbone) {
        return Err(ModelError::Backbone {
            path: path.to_owned(),
            reason: format!(
                "its tokens are {width} wide, {backbone} has {}",
                backbone.config().vit.width
            ),
        });
    }
    let hints = from_arguments(arguments, width)
        .or(named.flatten().unwrap_or_default())
        .or(from_width(width, layer_scale));
    match hints {
        Hints {
            heads: Some(heads),
            mean_std: Some(mean_std),
        } => Ok((heads, mean_std)),
        _ => Err(ModelError::Backbone {
            path: path.to_owned(),
            reason: format!(
                "the file does not say how many heads its ViT of width {width} has or how pixels are normalised; \
                 pass --backbone with one of {}",
                Backbone::ALL.map(Backbone::name).join(", ")
            ),
        }),
    }
}

/// Hints of a backbone with tokens of `known` width for a file of `width`: none if the width is another known one's.
/// A file of a width that no backbone has may borrow heads and normalisation from any.
fn fitting(hints: Hints, known: usize, width: usize) -> Option<Hints> {
    (known == width || from_width(width, false) == Hints::default()).then_some(hints)
}

fn from_width(width: usize, layer_scale: bool) -> Hints {
    match width {
        192 => Hints::of(Backbone::DeitTiny),
        384 if layer_scale => Hints::of(Backbone::Dinov2Small),
        384 => Hints::of(Backbone::VitSmall),
        768 => Hints::of(Backbone::VitBase),
        _ => Hints::default(),
    }
}

fn from_arguments(arguments: &Arguments, width: usize) -> Hints {
    let number = |names: &[&str]| -> Option<usize> {
        let value = names
            .iter()
            .find_map(|name| arguments.get(*name))?
            .as_u64()?;
        usize::try_from(value)
            .ok()
            .filter(|heads| *heads > 0 && width.is_multiple_of(*heads))
    };
    let triple = |name: &str| -> Option<[f32; 3]> {
        let values: Vec<f32> = arguments
            .get(name)?
            .as_array()?
            .iter()
            .filter_map(|v| v.as_f64())
            .map(|v| v as f32)
            .collect();
        values.try_into().ok()
    };
    let explicit = Hints {
        heads: number(&["num_heads", "heads", "n_heads"]),
        mean_std: triple("mean").zip(triple("std")),
    };
    let by_name = ["model", "backbone", "arch", "model_name"]
        .iter()
        .filter_map(|name| arguments.get(*name)?.as_str())
        .find_map(|name| from_model_name(name, width));
    explicit.or(by_name.unwrap_or_default())
}

/// What a model's name in timm's manner (`vit_small_patch16_224`) tells. The authors' trainer normalises pixels by 0.5
/// for the plain AugReg ViTs and as ImageNet for all others.
fn from_model_name(name: &str, width: usize) -> Option<Hints> {
    let name = name.to_lowercase().replace('-', "_");
    let sizes = [
        ("tiny", 192, 3),
        ("small", 384, 6),
        ("vits", 384, 6),
        ("base", 768, 12),
        ("vitb", 768, 12),
    ];
    let (_, known, heads) = sizes.into_iter().find(|(size, ..)| name.contains(size))?;
    let augreg = name.starts_with("vit_") && !name.contains("dino") && !name.contains("clip");
    let mean_std = if augreg {
        ([0.5; 3], [0.5; 3])
    } else {
        (IMAGENET_MEAN, IMAGENET_STD)
    };
    fitting(
        Hints {
            heads: Some(heads),
            mean_std: Some(mean_std),
        },
        known,
        width,
    )
}
