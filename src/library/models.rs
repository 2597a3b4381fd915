use super::embeddings::model_number;
use super::opening::beside;
use super::{Library, LibraryError, ModelKey, Writer, names};
use rusqlite::params;
use std::collections::HashSet;
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

    /// Whether `model` has embedded all photos that are there now, so that it can take the place of another one.
    ///
    /// Photos in folders that are away do not count, since nobody knows when they come back: they are embedded then. A
    /// model that has embedded nothing yet is only complete where there is nothing to embed.
    pub fn is_complete(&self, model: &ModelKey) -> Result<bool, LibraryError> {
        let counts = self.counts(model)?;
        if counts.pending == 0 || counts.embedded == 0 {
            return Ok(counts.pending == 0);
        }
        let roots = self.roots()?.into_iter();
        let there: HashSet<i64> = roots
            .filter(|root| !root.is_offline())
            .map(|root| root.id.0)
            .collect();
        let waits = self.read(|connection| {
            let mut pending = connection.prepare_cached(
                "SELECT root.id, root.path, photo.path FROM photo JOIN root ON root.id = photo.root
                 WHERE failure IS NULL AND NOT EXISTS
                    (SELECT 1 FROM embedding WHERE embedding.photo = photo.id AND embedding.model = ?1)",
            )?;
            let mut rows = pending.query([model_number(connection, model)?])?;
            while let Some(row) = rows.next()? {
                if !there.contains(&row.get(0)?) {
                    continue;
                }
                let root = names::to_path(row.get_ref(1)?.as_blob()?);
                // A drive below the root may be away by itself.
                if root.join(names::to_relative(row.get_ref(2)?.as_blob()?)).exists() {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        Ok(!waits)
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
                let model = model_number(transaction, model)?;
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
