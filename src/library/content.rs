use super::embeddings::{floats, model_number};
use super::{Job, Library, LibraryError, ModelKey};
use crate::photo::mtime_ns;
use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Transaction, params};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// How many embeddings of photos that are gone are kept, the latest ones.
const MOST_FORMER: i64 = 100_000;

/// What a model says of a photo: `(embedding [e], similarity [M])`.
pub type Numbers = (Vec<f32>, Vec<f32>);

/// What a file holds, by the first 16 bytes of its BLAKE3 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Content([u8; 16]);

impl Content {
    /// Hashes a whole file piece by piece.
    ///
    /// # Errors
    /// A file that cannot be opened or read.
    pub fn of(path: &Path) -> io::Result<Content> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(path)?)?;
        let mut short = [0; 16];
        hasher.finalize_xof().fill(&mut short);
        Ok(Content(short))
    }

    /// Whether these are the bytes that the catalogue keeps of it.
    pub(super) fn is(self, kept: &[u8]) -> bool {
        self.0 == kept
    }
}

impl ToSql for Content {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl Job {
    /// Whether the file is still what the scan saw, by size and time of change.
    pub fn is_as_scanned(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|facts| {
            facts.is_file() && facts.len() == self.size_bytes && mtime_ns(&facts) == self.mtime_ns
        })
    }

    /// What the file holds; `None` unless it is what the scan saw, before and after it is read here.
    pub fn content(&self) -> Option<Content> {
        let content = self
            .is_as_scanned()
            .then(|| Content::of(&self.path).ok())??;
        self.is_as_scanned().then_some(content)
    }
}

impl Library {
    /// What `model` said of a photo of this content, be it there still or gone.
    pub fn embedding_of(
        &self,
        content: Content,
        model: &ModelKey,
    ) -> Result<Option<Numbers>, LibraryError> {
        self.read(|connection| {
            let model = model_number(connection, model)?;
            connection
                .prepare_cached(
                    "SELECT embedding, similarity FROM photo
                     JOIN embedding ON embedding.photo = photo.id AND embedding.model = ?2
                     WHERE photo.content = ?1
                     UNION ALL
                     SELECT embedding, similarity FROM former_embedding WHERE content = ?1 AND model = ?2 LIMIT 1",
                )?
                .query_row(params![content, model], |row| {
                    let (embedding, similarity) = (row.get_ref(0)?, row.get_ref(1)?);
                    Ok((floats(embedding.as_blob()?), floats(similarity.as_blob()?)))
                })
                .optional()
        })
    }
}

/// Notes what photos hold; of one that has left the catalogue meanwhile, nothing.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    id: i64,
    content: Content,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE photo SET content = ?2 WHERE id = ?1")?
        .execute(params![id, content])?;
    Ok(())
}

/// Notes that what a photo holds is not known.
pub(super) fn forget(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE photo SET content = NULL WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Gives a photo the embeddings, of all models, that another photo of this content has.
pub(super) fn copy_embeddings(
    transaction: &Transaction<'_>,
    id: i64,
    content: Content,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO embedding (model, photo, embedding, similarity)
             SELECT model, ?1, embedding, similarity FROM embedding WHERE photo =
                (SELECT photo.id FROM photo JOIN embedding ON embedding.photo = photo.id
                 WHERE photo.content = ?2 AND photo.id <> ?1 LIMIT 1)",
        )?
        .execute(params![id, content])?;
    Ok(())
}

/// Takes a photo's embeddings away and keeps them under its content, should that come back.
pub(super) fn retire_embeddings(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO former_embedding (content, model, embedding, similarity)
             SELECT content, model, embedding, similarity FROM photo JOIN embedding ON embedding.photo = photo.id
             WHERE photo.id = ?1 AND content IS NOT NULL",
        )?
        .execute([id])?;
    transaction
        .prepare_cached("DELETE FROM embedding WHERE photo = ?1")?
        .execute([id])?;
    Ok(())
}

/// Drops the oldest embeddings of photos that are gone.
pub(super) fn trim_former(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM former_embedding WHERE id <= (SELECT max(id) FROM former_embedding) - ?1",
        [MOST_FORMER],
    )?;
    Ok(())
}
