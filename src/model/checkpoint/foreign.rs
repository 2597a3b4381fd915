//! Files of others: timm's ViTs and the authors' checkpoints, with or without hints on what they hold.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;
use serde_json::json;

use super::hints::Arguments;
use super::infer;
use super::layout::{check_names_and_shapes, check_values, vit_tensors};
use super::names::{self, AUTHORS_BODY};
use super::{Checkpoint, ReadOptions, container, pth};
use crate::model::config::Config;
use crate::model::error::ModelError;

/// Keys of the metadata in which [`Checkpoint::write_authors`] keeps what the names do not say.
const CONFIG: &str = "puma_config";
const PROVENANCE: &str = "puma_provenance";

/// Tensors under foreign names and everything else the file said.
pub(super) struct Source {
    tensors: BTreeMap<String, Tensor>,
    arguments: Arguments,
    epoch: Option<i64>,
    config: Option<String>,
    provenance: Option<String>,
}

impl From<pth::Contents> for Source {
    fn from(contents: pth::Contents) -> Self {
        let pth::Contents {
            tensors,
            arguments,
            epoch,
        } = contents;
        Self {
            tensors,
            arguments,
            epoch,
            config: None,
            provenance: None,
        }
    }
}

impl From<container::Contents> for Source {
    fn from(mut contents: container::Contents) -> Self {
        Self {
            tensors: contents.tensors,
            arguments: Arguments::new(),
            epoch: None,
            config: contents.metadata.remove(CONFIG),
            provenance: contents.metadata.remove(PROVENANCE),
        }
    }
}

/// The metadata of a file under the authors' names.
pub(super) fn metadata(checkpoint: &Checkpoint) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("format", "pt".to_string()),
        (CONFIG, json!(checkpoint.config).to_string()),
        (PROVENANCE, checkpoint.provenance.to_string()),
    ])
}

/// Builds the checkpoint of a file that is not in PUMA's own format.
pub(super) fn assemble(
    source: Source,
    options: &ReadOptions,
    path: &Path,
) -> Result<Checkpoint, ModelError> {
    let wrong = |reason: String| ModelError::Config {
        path: path.to_owned(),
        reason,
    };
    let mut options = options.clone();
    if let (Some(text), None) = (&source.config, &options.config) {
        options.config =
            Some(serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?);
    }
    let Source {
        mut tensors,
        arguments,
        epoch,
        provenance,
        ..
    } = source;
    let authors = tensors.keys().any(|name| name.starts_with(AUTHORS_BODY));
    if !authors {
        if !tensors
            .keys()
            .any(|name| name == "cls_token" || name.starts_with("blocks."))
        {
            return Err(ModelError::Format {
                path: path.to_owned(),
                reason: "the names of its tensors are neither timm's for a ViT nor those of the authors of PUMA".into(),
            });
        }
        // A timm model's classifier and the token that DINOv2 masked patches with in training have no use here.
        tensors.retain(|name, _| !name.starts_with("head.") && name != "mask_token");
    }
    let prefix = if authors { AUTHORS_BODY } else { "" };
    let mut config = infer::config(&tensors, prefix, &arguments, &options, path)?;
    if !authors {
        config = Config {
            adapter: None,
            prompt: None,
            head: None,
            ..config
        };
    }
    config.validate().map_err(wrong)?;
    refuse_other_methods(&arguments, path)?;
    let expected = if authors {
        names::authors_tensors(&config)
    } else {
        vit_tensors(&config.vit)
    };
    check_names_and_shapes(&tensors, &expected, path)?;
    check_values(&tensors, path)?;
    let tensors = if authors {
        names::from_authors(tensors, &config, path)?
    } else {
        names::from_timm(tensors)
    };
    let provenance = match provenance {
        Some(text) => serde_json::from_str(&text).unwrap_or(serde_json::Value::Null),
        None => origin(authors, epoch, &arguments, path),
    };
    let checkpoint = Checkpoint {
        config,
        tensors,
        provenance,
    };
    checkpoint.check(path)?;
    Ok(checkpoint)
}

fn origin(
    authors: bool,
    epoch: Option<i64>,
    arguments: &Arguments,
    path: &Path,
) -> serde_json::Value {
    let file = path.file_name().map(|name| name.to_string_lossy());
    let mut origin =
        json!({ "converted_from": file, "names": if authors { "authors" } else { "timm" } });
    if let Some(epoch) = epoch {
        origin["epoch"] = epoch.into();
    }
    if !arguments.is_empty() {
        origin["arguments"] = arguments.clone().into();
    }
    origin
}

/// The authors' trainer has switches that change the model without leaving a trace in the tensors.
fn refuse_other_methods(arguments: &Arguments, path: &Path) -> Result<(), ModelError> {
    let refuse = |reason: &str| ModelError::Config {
        path: path.to_owned(),
        reason: reason.into(),
    };
    if arguments
        .get("hyp_c")
        .and_then(|value| value.as_f64())
        .is_some_and(|curvature| curvature > 0.0)
    {
        return Err(refuse(
            "its embeddings are hyperbolic (hyp_c above 0), PUMA's are not",
        ));
    }
    if arguments
        .get("pooling")
        .and_then(|value| value.as_str())
        .is_some_and(|pooling| pooling != "cls")
    {
        return Err(refuse(
            "it pools tokens (pooling is not cls), PUMA takes the class token",
        ));
    }
    Ok(())
}
