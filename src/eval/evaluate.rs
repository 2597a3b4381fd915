use super::{
    EmbeddingKind, EvalError, FailedFile, PhotoSet, Report, SetEmbeddings, embed_files, report,
};
use crate::model::Puma;
use std::path::Path;

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
    let mut embedded = Vec::with_capacity(sets.len());
    let mut failed = Vec::new();
    let mut before = 0;
    for set in sets {
        let (labels, files): (Vec<_>, Vec<_>) = set.files().unzip();
        let files = files.into_iter().map(Path::to_path_buf).collect::<Vec<_>>();
        let rows = embed_files(puma, &files, kind, &|done| progress(before + done))?;
        before += files.len();
        if let (true, Some(first)) = (rows.kept.is_empty(), rows.failed.first()) {
            return Err(EvalError::NothingEmbedded {
                set: set.name.clone(),
                reason: first.reason.clone(),
            });
        }
        failed.extend(rows.failed);
        embedded.push(SetEmbeddings {
            name: set.name.clone(),
            labels: rows.kept.iter().map(|&file| labels[file]).collect(),
            roles: rows.kept.iter().map(|&at| set.role(&files[at])).collect(),
            embeddings: rows.embeddings,
            similarities: rows.similarities,
        });
    }
    Ok((report(&embedded)?, failed))
}
