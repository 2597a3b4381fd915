use super::{Content, Failure, Library, LibraryError, PhotoId, Retry, Writer, content};
use crate::photo::PREPROCESSING_VERSION;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::fmt;

/// What an embedding depends on besides the photo: the model's fingerprint and the preprocessing's version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModelKey(pub(super) String);

impl ModelKey {
    /// The key of the model with this fingerprint and the preprocessing of this program.
    pub fn new(fingerprint: &str) -> ModelKey {
        ModelKey(format!("{fingerprint}-p{PREPROCESSING_VERSION}"))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What became of one photo: its embedding and similarities, or the reason why there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The photo.
    pub photo: PhotoId,
    /// `(embedding [e], similarity [M])`, or the failure.
    pub result: Result<(Vec<f32>, Vec<f32>), Failure>,
}

/// All embeddings of one model, in order of the photos' numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    /// The catalogue's state of change when they were read; see [`Library::change`].
    pub change: i64,
    /// The photos `[N]`.
    pub photos: Vec<PhotoId>,
    /// The domain of each photo `[N]`, a place in `domains`.
    pub domain: Vec<u32>,
    /// Names of the domains, sorted.
    pub domains: Vec<String>,
    /// Width `e`.
    pub width: usize,
    /// Number `M` of prompts.
    pub prompts: usize,
    /// `[N, e]`, row by row.
    pub embedding: Vec<f32>,
    /// `[N, M]`, row by row.
    pub similarity: Vec<f32>,
}

impl Library {
    /// Reads all embeddings of a model; none if nothing was embedded with it.
    pub fn embeddings(&self, model: &ModelKey) -> Result<Embeddings, LibraryError> {
        let mut guard = self.guard();
        let mut read = || -> rusqlite::Result<Embeddings> {
            // One transaction, so that `change` and the rows belong together.
            let transaction = guard.transaction()?;
            read_embeddings(&transaction, model)
        };
        read().map_err(|source| LibraryError::from_sqlite(self.path(), source))
    }
}

fn read_embeddings(connection: &Connection, model: &ModelKey) -> rusqlite::Result<Embeddings> {
    let mut all = Embeddings {
        change: connection.query_row("SELECT change FROM state", [], |row| row.get(0))?,
        ..Embeddings::default()
    };
    let found = connection
        .prepare_cached("SELECT id, embedding_width, prompts FROM model WHERE key = ?1")?
        .query_row([&model.0], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        })
        .optional()?;
    let Some((number, width, prompts)) = found else {
        return Ok(all);
    };
    (all.width, all.prompts) = (width as usize, prompts as usize);
    all.domains = connection
        .prepare_cached("SELECT DISTINCT domain FROM photo ORDER BY domain")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let places: HashMap<String, u32> = all.domains.iter().cloned().zip(0..).collect();
    let mut statement = connection.prepare_cached(
        "SELECT photo.id, photo.domain, embedding.embedding, embedding.similarity
         FROM photo JOIN embedding ON embedding.photo = photo.id AND embedding.model = ?1 ORDER BY photo.id",
    )?;
    let mut rows = statement.query([number])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let (embedding, similarity) = (row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?);
        if embedding.len() != 4 * all.width || similarity.len() != 4 * all.prompts {
            tracing::warn!("photo {id}: an embedding of the wrong length is left out");
            continue;
        }
        let place = places.get(row.get_ref(1)?.as_str()?).copied();
        all.photos.push(PhotoId(id));
        all.domain.push(place.unwrap_or_default());
        all.embedding.extend(values(embedding));
        all.similarity.extend(values(similarity));
    }
    Ok(all)
}

impl Writer<'_> {
    /// Stores what became of a batch of photos, in one transaction.
    ///
    /// An embedding takes the place of an older one of the same model. A failure that lies in the file takes away those
    /// of all models, since it is no longer what they were made of; they are kept for a while under what it was. One that
    /// may pass leaves them.
    pub fn store(&self, model: &ModelKey, outcomes: &[Outcome]) -> Result<(), LibraryError> {
        self.store_with_contents(model, outcomes, &[])
    }

    /// The same, with what each of some photos holds, by which it is known again elsewhere.
    pub fn store_with_contents(
        &self,
        model: &ModelKey,
        outcomes: &[Outcome],
        contents: &[(PhotoId, Content)],
    ) -> Result<(), LibraryError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let shape = outcomes
            .iter()
            .find_map(|outcome| outcome.result.as_ref().ok())
            .map(|(embedding, similarity)| (embedding.len(), similarity.len()));
        self.library.change_with(|transaction| {
            if let Some((width, prompts)) = shape {
                transaction
                    .prepare_cached(
                        "INSERT INTO model (key, embedding_width, prompts) VALUES (?1, ?2, ?3)
                         ON CONFLICT (key) DO NOTHING",
                    )?
                    .execute(params![model.0, width as i64, prompts as i64])?;
            }
            let number = model_number(transaction, model)?;
            let mut forget = transaction
                .prepare_cached("DELETE FROM embedding WHERE photo = ?1 AND model = ?2")?;
            // A photo that has left the catalogue meanwhile is passed over.
            let mut keep = transaction.prepare_cached(
                "INSERT INTO embedding (model, photo, embedding, similarity)
                 SELECT ?1, id, ?3, ?4 FROM photo WHERE id = ?2",
            )?;
            let mut mark = transaction.prepare_cached(
                "UPDATE photo SET failure = ?2, failure_reader = ?3 WHERE id = ?1",
            )?;
            for Outcome { photo, result } in outcomes {
                match result {
                    Ok((embedding, similarity)) => {
                        forget.execute(params![photo.0, number])?;
                        keep.execute(params![
                            number,
                            photo.0,
                            bytes(embedding),
                            bytes(similarity)
                        ])?;
                        mark.execute(params![photo.0, None::<String>, None::<i64>])?;
                    }
                    Err(failure) => {
                        if failure.retry == Retry::NewReader {
                            content::retire_embeddings(transaction, photo.0)?;
                        }
                        mark.execute(params![photo.0, failure.reason, failure.reader()])?;
                    }
                }
            }
            for (photo, content) in contents {
                content::keep(transaction, photo.0, *content)?;
            }
            Ok(())
        })
    }
}

/// The catalogue's number of a model; 0, which no row has, for one it does not know.
pub(super) fn model_number(connection: &Connection, model: &ModelKey) -> rusqlite::Result<i64> {
    Ok(connection
        .prepare_cached("SELECT id FROM model WHERE key = ?1")?
        .query_row([&model.0], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

pub(super) fn values(blob: &[u8]) -> impl Iterator<Item = f32> + '_ {
    blob.chunks_exact(4)
        .map(|part| f32::from_le_bytes([part[0], part[1], part[2], part[3]]))
}

pub(super) fn floats(blob: &[u8]) -> Vec<f32> {
    values(blob).collect()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}
