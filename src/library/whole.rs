use super::changes::{root_folders, shape};
use super::embeddings::values;
use super::{Library, LibraryError, ModelKey, PhotoFacts, Seen, facts};
use jiff::tz::TimeZone;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

/// A photo with its embedding, as [`Library::read_whole`] hands it over.
#[derive(Debug)]
pub struct EmbeddedPhoto<'a> {
    /// What is known of it.
    pub facts: PhotoFacts,
    /// The embedding's own number.
    pub number: i64,
    /// Its embedding `[e]`.
    pub embedding: &'a [f32],
    /// Its prompt similarities `[M]`.
    pub similarity: &'a [f32],
}

impl Library {
    /// Reads all photos embedded with `model`, one after the other in order of their numbers, so that a large library
    /// is never in memory twice; says what the reader has seen with this.
    ///
    /// `begin` is told the width `e` of the embeddings before the first comes, and gives what `take` works on.
    pub fn read_whole<T>(
        &self,
        model: &ModelKey,
        begin: impl FnOnce(usize) -> T,
        take: impl FnMut(&mut T, EmbeddedPhoto<'_>),
    ) -> Result<(T, Seen), LibraryError> {
        let mut guard = self.guard();
        let read = || -> rusqlite::Result<(T, Seen)> {
            // One transaction, so that the parts belong together.
            let transaction = guard.transaction()?;
            read_whole(&transaction, model, begin, take)
        };
        read().map_err(|source| LibraryError::from_sqlite(self.path(), source))
    }
}

fn read_whole<T>(
    connection: &Connection,
    model: &ModelKey,
    begin: impl FnOnce(usize) -> T,
    mut take: impl FnMut(&mut T, EmbeddedPhoto<'_>),
) -> rusqlite::Result<(T, Seen)> {
    let mut seen = Seen {
        change: connection.query_row("SELECT change FROM state", [], |row| row.get(0))?,
        embedding: 0,
    };
    let Some((model, width, prompts)) = shape(connection, model)? else {
        return Ok((begin(0), seen));
    };
    let mut whole = begin(width);
    let roots = root_folders(connection)?;
    let zone = TimeZone::system();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {}, embedding.id AS number, embedding.embedding AS vector, embedding.similarity AS prompts
         FROM photo JOIN embedding ON embedding.photo = photo.id AND embedding.model = ?1 ORDER BY photo.id",
        facts::COLUMNS
    ))?;
    let column = |name| statement.column_index(name);
    let columns = (column("number")?, column("vector")?, column("prompts")?);
    let mut rows = statement.query([model])?;
    let (mut embedding, mut similarity) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(columns.0)?;
        // Those of the wrong length count as seen too: they are left out, not read again each time.
        seen.embedding = seen.embedding.max(number);
        let vector = row.get_ref(columns.1)?.as_blob()?;
        let prompts_of = row.get_ref(columns.2)?.as_blob()?;
        let root = |number: i64| {
            let known = roots.get(&number).cloned();
            known.unwrap_or_else(|| Arc::from(Path::new("")))
        };
        let facts = facts::from_row(row, root, &zone)?;
        if vector.len() != 4 * width || prompts_of.len() != 4 * prompts {
            tracing::warn!(
                "photo {}: an embedding of the wrong length is left out",
                facts.id.0
            );
            continue;
        }
        embedding.clear();
        embedding.extend(values(vector));
        similarity.clear();
        similarity.extend(values(prompts_of));
        let photo = EmbeddedPhoto {
            facts,
            number,
            embedding: &embedding,
            similarity: &similarity,
        };
        take(&mut whole, photo);
    }
    Ok((whole, seen))
}
