//! Tensor names: PUMA's own against timm's and the authors'.
//!
//! The authors keep timm's names under `body.`, stack both adapters of a block into one tensor (0 attention, 1 MLP),
//! repeat the class token's position embedding for every prompt token, and save two things that never change: the
//! adapters' scale and the statistics of a batch norm without parameters.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::layout::{Shapes, vit_tensors};
use crate::model::config::{AdapterConfig, Config, PromptConfig};
use crate::model::error::ModelError;

/// The backbone's tensors in an authors' checkpoint begin like this.
pub(super) const AUTHORS_BODY: &str = "body.";
pub(super) const PROMPTS: &str = "body.prompt.e_p_-1";
const KEYS: &str = "body.prompt.e_k_-1";
const ATTENTION: &str = "body.prompt.e_a_-1";
const POSITIONS: &str = "body.pos_embed";
const HEAD: &str = "last_layer.0";
const BRANCHES: [&str; 2] = ["attn", "mlp"];
/// The scale of every adapter: fixed, so it is no part of PUMA's own checkpoints.
const ADAPTER_SCALE: f32 = 0.1;

/// Names and shapes of an authors' checkpoint of this configuration.
pub(super) fn authors_tensors(config: &Config) -> Shapes {
    let d = config.vit.width;
    let mut shapes: Shapes = vit_tensors(&config.vit)
        .into_iter()
        .map(|(name, shape)| (format!("body.{name}"), shape))
        .collect();
    if let Some(AdapterConfig { rank }) = config.adapter {
        for block in 0..config.vit.depth {
            shapes.insert(format!("body.adapter.d.{block}"), vec![2, d, rank]);
            shapes.insert(format!("body.adapter.u.{block}"), vec![2, rank, d]);
            shapes.insert(format!("body.adapter.s.{block}"), vec![2]);
        }
    }
    if let Some(PromptConfig {
        pool_size, length, ..
    }) = config.prompt
    {
        if let Some(shape) = shapes.get_mut(POSITIONS) {
            shape[1] += length;
        }
        shapes.insert(PROMPTS.into(), vec![pool_size, length, d]);
        shapes.insert(KEYS.into(), vec![pool_size, d]);
        shapes.insert(ATTENTION.into(), vec![pool_size, d]);
        shapes.insert("body.prompt.bn.running_mean".into(), vec![pool_size]);
        shapes.insert("body.prompt.bn.running_var".into(), vec![pool_size]);
        shapes.insert("body.prompt.bn.num_batches_tracked".into(), vec![]);
    }
    if let Some(head) = &config.head {
        shapes.insert(format!("{HEAD}.weight"), vec![head.width, d]);
        shapes.insert(format!("{HEAD}.bias"), vec![head.width]);
    }
    shapes
}

/// Renames a complete set of timm's tensors.
pub(super) fn from_timm(tensors: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    tensors
        .into_iter()
        .map(|(name, tensor)| (format!("vit.{name}"), tensor))
        .collect()
}

/// Renames a set of the authors' tensors that was checked against [`authors_tensors`].
///
/// # Errors
/// What PUMA takes for granted is different in this file: the adapters' scale, the batch norm's statistics, or the
/// position embeddings of the prompt tokens.
pub(super) fn from_authors(
    tensors: BTreeMap<String, Tensor>,
    config: &Config,
    path: &Path,
) -> Result<BTreeMap<String, Tensor>, ModelError> {
    let mut own = BTreeMap::new();
    for (name, tensor) in tensors {
        if let Some((kind, block)) = name
            .strip_prefix("body.adapter.")
            .and_then(|rest| rest.split_once('.'))
        {
            let part = match kind {
                "d" => "down",
                "u" => "up",
                _ => {
                    check_constant(&tensor, ADAPTER_SCALE, &name, path)?;
                    continue;
                }
            };
            for (index, branch) in BRANCHES.into_iter().enumerate() {
                own.insert(
                    format!("adapters.{block}.{branch}.{part}"),
                    tensor.get(index)?.copy()?,
                );
            }
            continue;
        }
        match name.as_str() {
            "body.prompt.bn.running_mean" => check_constant(&tensor, 0.0, &name, path)?,
            "body.prompt.bn.running_var" => check_constant(&tensor, 1.0, &name, path)?,
            "body.prompt.bn.num_batches_tracked" => {}
            POSITIONS => {
                let length = config.prompt.as_ref().map_or(0, |prompt| prompt.length);
                own.insert(
                    "vit.pos_embed".into(),
                    without_prompt_rows(&tensor, length, &name, path)?,
                );
            }
            PROMPTS => drop(own.insert("prompt_pool.prompts".into(), tensor)),
            KEYS => drop(own.insert("prompt_pool.keys".into(), tensor)),
            ATTENTION => drop(own.insert("prompt_pool.attention".into(), tensor)),
            _ => {
                let new = match (name.strip_prefix("body."), name.strip_prefix(HEAD)) {
                    (Some(rest), _) => format!("vit.{rest}"),
                    (None, Some(rest)) => format!("head{rest}"),
                    (None, None) => {
                        return Err(ModelError::ExtraTensor {
                            path: path.to_owned(),
                            tensor: name,
                        });
                    }
                };
                own.insert(new, tensor);
            }
        }
    }
    Ok(own)
}

/// The other way round: a complete set of the authors' tensors.
pub(super) fn to_authors(
    tensors: &BTreeMap<String, Tensor>,
    config: &Config,
) -> Result<BTreeMap<String, Tensor>, candle_core::Error> {
    let mut theirs = BTreeMap::new();
    for (name, tensor) in tensors {
        match name.as_str() {
            "vit.pos_embed" => {
                let length = config.prompt.as_ref().map_or(0, |prompt| prompt.length);
                theirs.insert(POSITIONS.to_string(), with_prompt_rows(tensor, length)?);
            }
            "prompt_pool.prompts" => drop(theirs.insert(PROMPTS.into(), tensor.clone())),
            "prompt_pool.keys" => drop(theirs.insert(KEYS.into(), tensor.clone())),
            "prompt_pool.attention" => drop(theirs.insert(ATTENTION.into(), tensor.clone())),
            _ => {
                if let Some(rest) = name.strip_prefix("vit.") {
                    theirs.insert(format!("body.{rest}"), tensor.clone());
                } else if let Some(rest) = name.strip_prefix("head") {
                    theirs.insert(format!("{HEAD}{rest}"), tensor.clone());
                }
            }
        }
    }
    if config.adapter.is_some() {
        for block in 0..config.vit.depth {
            for (kind, part) in [("d", "down"), ("u", "up")] {
                let both: Vec<&Tensor> = BRANCHES
                    .iter()
                    .filter_map(|branch| tensors.get(&format!("adapters.{block}.{branch}.{part}")))
                    .collect();
                theirs.insert(
                    format!("body.adapter.{kind}.{block}"),
                    Tensor::stack(&both, 0)?,
                );
            }
            theirs.insert(
                format!("body.adapter.s.{block}"),
                Tensor::new(&[ADAPTER_SCALE; 2], &Device::Cpu)?,
            );
        }
    }
    if let Some(prompt) = &config.prompt {
        let statistics = |value: f64| Tensor::full(value as f32, prompt.pool_size, &Device::Cpu);
        theirs.insert("body.prompt.bn.running_mean".into(), statistics(0.0)?);
        theirs.insert("body.prompt.bn.running_var".into(), statistics(1.0)?);
        theirs.insert(
            "body.prompt.bn.num_batches_tracked".into(),
            Tensor::zeros((), DType::I64, &Device::Cpu)?,
        );
    }
    Ok(theirs)
}

fn check_constant(
    tensor: &Tensor,
    constant: f32,
    name: &str,
    path: &Path,
) -> Result<(), ModelError> {
    let values = tensor.flatten_all()?.to_vec1::<f32>()?;
    // Half precision rounds 0.1 by 2.5e-5.
    match values
        .into_iter()
        .find(|value| (value - constant).abs() > 1e-4)
    {
        None => Ok(()),
        Some(value) => Err(ModelError::Values {
            path: path.to_owned(),
            tensor: name.to_string(),
            reason: format!("holds {value}, PUMA has the constant {constant} there"),
        }),
    }
}

/// `[1, 1 + L + n, d]` to `[1, 1 + n, d]`.
fn without_prompt_rows(
    positions: &Tensor,
    length: usize,
    name: &str,
    path: &Path,
) -> Result<Tensor, ModelError> {
    if length == 0 {
        return Ok(positions.clone());
    }
    let class_token = positions.narrow(1, 0, 1)?;
    let repeated = class_token.flatten_all()?.to_vec1::<f32>()?;
    for row in 1..=length {
        if positions
            .narrow(1, row, 1)?
            .flatten_all()?
            .to_vec1::<f32>()?
            != repeated
        {
            return Err(ModelError::Values {
                path: path.to_owned(),
                tensor: name.to_string(),
                reason: format!(
                    "has its own position for prompt token {row}, PUMA uses the class token's"
                ),
            });
        }
    }
    let rows = positions.dim(1)?;
    Ok(Tensor::cat(
        &[
            class_token,
            positions.narrow(1, 1 + length, rows - 1 - length)?,
        ],
        1,
    )?)
}

/// `[1, 1 + n, d]` to `[1, 1 + L + n, d]`.
fn with_prompt_rows(positions: &Tensor, length: usize) -> Result<Tensor, candle_core::Error> {
    let class_token = positions.narrow(1, 0, 1)?;
    let patches = positions.narrow(1, 1, positions.dim(1)? - 1)?;
    Tensor::cat(&[class_token.repeat((1, 1 + length, 1))?, patches], 1)
}
