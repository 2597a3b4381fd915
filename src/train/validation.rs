use super::TrainError;
use super::workers::Workers;
use crate::eval::{self, PhotoSet, Report, SetEmbeddings};
use crate::model::{Config, Embedded, ModelError, Network, Output, Pass, pixels};
use candle_core::{Device, Tensor};
use image::RgbImage;
use std::path::PathBuf;

/// Crops that one thread works on at a time.
const CHUNK: usize = 4;

/// A network at evaluation size, with what it takes to embed files with it.
pub struct Evaluated<'a> {
    /// The network, its positions those of the model's own size.
    pub network: &'a Network,
    /// Its configuration.
    pub config: &'a Config,
    /// Where it runs.
    pub device: &'a Device,
    /// What computes.
    pub workers: &'a Workers,
}

impl Evaluated<'_> {
    /// Embeds the evaluation crops of files: the model's embeddings and similarities.
    pub fn embed(&self, files: &[PathBuf]) -> Result<eval::EmbeddedFiles, TrainError> {
        self.embed_by(files, &|output| Embedded::of(&output))
    }

    /// Class tokens after the final norm, of their own length: what a head sees.
    pub fn class_tokens(&self, files: &[PathBuf]) -> Result<eval::EmbeddedFiles, TrainError> {
        self.embed_by(files, &|output| {
            let tokens = output
                .features
                .narrow(1, 0, 1)?
                .squeeze(1)?
                .to_vec2::<f32>()?;
            let row = |embedding| Embedded {
                embedding,
                similarity: Vec::new(),
            };
            Ok(tokens.into_iter().map(row).collect())
        })
    }

    /// Published queries of the prompt pool, of the patch embedding's own length.
    pub fn queries(&self, files: &[PathBuf]) -> Result<eval::EmbeddedFiles, TrainError> {
        self.in_chunks(files, &|pixels| {
            let row = |embedding| Embedded {
                embedding,
                similarity: Vec::new(),
            };
            let queries = self.network.query(pixels)?.to_vec2::<f32>()?;
            Ok(queries.into_iter().map(row).collect())
        })
    }

    fn embed_by(&self, files: &[PathBuf], rows: &Rows) -> Result<eval::EmbeddedFiles, TrainError> {
        self.in_chunks(files, &|pixels| {
            rows(self.network.forward(pixels, &Pass::Inference)?)
        })
    }

    fn in_chunks(
        &self,
        files: &[PathBuf],
        rows: &FromPixels,
    ) -> Result<eval::EmbeddedFiles, TrainError> {
        let size_px = self.config.vit.image_size;
        let chunk = if self.device.is_cpu() {
            CHUNK
        } else {
            usize::MAX
        };
        let mut embed = |crops: &[RgbImage]| {
            let chunks: Vec<&[RgbImage]> = crops.chunks(chunk).collect();
            let parts = self.workers.map(chunks.len(), |index| {
                rows(&pixels(chunks[index], self.config, size_px, self.device)?)
            })?;
            Ok(parts.concat())
        };
        Ok(eval::embed_files_with(
            files,
            size_px as u32,
            &|_| {},
            &mut embed,
        )?)
    }

    /// Retrieval on the held-out classes: every set by itself and all of them in one gallery.
    pub fn validate(&self, sets: &[PhotoSet]) -> Result<Report, TrainError> {
        let mut measured = Vec::with_capacity(sets.len());
        for set in sets {
            let (labels, files): (Vec<u32>, Vec<PathBuf>) = set
                .files()
                .map(|(label, path)| (label, path.to_owned()))
                .unzip();
            let embedded = self.embed(&files)?;
            measured.push(SetEmbeddings {
                name: set.name.clone(),
                labels: embedded.kept.iter().map(|&index| labels[index]).collect(),
                roles: Vec::new(),
                embeddings: embedded.embeddings,
                similarities: embedded.similarities,
            });
        }
        Ok(eval::report(&measured)?)
    }
}

/// From the pixels of a few pictures to a row for each.
type FromPixels<'a> = dyn Fn(&Tensor) -> Result<Vec<Embedded>, ModelError> + Sync + 'a;

/// From what a forward pass gives to a row for each picture.
type Rows = dyn Fn(Output) -> Result<Vec<Embedded>, ModelError> + Sync;
