use super::embeddings::{floats, model_number};
use super::{Library, LibraryError, ModelKey, RootId, names};
use rusqlite::{OptionalExtension, Row, params};
use std::path::{Path, PathBuf};

/// The number of a photo; stays the same wherever the photo moves in the library, and is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct PhotoId(pub i64);

/// What the catalogue knows of one photo.
#[derive(Clone, Debug, PartialEq)]
pub struct PhotoRow {
    /// Its number.
    pub id: PhotoId,
    /// The root it lies below.
    pub root: RootId,
    /// Its absolute path.
    pub path: PathBuf,
    /// Its path below the root.
    pub relative: PathBuf,
    /// Size of the file when it was last looked at.
    pub size_bytes: u64,
    /// Time of the file's last change, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Its domain.
    pub domain: String,
    /// Its embedding `[e]` with the model asked for, L2-normalised.
    pub embedding: Option<Vec<f32>>,
    /// Its prompt similarities `[M]` with the model asked for.
    pub similarity: Option<Vec<f32>>,
    /// Why it could not be read, if so.
    pub failure: Option<String>,
}

/// How many photos the catalogue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// All photos, readable or not.
    pub photos: usize,
    /// Those with an embedding of the model asked for.
    pub embedded: usize,
    /// Those that could not be read.
    pub failed: usize,
    /// Those still to be embedded with the model asked for.
    pub pending: usize,
}

/// How many photos a domain holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DomainCount {
    /// The domain's name.
    pub domain: String,
    /// Its photos.
    pub photos: usize,
}

/// A file that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// The reason in words.
    pub reason: String,
}

const SELECT: &str =
    "SELECT photo.id, photo.root, root.path, photo.path, photo.size_bytes, photo.mtime_ns,
        photo.domain, photo.failure, embedding.embedding, embedding.similarity
    FROM photo JOIN root ON root.id = photo.root
    LEFT JOIN embedding ON embedding.photo = photo.id AND embedding.model = ?1";

fn from_row(row: &Row<'_>) -> rusqlite::Result<PhotoRow> {
    let relative = names::to_relative(row.get_ref(3)?.as_blob()?);
    Ok(PhotoRow {
        id: PhotoId(row.get(0)?),
        root: RootId(row.get(1)?),
        path: names::to_path(row.get_ref(2)?.as_blob()?).join(&relative),
        relative,
        size_bytes: row.get::<_, i64>(4)?.max(0) as u64,
        mtime_ns: row.get(5)?,
        domain: row.get(6)?,
        failure: row.get(7)?,
        embedding: row.get_ref(8)?.as_blob_or_null()?.map(floats),
        similarity: row.get_ref(9)?.as_blob_or_null()?.map(floats),
    })
}

impl Library {
    /// One photo with what `model` says of it.
    pub fn photo(&self, id: PhotoId, model: &ModelKey) -> Result<PhotoRow, LibraryError> {
        self.read(|connection| {
            let model = model_number(connection, model)?;
            connection
                .prepare_cached(&format!("{SELECT} WHERE photo.id = ?2"))?
                .query_row(params![model, id.0], from_row)
                .optional()
        })?
        .ok_or_else(|| LibraryError::UnknownPhoto {
            path: self.path().to_owned(),
            id: id.0,
        })
    }

    /// Photos in order of their numbers, after number `after`, at most `limit`; for lists that are read by the page.
    pub fn photos(
        &self,
        after: Option<PhotoId>,
        limit: usize,
        model: &ModelKey,
    ) -> Result<Vec<PhotoRow>, LibraryError> {
        let after = after.map_or(i64::MIN, |id| id.0);
        self.read(|connection| {
            let model = model_number(connection, model)?;
            connection
                .prepare_cached(&format!(
                    "{SELECT} WHERE photo.id > ?2 ORDER BY photo.id LIMIT ?3"
                ))?
                .query_map(params![model, after, limit as i64], from_row)?
                .collect()
        })
    }

    /// The photo at an absolute path, if the catalogue knows it.
    pub fn photo_at(&self, path: &Path) -> Result<Option<PhotoId>, LibraryError> {
        self.read(|connection| {
            // Not by way of `roots`, which counts all photos.
            let roots: Vec<(i64, PathBuf)> = connection
                .prepare_cached("SELECT id, path FROM root ORDER BY id")?
                .query_map([], |row| {
                    Ok((row.get(0)?, names::to_path(row.get_ref(1)?.as_blob()?)))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let mut find =
                connection.prepare_cached("SELECT id FROM photo WHERE root = ?1 AND path = ?2")?;
            for (root, folder) in roots {
                let Ok(relative) = path.strip_prefix(&folder) else {
                    continue;
                };
                let found = find
                    .query_row(params![root, names::to_bytes(relative)], |row| row.get(0))
                    .optional()?;
                if let Some(id) = found {
                    return Ok(Some(PhotoId(id)));
                }
            }
            Ok(None)
        })
    }

    /// The absolute paths of photos, in the order asked for; `None` for one that is gone.
    pub fn paths(&self, ids: &[PhotoId]) -> Result<Vec<Option<PathBuf>>, LibraryError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT root.path, photo.path FROM photo JOIN root ON root.id = photo.root WHERE photo.id = ?1",
            )?;
            ids.iter()
                .map(|id| {
                    statement
                        .query_row([id.0], |row| {
                            let root = names::to_path(row.get_ref(0)?.as_blob()?);
                            Ok(root.join(names::to_relative(row.get_ref(1)?.as_blob()?)))
                        })
                        .optional()
                })
                .collect()
        })
    }

    /// How many photos there are, and how far `model` has got.
    pub fn counts(&self, model: &ModelKey) -> Result<Counts, LibraryError> {
        let [photos, failed, embedded, both] = self.read(|connection| {
            let model = model_number(connection, model)?;
            // Answered by indexes: neither photos nor embeddings are touched, of which there may be a million.
            connection
                .prepare_cached(
                    "SELECT (SELECT count(*) FROM photo),
                        (SELECT count(*) FROM photo INDEXED BY photo_failure WHERE failure IS NOT NULL),
                        (SELECT count(*) FROM embedding INDEXED BY sqlite_autoindex_embedding_1 WHERE model = ?1),
                        (SELECT count(*) FROM photo INDEXED BY photo_failure WHERE failure IS NOT NULL AND EXISTS
                            (SELECT 1 FROM embedding WHERE embedding.photo = photo.id AND embedding.model = ?1))",
                )?
                .query_row([model], |row| {
                    let count = |at| row.get::<_, i64>(at).map(|count| count as usize);
                    Ok([count(0)?, count(1)?, count(2)?, count(3)?])
                })
        })?;
        Ok(Counts {
            photos,
            embedded,
            failed,
            pending: photos + both - failed - embedded,
        })
    }

    /// The domains in order of their names.
    pub fn domains(&self) -> Result<Vec<DomainCount>, LibraryError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT domain, count(*) FROM photo GROUP BY domain ORDER BY domain",
                )?
                .query_map([], |row| {
                    Ok(DomainCount {
                        domain: row.get(0)?,
                        photos: row.get::<_, i64>(1)? as usize,
                    })
                })?
                .collect()
        })
    }

    /// All files that could not be read, in the order in which they were found.
    pub fn failed(&self) -> Result<Vec<FailedFile>, LibraryError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT root.path, photo.path, photo.failure FROM photo JOIN root ON root.id = photo.root
                     WHERE photo.failure IS NOT NULL ORDER BY photo.id",
                )?
                .query_map([], |row| {
                    let root = names::to_path(row.get_ref(0)?.as_blob()?);
                    Ok(FailedFile {
                        path: root.join(names::to_relative(row.get_ref(1)?.as_blob()?)),
                        reason: row.get(2)?,
                    })
                })?
                .collect()
        })
    }
}
