use super::{EvalError, Matrix};
use crate::model::{Embedded, ModelError, Puma};
use crate::photo::{self, Enough, Limits, PhotoError};
use crossbeam_channel::Receiver;
use image::RgbImage;
use std::path::{Path, PathBuf};

/// Photos the model takes at once.
const BATCH: usize = 32;
/// Crops one decoder may be ahead of the model.
const AHEAD: usize = BATCH;

/// Which vector of a model is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingKind {
    /// The model's own embedding, of PUMA's head where it has one
    #[default]
    Head,
    /// The frozen backbone's class token, without PUMA's modules
    Cls,
}

/// A photo that gave no embedding.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FailedFile {
    /// The file.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

/// Embeddings of files, in the order of the files.
#[derive(Clone, Debug)]
pub struct EmbeddedFiles {
    /// Which of the files each row belongs to, ascending.
    pub kept: Vec<usize>,
    /// L2-normalised embeddings, `[N, e]`.
    pub embeddings: Matrix,
    /// Prompt-pool similarities, `[N, M]`; without rows for a model without prompts.
    pub similarities: Matrix,
    /// The files that could not be read.
    pub failed: Vec<FailedFile>,
}

/// Embeds photos with a model; `progress` hears how many files are done, failed ones included.
///
/// # Errors
/// Fails if the model does; a file that cannot be read is reported in the result.
pub fn embed_files(
    puma: &Puma,
    files: &[PathBuf],
    kind: EmbeddingKind,
    progress: &dyn Fn(usize),
) -> Result<EmbeddedFiles, EvalError> {
    // A GPU takes more at once.
    let batch = puma.at_once().max(BATCH);
    in_batches(
        files,
        puma.image_size(),
        batch,
        progress,
        |crops| match kind {
            EmbeddingKind::Head => puma.embed(crops),
            EmbeddingKind::Cls => Ok(puma
                .embed_cls(crops)?
                .into_iter()
                .map(|embedding| Embedded {
                    embedding,
                    similarity: Vec::new(),
                })
                .collect()),
        },
    )
}

/// As [`embed_files`], with any function from crops of `size_px` to embeddings: a model in training, say.
///
/// Decoders run on threads of their own, ahead of the model by a bounded number of crops; `embed` is called on the
/// calling thread, always with the same batches, so that a run can be repeated exactly.
///
/// # Errors
/// Fails if `embed` does, or gives rows of changing width.
pub fn embed_files_with<F>(
    files: &[PathBuf],
    size_px: u32,
    progress: &dyn Fn(usize),
    embed: F,
) -> Result<EmbeddedFiles, EvalError>
where
    F: FnMut(&[RgbImage]) -> Result<Vec<Embedded>, ModelError>,
{
    in_batches(files, size_px, BATCH, progress, embed)
}

fn in_batches<F>(
    files: &[PathBuf],
    size_px: u32,
    batch: usize,
    progress: &dyn Fn(usize),
    embed: F,
) -> Result<EmbeddedFiles, EvalError>
where
    F: FnMut(&[RgbImage]) -> Result<Vec<Embedded>, ModelError>,
{
    let decoders = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        // Decoder k takes every file whose number leaves k, and the model takes turns: order without waiting room.
        let turns = (0..decoders)
            .map(|first| {
                let (sender, receiver) = crossbeam_channel::bounded(AHEAD);
                scope.spawn(move || {
                    for file in files.iter().skip(first).step_by(decoders) {
                        // Nobody listens any more once the model has failed.
                        if sender.send(crop_of(file, size_px)).is_err() {
                            break;
                        }
                    }
                });
                receiver
            })
            .collect::<Vec<_>>();
        collect(files, &turns, batch, progress, embed)
    })
}

fn collect<F>(
    files: &[PathBuf],
    turns: &[Receiver<Result<RgbImage, PhotoError>>],
    batch: usize,
    progress: &dyn Fn(usize),
    mut embed: F,
) -> Result<EmbeddedFiles, EvalError>
where
    F: FnMut(&[RgbImage]) -> Result<Vec<Embedded>, ModelError>,
{
    let mut kept = Vec::new();
    let mut failed = Vec::new();
    let mut rows = Vec::with_capacity(files.len());
    let mut crops = Vec::with_capacity(batch);
    for (number, (path, turn)) in files.iter().zip(turns.iter().cycle()).enumerate() {
        match turn.recv() {
            Ok(Ok(crop)) => {
                kept.push(number);
                crops.push(crop);
            }
            Ok(Err(error)) => failed.push(FailedFile {
                path: path.clone(),
                reason: reason(&error),
            }),
            // A decoder that panicked closes its channel; the scope passes the panic on.
            Err(_) => break,
        }
        if crops.len() == batch || number + 1 == files.len() {
            if !crops.is_empty() {
                rows.extend(embed(&crops)?);
                crops.clear();
            }
            progress(number + 1);
        }
    }

    let mut embeddings = Matrix::new(rows.first().map_or(0, |row| row.embedding.len()));
    let mut similarities = Matrix::new(rows.first().map_or(0, |row| row.similarity.len()));
    for row in &rows {
        embeddings.push(&row.embedding)?;
        similarities.push(&row.similarity)?;
    }
    Ok(EmbeddedFiles {
        kept,
        embeddings,
        similarities,
        failed,
    })
}

fn crop_of(file: &Path, size_px: u32) -> Result<RgbImage, PhotoError> {
    let image = photo::read_for(file, Enough::for_crop(size_px), &Limits::default())?;
    Ok(photo::evaluation_crop(&image, size_px))
}

/// The error with all its causes, on one line; causes that an outer message already ends with are not said twice.
fn reason(error: &PhotoError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.ends_with(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text
}
