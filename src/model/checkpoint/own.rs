//! PUMA's own checkpoint: safetensors whose metadata holds the configuration.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::Tensor;

use super::layout::{check_names_and_shapes, check_values, expected_tensors};
use super::{Backbone, Checkpoint};
use crate::model::config::Config;
use crate::model::error::ModelError;

/// Value of `format` in the metadata.
pub(super) const FORMAT: &str = "puma-checkpoint";
const VERSION: &str = "1";

/// Builds the checkpoint from the tensors and the metadata of a file of this format.
pub(super) fn assemble(
    tensors: BTreeMap<String, Tensor>,
    metadata: &HashMap<String, String>,
    path: &Path,
) -> Result<Checkpoint, ModelError> {
    let version = metadata.get("version").map_or("", String::as_str);
    if version != VERSION {
        return Err(ModelError::Format {
            path: path.to_owned(),
            reason: format!("checkpoint version `{version}`, this program reads version {VERSION}"),
        });
    }
    let wrong = |reason: String| ModelError::Config {
        path: path.to_owned(),
        reason,
    };
    let text = metadata
        .get("config")
        .ok_or_else(|| wrong("there is none in the metadata".into()))?;
    let config: Config = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    config.validate().map_err(wrong)?;
    let provenance = match metadata.get("provenance") {
        None => serde_json::Value::Null,
        Some(text) => serde_json::from_str(text).map_err(|error| ModelError::Format {
            path: path.to_owned(),
            reason: format!("the provenance in the metadata is not JSON: {error}"),
        })?,
    };
    check_names_and_shapes(&tensors, &expected_tensors(&config), path)?;
    check_values(&tensors, path)?;
    Ok(Checkpoint {
        config,
        tensors,
        provenance,
    })
}

/// The metadata that [`assemble`] reads; sorted, so that equal checkpoints give equal files.
pub(super) fn metadata(checkpoint: &Checkpoint) -> BTreeMap<&'static str, String> {
    let mut metadata = BTreeMap::from([
        ("format", FORMAT.to_string()),
        ("version", VERSION.to_string()),
        ("config", serde_json::json!(checkpoint.config).to_string()),
        ("provenance", checkpoint.provenance.to_string()),
    ]);
    if let Some(backbone) = Backbone::of(&checkpoint.config) {
        metadata.insert("backbone", backbone.to_string());
    }
    metadata
}
