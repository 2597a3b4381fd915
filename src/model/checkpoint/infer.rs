//! The configuration of a file that has none: most of it follows from the tensors' shapes, the rest from hints.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;

use super::ReadOptions;
use super::hints::{self, Arguments, Hints};
use super::names;
use crate::model::config::{AdapterConfig, Config, HeadConfig, PromptConfig, VitConfig};
use crate::model::error::ModelError;

/// A ViT with LayerScale whose stored positions cover more than this is run on pictures of this size, as DINOv2 is.
const DINOV2_IMAGE_SIZE: usize = 224;

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
            Some(PromptConfig {
                pool_size,
                length,
                standardised: false,
                temperature: None,
            })
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
    let Hints {
        heads: Some(heads),
        mean_std: Some((mean, std)),
    } = hints::gather(width, layer_scale, arguments, options.backbone, path)?
    else {
        return Err(hints::unknown(width, path));
    };
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
        rival: None,
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
