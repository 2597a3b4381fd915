use super::TrainError;
use super::workers::Workers;
use crate::eval::{self, PhotoSet, Report, SetEmbeddings};
use crate::model::{Config, Embedded, ModelError, Network, Pass, pixels};
use candle_core::Device;
use image::RgbImage;
use std::path::PathBuf;

/// Crops that one thread works on at a time.
const CHUNK: usize = 4;

/// Embeds files with a network in training, at the model's own evaluation size, and hands on what `eval` gives.
pub fn embed(
    network: &Network,
    config: &Config,
    device: &Device,
    workers: &Workers,
    files: &[PathBuf],
) -> Result<eval::EmbeddedFiles, TrainError> {
    let size_px = config.vit.image_size;
    let forward = |crops: &[RgbImage]| -> Result<Vec<Embedded>, ModelError> {
        let pixels = pixels(crops, config, size_px, device)?;
        let output = network.forward(&pixels, &Pass::Inference)?;
        let embeddings = output.embedding.to_vec2::<f32>()?;
        let similarities = match output.similarity {
            Some(similarity) => similarity.to_vec2::<f32>()?,
            None => vec![Vec::new(); embeddings.len()],
        };
        let pairs = embeddings.into_iter().zip(similarities);
        let embedded = pairs.map(|(embedding, similarity)| Embedded {
            embedding,
            similarity,
        });
        Ok(embedded.collect())
    };
    let chunk = if device.is_cpu() { CHUNK } else { usize::MAX };
    let mut embed = |crops: &[RgbImage]| {
        let chunks: Vec<&[RgbImage]> = crops.chunks(chunk).collect();
        Ok(workers
            .map(chunks.len(), |index| forward(chunks[index]))?
            .concat())
    };
    Ok(eval::embed_files_with(
        files,
        size_px as u32,
        &|_| {},
        &mut embed,
    )?)
}

/// Retrieval on the held-out classes: every set by itself and all of them in one gallery.
pub fn validate(
    network: &Network,
    config: &Config,
    device: &Device,
    workers: &Workers,
    sets: &[PhotoSet],
) -> Result<Report, TrainError> {
    let mut measured = Vec::with_capacity(sets.len());
    for set in sets {
        let (labels, files): (Vec<u32>, Vec<PathBuf>) = set
            .files()
            .map(|(label, path)| (label, path.to_owned()))
            .unzip();
        let embedded = embed(network, config, device, workers, &files)?;
        measured.push(SetEmbeddings {
            name: set.name.clone(),
            labels: embedded.kept.iter().map(|&index| labels[index]).collect(),
            embeddings: embedded.embeddings,
            similarities: embedded.similarities,
        });
    }
    Ok(eval::report(&measured)?)
}
