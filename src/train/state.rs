use super::TrainError;
use super::config::TrainConfig;
use super::loss::MetricLoss;
use super::optimizer::AdamW;
use crate::files;
use candle_core::{Device, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// The run that a state belongs to: no other may take it up.
pub struct Identity<'a> {
    /// Its configuration.
    pub config: &'a TrainConfig,
    /// Fingerprint of the model that it started from.
    pub start: &'a str,
    /// Fingerprint of its training photos, see [`super::TrainingData::fingerprint`].
    pub photos: &'a str,
}

/// What a state file must say of the run it belongs to.
#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    config: TrainConfig,
    start: String,
    /// Not in the files of older versions.
    #[serde(default)]
    photos: Option<String>,
    steps: usize,
}

/// Writes optimiser, running similarities and step count, f32, to `path`: complete or not at all.
pub fn save(
    path: &Path,
    run: &Identity,
    optimizer: &AdamW,
    loss: &dyn MetricLoss,
) -> Result<(), TrainError> {
    let header = Header {
        config: run.config.clone(),
        start: run.start.to_owned(),
        photos: Some(run.photos.to_owned()),
        steps: optimizer.steps(),
    };
    let header = serde_json::to_string(&header).map_err(|error| damaged(path, error))?;
    let mut entries = Vec::new();
    for (name, tensor) in optimizer.state() {
        let shape = tensor.dims().to_vec();
        let values = tensor
            .to_device(&Device::Cpu)?
            .flatten_all()?
            .to_vec1::<f32>()?;
        entries.push((name, shape, bytes(&values)));
    }
    let running = loss.state();
    entries.push((
        "running_similarity".into(),
        vec![running.len()],
        bytes(&running),
    ));
    let views: Result<Vec<_>, _> = entries
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect();
    let views = views.map_err(|error: safetensors::SafeTensorError| damaged(path, error))?;
    let metadata = HashMap::from([("run".to_owned(), header)]);
    let file =
        safetensors::serialize(views, Some(metadata)).map_err(|error| damaged(path, error))?;
    files::replace(path, &[&file]).map_err(|error| TrainError::io(path, error))
}

/// Puts the state in `path` back and returns the steps done.
///
/// # Errors
/// A file that is missing, damaged, or of a run with another configuration, start or other training photos.
pub fn restore(
    path: &Path,
    run: &Identity,
    optimizer: &mut AdamW,
    loss: &mut dyn MetricLoss,
) -> Result<usize, TrainError> {
    let file = std::fs::read(path).map_err(|error| TrainError::io(path, error))?;
    let (_, metadata) = SafeTensors::read_metadata(&file).map_err(|error| damaged(path, error))?;
    let header = metadata
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get("run"));
    let header = header.ok_or_else(|| damaged(path, "no run is described in it"))?;
    let header: Header = serde_json::from_str(header).map_err(|error| damaged(path, error))?;
    if let Some(what) = difference(&header.config, run.config) {
        let reason = format!("it belongs to a run with another configuration: {what}");
        return Err(damaged(path, reason));
    }
    if header.start != run.start {
        return Err(damaged(
            path,
            "it belongs to a run that started from another model",
        ));
    }
    if header.photos.is_some_and(|photos| photos != run.photos) {
        return Err(damaged(
            path,
            "the training photos are no longer those of this run: some were added, removed, renamed or moved to another \
             class; put them back to go on with it",
        ));
    }
    let tensors = SafeTensors::deserialize(&file).map_err(|error| damaged(path, error))?;
    optimizer.restore(header.steps, |name| {
        let view = tensors.tensor(name).map_err(candle_core::Error::wrap)?;
        Tensor::from_vec(values(view.data()), view.shape(), &Device::Cpu)
    })?;
    let running = tensors
        .tensor("running_similarity")
        .map_err(|error| damaged(path, error))?;
    loss.set_state(&values(running.data()))?;
    Ok(header.steps)
}

/// The first setting in which two configurations differ, with both values, as far as it changes what a step does.
///
/// Threads share out the chunks of a step. Where activations are computed again, a step may be cut into other chunks: sums
/// differ by rounding, and on a GPU the gates drawn fall to other photos. A benchmark takes results across both too.
fn difference(kept: &TrainConfig, asked: &TrainConfig) -> Option<String> {
    let kept = TrainConfig {
        threads: asked.threads,
        recompute: asked.recompute,
        ..kept.clone()
    };
    let [kept, asked] = [&kept, asked].map(|config| serde_json::json!(config));
    let (kept, asked) = (kept.as_object()?, asked.as_object()?);
    kept.iter().find_map(|(name, kept)| {
        let asked = asked.get(name)?;
        (kept != asked).then(|| format!("{name} is {kept} there and {asked} now"))
    })
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn values(bytes: &[u8]) -> Vec<f32> {
    let value = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    bytes.chunks_exact(4).map(value).collect()
}

fn damaged(path: &Path, reason: impl ToString) -> TrainError {
    TrainError::State {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
