use super::opening::beside;
use super::{Library, LibraryError, ModelKey, Writer};
use rusqlite::params;
use std::path::Path;

/// Embeddings that are removed in one transaction, so that nobody waits long and the journal stays small.
const BATCH: i64 = 20_000;

/// A model that photos of the library were embedded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelUse {
    /// The model.
    pub model: ModelKey,
    /// How many photos have an embedding of it.
    pub embedded: usize,
    /// Width `e` of its embeddings.
    pub embedding_width: usize,
    /// Number `M` of its prompts.
    pub prompts: usize,
}

impl ModelUse {
    /// What its embeddings and similarities take in the catalogue.
    pub fn bytes(&self) -> u64 {
        let values = self.embedding_width + self.prompts;
        (self.embedded * values * size_of::<f32>()) as u64
    }
}

impl Library {
    /// The models that photos were embedded with, the most used first.
    pub fn models(&self) -> Result<Vec<ModelUse>, LibraryError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT key, count(embedding.id) AS embedded, embedding_width, prompts
                     FROM model LEFT JOIN embedding ON embedding.model = model.id
                     GROUP BY model.id ORDER BY embedded DESC, key",
                )?
                .query_map([], |row| {
                    Ok(ModelUse {
                        model: ModelKey(row.get(0)?),
                        embedded: row.get::<_, i64>(1)? as usize,
                        embedding_width: row.get::<_, i64>(2)? as usize,
                        prompts: row.get::<_, i64>(3)? as usize,
                    })
                })?
                .collect()
        })
    }

    /// Removes what a model said of all photos; see [`Writer::forget_model`].
    pub fn forget_model(&self, model: &ModelKey) -> Result<usize, LibraryError> {
        self.writer()?.forget_model(model)
    }
}

impl Writer<'_> {
    /// Removes a model's embeddings and similarities and says how many photos had some; those of other models stay.
    ///
    /// The room in the file is used again by what comes next. A run that is killed on the way has removed a part.
    pub fn forget_model(&self, model: &ModelKey) -> Result<usize, LibraryError> {
        let mut removed = 0;
        loop {
            let batch = self.library.change_with(|transaction| {
                let model = super::embeddings::model_number(transaction, model)?;
                let removed = transaction.execute(
                    "DELETE FROM embedding WHERE id IN (SELECT id FROM embedding WHERE model = ?1 LIMIT ?2)",
                    params![model, BATCH],
                )?;
                if removed == 0 {
                    transaction.execute("DELETE FROM model WHERE id = ?1", [model])?;
                }
                Ok(removed)
            })?;
            if batch == 0 {
                break;
            }
            removed += batch;
        }
        remove_caches(self.library.path(), model);
        Ok(removed)
    }
}

/// Removes what is kept beside the library for this model, which would be made again.
fn remove_caches(library: &Path, model: &ModelKey) {
    let beginning = beside(library, &format!(".{model}."));
    let Some(folder) = library.parent() else {
        return;
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_its = path
            .as_os_str()
            .as_encoded_bytes()
            .starts_with(beginning.as_os_str().as_encoded_bytes());
        if is_its && let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!("{}: {error}", path.display());
        }
    }
}
