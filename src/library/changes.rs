use super::embeddings::{ModelKey, values};
use super::{Library, LibraryError, PhotoFacts, PhotoId, facts};
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// How much of the catalogue a reader knows already; the default is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The catalogue's state of change; see [`Library::change`].
    pub change: i64,
    /// The highest number of an embedding, which is never used twice.
    pub embedding: i64,
}

/// What is new among the photos embedded with one model since a reader last looked.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// What the reader has seen with this.
    pub seen: Seen,
    /// Width `e` of the embeddings.
    pub width: usize,
    /// Number `M` of prompts.
    pub prompts: usize,
    /// All photos with an embedding, in order of their numbers, each with its embedding's number; whatever a reader
    /// knows besides is gone.
    pub present: Vec<(PhotoId, i64)>,
    /// Facts that are new or changed, in order of the photos' numbers.
    pub facts: Vec<PhotoFacts>,
    /// Photos with a new embedding `[n]`, in order of their numbers.
    pub embedded: Vec<PhotoId>,
    /// Their embeddings `[n, e]`, row by row.
    pub embedding: Vec<f32>,
    /// Their similarities `[n, M]`, row by row.
    pub similarity: Vec<f32>,
}

impl Library {
    /// What is new among the photos embedded with `model` for a reader who has `seen` so much.
    ///
    /// Costs a look at the numbers of all embeddings, and reads only rows that are new.
    pub fn changes_since(&self, model: &ModelKey, seen: Seen) -> Result<Changes, LibraryError> {
        let mut guard = self.guard();
        let mut read = || -> rusqlite::Result<Changes> {
            // One transaction, so that the parts belong together.
            let transaction = guard.transaction()?;
            read_changes(&transaction, model, seen)
        };
        read().map_err(|source| LibraryError::from_sqlite(self.path(), source))
    }
}

fn read_changes(
    connection: &Connection,
    model: &ModelKey,
    seen: Seen,
) -> rusqlite::Result<Changes> {
    let change = connection.query_row("SELECT change FROM state", [], |row| row.get(0))?;
    let mut changes = Changes {
        seen: Seen { change, ..seen },
        ..Changes::default()
    };
    let Some((model, width, prompts)) = shape(connection, model)? else {
        return Ok(changes);
    };
    (changes.width, changes.prompts) = (width, prompts);
    // Answered by the index over (photo, model): no embedding is touched.
    changes.present = connection
        .prepare_cached(
            "SELECT photo, id FROM embedding INDEXED BY sqlite_autoindex_embedding_1
             WHERE model = ?1 ORDER BY photo",
        )?
        .query_map([model], |row| Ok((PhotoId(row.get(0)?), row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let newest = changes
        .present
        .iter()
        .map(|(_, embedding)| *embedding)
        .max();
    changes.seen.embedding = newest.unwrap_or(0).max(seen.embedding);
    read_embeddings(connection, model, seen, &mut changes)?;
    read_facts(connection, model, seen, &mut changes)?;
    Ok(changes)
}

fn read_embeddings(
    connection: &Connection,
    model: i64,
    seen: Seen,
    changes: &mut Changes,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT photo, embedding, similarity FROM embedding WHERE id > ?2 AND model = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query(params![model, seen.embedding])?;
    let mut in_order = true;
    while let Some(row) = rows.next()? {
        let photo = PhotoId(row.get(0)?);
        let (embedding, similarity) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
        if embedding.len() != 4 * changes.width || similarity.len() != 4 * changes.prompts {
            tracing::warn!(
                "photo {}: an embedding of the wrong length is left out",
                photo.0
            );
            changes.present.retain(|(present, _)| *present != photo);
            continue;
        }
        in_order = in_order && changes.embedded.last().is_none_or(|last| *last < photo);
        changes.embedded.push(photo);
        changes.embedding.extend(values(embedding));
        changes.similarity.extend(values(similarity));
    }
    if !in_order {
        sort(changes);
    }
    Ok(())
}

/// Puts new embeddings, which come in the order in which they were made, in order of their photos.
fn sort(changes: &mut Changes) {
    let mut order: Vec<usize> = (0..changes.embedded.len()).collect();
    order.sort_unstable_by_key(|row| changes.embedded[*row]);
    let gathered = |all: &[f32], width: usize| -> Vec<f32> {
        order
            .iter()
            .flat_map(|row| &all[row * width..(row + 1) * width])
            .copied()
            .collect()
    };
    changes.embedding = gathered(&changes.embedding, changes.width);
    changes.similarity = gathered(&changes.similarity, changes.prompts);
    changes.embedded = order.iter().map(|row| changes.embedded[*row]).collect();
}

fn read_facts(
    connection: &Connection,
    model: i64,
    seen: Seen,
    changes: &mut Changes,
) -> rusqlite::Result<()> {
    let roots = root_folders(connection)?;
    let zone = TimeZone::system();
    let columns = facts::COLUMNS;
    let root = |number: i64| {
        let known = roots.get(&number).cloned();
        known.unwrap_or_else(|| Arc::from(Path::new("")))
    };
    let read = |text: &str, since: i64| -> rusqlite::Result<Vec<PhotoFacts>> {
        connection
            .prepare_cached(text)?
            .query_map(params![model, since], |row| {
                facts::from_row(row, root, &zone)
            })?
            .collect()
    };
    if seen == Seen::default() {
        changes.facts = read(
            &format!(
                "SELECT {columns} FROM photo WHERE ?2 = 0
                 AND EXISTS (SELECT 1 FROM embedding WHERE embedding.photo = photo.id AND model = ?1) ORDER BY photo.id"
            ),
            0,
        )?;
        return Ok(());
    }
    // Photos that changed, and photos that were known before they had an embedding.
    changes.facts = read(
        &format!(
            "SELECT {columns} FROM photo WHERE revision > ?2
             AND EXISTS (SELECT 1 FROM embedding WHERE embedding.photo = photo.id AND model = ?1)"
        ),
        seen.change,
    )?;
    changes.facts.extend(read(
        &format!(
            "SELECT {columns} FROM embedding JOIN photo ON photo.id = embedding.photo
             WHERE embedding.id > ?2 AND embedding.model = ?1"
        ),
        seen.embedding,
    )?);
    changes.facts.sort_by_key(|facts| facts.id);
    changes.facts.dedup_by_key(|facts| facts.id);
    Ok(())
}

/// The folder of each root by its number.
pub(super) fn root_folders(connection: &Connection) -> rusqlite::Result<HashMap<i64, Arc<Path>>> {
    connection
        .prepare_cached("SELECT id, path FROM root")?
        .query_map([], |row| {
            let path = super::names::to_path(row.get_ref(1)?.as_blob()?);
            Ok((row.get(0)?, Arc::from(path)))
        })?
        .collect()
}

/// The catalogue's number of a model, its embeddings' width and its number of prompts; `None` for one it does not know.
pub(super) fn shape(
    connection: &Connection,
    model: &ModelKey,
) -> rusqlite::Result<Option<(i64, usize, usize)>> {
    connection
        .prepare_cached("SELECT id, embedding_width, prompts FROM model WHERE key = ?1")?
        .query_row([model.as_str()], |row| {
            let size = |at| row.get::<_, i64>(at).map(|size| size as usize);
            Ok((row.get(0)?, size(1)?, size(2)?))
        })
        .optional()
}

impl Changes {
    /// The new facts of photos from number `first` to number `last`.
    pub fn facts_between(&self, first: PhotoId, last: PhotoId) -> &[PhotoFacts] {
        let from = self.facts.partition_point(|facts| facts.id < first);
        let to = self.facts.partition_point(|facts| facts.id <= last);
        &self.facts[from..to]
    }

    /// The new embedding `[e]` and similarities `[M]` of a photo, if it has some.
    pub fn vectors_of(&self, photo: PhotoId) -> Option<(&[f32], &[f32])> {
        let place = self.embedded.binary_search(&photo).ok()?;
        Some((
            &self.embedding[place * self.width..(place + 1) * self.width],
            &self.similarity[place * self.prompts..(place + 1) * self.prompts],
        ))
    }
}
