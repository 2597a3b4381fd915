use super::TrainError;
use super::config::{HeadStart, ProxyStart, TrainConfig};
use super::data::TrainingData;
use super::keep::{class_means, principal_head};
use super::method::Method;
use super::queries::{pool_start, queries};
use super::start::{random_proxies, start_tensors};
use super::validation::Evaluated;
use super::workers::Workers;
use crate::eval::Matrix;
use crate::model::{Checkpoint, Config, Network};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a run starts with.
pub struct Prepared {
    /// Every tensor of the model.
    pub tensors: BTreeMap<String, Tensor>,
    /// Class proxies, `[C, e]`; of a loss with several centres a class, those of one class after those of another.
    pub proxies: Tensor,
    /// Start embedding of each sample's evaluation crop, `[samples, e]`, where embeddings are to stay close to it.
    pub targets: Option<Tensor>,
    /// Class token of each sample's evaluation crop, `[samples, d]`, where only a head is trained on them; zeros for
    /// photos that cannot be read.
    pub tokens: Option<Matrix>,
}

/// Initial values of the model and its proxies, from the start's class tokens where the configuration asks for it.
pub fn prepare(
    config: &TrainConfig,
    model_config: &Config,
    start: &Checkpoint,
    data: &TrainingData,
    workers: &Workers,
    device: &Device,
) -> Result<Prepared, TrainError> {
    let mut tensors = start_tensors(
        model_config,
        &start.tensors,
        config.seed,
        config.prompt_start,
    )?;
    let width = model_config.embedding_width();
    let needs_embeddings = config.keep > 0.0 || config.proxy_start == ProxyStart::ClassMean;
    let principal = config.head_start == HeadStart::Pca && model_config.head.is_some();
    let mut embeddings = None;
    let mut cached = None;
    if config.measures_start() {
        let tokens = class_tokens(start, data, workers, device)?;
        if principal {
            let (weight, bias) = principal_head(&tokens, config)?;
            tensors.insert("head.weight".into(), weight);
            tensors.insert("head.bias".into(), bias);
        }
        if needs_embeddings {
            embeddings = Some(start_embeddings(
                &tokens,
                tensors.get("head.weight"),
                tensors.get("head.bias"),
            )?);
        }
        if config.method == Method::Linear {
            cached = Some(tokens);
        }
    }
    if config.measures_queries() {
        let queries = queries(start, data, workers, device)?;
        tensors.extend(pool_start(&queries, config)?);
    }
    let labels: Vec<u32> = data.samples.iter().map(|sample| sample.label).collect();
    let proxies = match (&embeddings, config.proxy_start) {
        (Some(embeddings), ProxyStart::ClassMean) => {
            class_means(embeddings, &labels, data.classes.len())?
        }
        _ => random_proxies(
            data.classes.len() * config.loss.centres(),
            width,
            config.seed,
        )?,
    };
    let targets = match embeddings {
        Some(embeddings) if config.keep > 0.0 => {
            let shape = (embeddings.len(), width);
            Some(Tensor::from_slice(embeddings.values(), shape, device)?)
        }
        _ => None,
    };
    Ok(Prepared {
        tensors,
        proxies,
        targets,
        tokens: cached,
    })
}

/// Class tokens `[samples, d]` of the evaluation crops by the start's ViT alone; photos that cannot be read get zeros.
fn class_tokens(
    start: &Checkpoint,
    data: &TrainingData,
    workers: &Workers,
    device: &Device,
) -> Result<Matrix, TrainError> {
    let embedded = by_backbone(start, data, workers, device, |backbone, files| {
        backbone.class_tokens(files)
    })?;
    let width = start.config.vit.width;
    let mut values = vec![0f32; data.samples.len() * width];
    for (&index, row) in embedded.kept.iter().zip(embedded.embeddings.rows()) {
        values[index * width..][..width].copy_from_slice(row);
    }
    Ok(Matrix::from_values(width, values)?)
}

/// What `embed` makes of the training photos with the start's ViT alone.
pub(super) fn by_backbone<T>(
    start: &Checkpoint,
    data: &TrainingData,
    workers: &Workers,
    device: &Device,
    embed: impl FnOnce(&Evaluated, &[PathBuf]) -> Result<T, TrainError>,
) -> Result<T, TrainError> {
    let plain = Config::plain(
        start.config.vit.clone(),
        start.config.mean,
        start.config.std,
    );
    let network = Network::new(&plain, &start.tensors, plain.vit.image_size, device)?;
    let backbone = Evaluated {
        network: &network,
        config: &plain,
        device,
        workers,
    };
    let files: Vec<PathBuf> = data
        .samples
        .iter()
        .map(|sample| sample.path.clone())
        .collect();
    embed(&backbone, &files)
}

/// The start's embeddings: class tokens through the head where there is one, of unit length.
fn start_embeddings(
    tokens: &Matrix,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
) -> Result<Matrix, TrainError> {
    let rows = Tensor::from_slice(
        tokens.values(),
        (tokens.len(), tokens.width()),
        &Device::Cpu,
    )?;
    let rows = match (weight, bias) {
        (Some(weight), Some(bias)) => rows.matmul(&weight.t()?)?.broadcast_add(bias)?,
        _ => rows,
    };
    let rows = crate::model::normalise(&rows)?;
    let width = rows.dim(1)?;
    Ok(Matrix::from_values(width, rows.flatten_all()?.to_vec1()?)?)
}
