//! Which tensors a configuration asks for, and in which shapes.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;

use crate::model::config::{Config, RivalConfig, VitConfig};
use crate::model::error::ModelError;

/// Names and shapes of a complete set of tensors.
pub type Shapes = BTreeMap<String, Vec<usize>>;

/// The tensors of a model under PUMA's own names: the one definition that loading, saving and training share.
pub fn expected_tensors(config: &Config) -> Shapes {
    let d = config.vit.width;
    let mut shapes: Shapes = vit_tensors(&config.vit)
        .into_iter()
        .map(|(name, shape)| (format!("vit.{name}"), shape))
        .collect();
    if let Some(adapter) = &config.adapter {
        for block in 0..config.vit.depth {
            for branch in ["attn", "mlp"] {
                shapes.insert(
                    format!("adapters.{block}.{branch}.down"),
                    vec![d, adapter.rank],
                );
                shapes.insert(
                    format!("adapters.{block}.{branch}.up"),
                    vec![adapter.rank, d],
                );
            }
        }
    }
    if let Some(prompt) = &config.prompt {
        shapes.insert(
            "prompt_pool.prompts".into(),
            vec![prompt.pool_size, prompt.length, d],
        );
        shapes.insert("prompt_pool.keys".into(), vec![prompt.pool_size, d]);
        shapes.insert("prompt_pool.attention".into(), vec![prompt.pool_size, d]);
        if prompt.standardised {
            shapes.insert("prompt_pool.query_mean".into(), vec![d]);
            shapes.insert("prompt_pool.query_std".into(), vec![d]);
        }
    }
    if let Some(rival) = &config.rival {
        shapes.extend(rival_shapes(rival, &config.vit));
    }
    if let Some(head) = &config.head {
        shapes.insert("head.weight".into(), vec![head.width, d]);
        shapes.insert("head.bias".into(), vec![head.width]);
    }
    shapes
}

/// Names and shapes of another parameter-efficient method's tensors on a ViT.
pub fn rival_shapes(rival: &RivalConfig, vit: &VitConfig) -> Shapes {
    let (d, depth) = (vit.width, vit.depth);
    let mut shapes = Shapes::new();
    match *rival {
        RivalConfig::VisualPrompts { length, deep } => {
            let layers = if deep { depth } else { 1 };
            shapes.insert("visual_prompts".into(), vec![layers, length, d]);
        }
        RivalConfig::LowRank { rank } => {
            for block in 0..depth {
                for part in ["query", "value"] {
                    shapes.insert(format!("low_rank.{block}.{part}.a"), vec![rank, d]);
                    shapes.insert(format!("low_rank.{block}.{part}.b"), vec![d, rank]);
                }
            }
        }
        RivalConfig::AdaptFormer { rank } => {
            for block in 0..depth {
                let name = |part: &str| format!("adapt_former.{block}.{part}");
                shapes.insert(name("down.weight"), vec![rank, d]);
                shapes.insert(name("down.bias"), vec![rank]);
                shapes.insert(name("up.weight"), vec![d, rank]);
                shapes.insert(name("up.bias"), vec![d]);
            }
        }
    }
    shapes
}

/// The tensors of a ViT under timm's names.
pub(super) fn vit_tensors(vit: &VitConfig) -> Shapes {
    let (d, m, p) = (vit.width, vit.mlp_width, vit.patch_size);
    let positions = 1 + vit.position_grid * vit.position_grid;
    let mut shapes = Shapes::new();
    let mut add = |name: String, shape: &[usize]| {
        shapes.insert(name, shape.to_vec());
    };
    add("cls_token".into(), &[1, 1, d]);
    add("pos_embed".into(), &[1, positions, d]);
    add("patch_embed.proj.weight".into(), &[d, 3, p, p]);
    add("patch_embed.proj.bias".into(), &[d]);
    for block in 0..vit.depth {
        let linear = [
            ("attn.qkv", 3 * d, d),
            ("attn.proj", d, d),
            ("mlp.fc1", m, d),
            ("mlp.fc2", d, m),
        ];
        for (layer, outputs, inputs) in linear {
            add(format!("blocks.{block}.{layer}.weight"), &[outputs, inputs]);
            add(format!("blocks.{block}.{layer}.bias"), &[outputs]);
        }
        for norm in ["norm1", "norm2"] {
            add(format!("blocks.{block}.{norm}.weight"), &[d]);
            add(format!("blocks.{block}.{norm}.bias"), &[d]);
        }
        if vit.layer_scale {
            add(format!("blocks.{block}.ls1.gamma"), &[d]);
            add(format!("blocks.{block}.ls2.gamma"), &[d]);
        }
    }
    add("norm.weight".into(), &[d]);
    add("norm.bias".into(), &[d]);
    shapes
}

/// Checks that the two sets of names are equal and every shape is right.
///
/// # Errors
/// The first missing, extra or misshaped tensor in the order of names; missing ones come first, because an extra one
/// is often a misspelt missing one.
pub(super) fn check_names_and_shapes(
    tensors: &BTreeMap<String, Tensor>,
    expected: &Shapes,
    path: &Path,
) -> Result<(), ModelError> {
    if let Some(tensor) = expected.keys().find(|name| !tensors.contains_key(*name)) {
        return Err(ModelError::MissingTensor {
            path: path.to_owned(),
            tensor: tensor.clone(),
        });
    }
    for (name, tensor) in tensors {
        match expected.get(name) {
            None => {
                return Err(ModelError::ExtraTensor {
                    path: path.to_owned(),
                    tensor: name.clone(),
                });
            }
            Some(shape) if shape != tensor.dims() => {
                return Err(ModelError::Shape {
                    path: path.to_owned(),
                    tensor: name.clone(),
                    expected: shape.clone(),
                    found: tensor.dims().to_vec(),
                });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Checks that every value is a number.
pub(super) fn check_values(
    tensors: &BTreeMap<String, Tensor>,
    path: &Path,
) -> Result<(), ModelError> {
    for (name, tensor) in tensors {
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(ModelError::Values {
                path: path.to_owned(),
                tensor: name.clone(),
                reason: format!("holds {value}"),
            });
        }
    }
    Ok(())
}
