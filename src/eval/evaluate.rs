use super::{
    EmbeddedFiles, EmbeddingKind, EvalError, FailedFile, PhotoSet, Report, SetEmbeddings,
    embed_files, report,
};
use crate::model::Puma;
use std::path::{Path, PathBuf};

/// What a model made of benchmark sets.
#[derive(Clone, Debug)]
pub struct EmbeddedSets {
    /// Embeddings of each set.
    pub sets: Vec<SetEmbeddings>,
    /// The photo of each row, set by set.
    pub files: Vec<Vec<PathBuf>>,
    /// The photos that could not be read.
    pub failed: Vec<FailedFile>,
}

/// Embeds every photo of the sets and measures the result; also gives the photos that could not be read.
///
/// `progress` hears how many photos of all sets are done.
///
/// # Errors
/// Fails if the model does, or if not one photo of a set can be read.
pub fn evaluate(
    puma: &Puma,
    sets: &[PhotoSet],
    kind: EmbeddingKind,
    progress: &dyn Fn(usize),
) -> Result<(Report, Vec<FailedFile>), EvalError> {
    let embedded = embed_sets(puma, sets, kind, progress)?;
    Ok((report(&embedded.sets)?, embedded.failed))
}

/// Embeds every photo of the sets; `progress` hears how many photos of all sets are done.
///
/// # Errors
/// Fails if the model does, or if not one photo of a set can be read.
pub fn embed_sets(
    puma: &Puma,
    sets: &[PhotoSet],
    kind: EmbeddingKind,
    progress: &dyn Fn(usize),
) -> Result<EmbeddedSets, EvalError> {
    embed_sets_by(sets, progress, &|files, progress| {
        embed_files(puma, files, kind, progress)
    })
}

/// Embeds photos by a part of a model; see [`embed_files_with`](super::embed_files_with).
pub(super) type EmbedFiles<'a> =
    dyn Fn(&[PathBuf], &dyn Fn(usize)) -> Result<EmbeddedFiles, EvalError> + 'a;

/// As [`embed_sets`], the photos of each set by `embed`.
pub(super) fn embed_sets_by(
    sets: &[PhotoSet],
    progress: &dyn Fn(usize),
    embed: &EmbedFiles,
) -> Result<EmbeddedSets, EvalError> {
    let mut embedded = EmbeddedSets {
        sets: Vec::with_capacity(sets.len()),
        files: Vec::with_capacity(sets.len()),
        failed: Vec::new(),
    };
    let mut before = 0;
    for set in sets {
        let (labels, files): (Vec<_>, Vec<_>) = set.files().unzip();
        let files = files.into_iter().map(Path::to_path_buf).collect::<Vec<_>>();
        let rows = embed(&files, &|done| progress(before + done))?;
        before += files.len();
        if let (true, Some(first)) = (rows.kept.is_empty(), rows.failed.first()) {
            return Err(EvalError::NothingEmbedded {
                set: set.name.clone(),
                reason: first.reason.clone(),
            });
        }
        embedded.failed.extend(rows.failed);
        let kept = rows.kept.iter();
        embedded
            .files
            .push(kept.clone().map(|&file| files[file].clone()).collect());
        embedded.sets.push(SetEmbeddings {
            name: set.name.clone(),
            labels: kept.clone().map(|&file| labels[file]).collect(),
            roles: kept.map(|&file| set.role(&files[file])).collect(),
            embeddings: rows.embeddings,
            similarities: rows.similarities,
        });
    }
    Ok(embedded)
}
