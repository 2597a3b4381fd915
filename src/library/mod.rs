//! Roots, scanning and the SQLite catalogue: embeddings and prompt similarities at rest.
//!
//! A [`Library`] is one SQLite file. Reading needs nothing else and never waits for an indexing run; everything that
//! changes the catalogue goes through a [`Writer`], of which there is one at a time for all programs.

mod changes;
mod compare;
mod content;
mod domain;
mod embeddings;
mod error;
mod exclusions;
mod facts;
mod failure;
mod known;
mod merging;
mod models;
mod mounts;
pub(crate) mod names;
mod opening;
mod photos;
mod recognise;
mod record;
mod relink;
mod repair;
mod roots;
mod scan;
mod schema;
mod scope;
mod waiting;
mod walk;
mod whole;
mod writer;

pub use changes::{Changes, Seen};
pub use content::{Content, Numbers};
pub use domain::DomainRule;
pub use embeddings::{Embeddings, ModelKey, Outcome};
pub use error::LibraryError;
pub use exclusions::Exclusions;
pub use facts::PhotoFacts;
pub(crate) use facts::{civil, seconds};
pub use failure::{Failure, Retry};
pub use models::ModelUse;
pub use photos::{Counts, DomainCount, FailedFile, PhotoId, PhotoRow};
pub use repair::{Repair, repair};
pub use roots::{Root, RootId};
pub use scan::{Finding, Job, ScanReport, reason};
pub use scope::Scope;
pub use whole::EmbeddedPhoto;
pub use writer::Writer;

use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An open catalogue: one SQLite connection, usable from several threads in turn.
///
/// Threads that should not wait for each other open the same file once each.
pub struct Library {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Why it can only be read, if so.
    hindrance: Option<opening::Hindrance>,
}

impl Library {
    /// Opens the library at `path`, making an empty one (and its folder) if there is none.
    ///
    /// A file that is no library, is damaged, or comes from a newer version is refused and left as it is.
    pub fn open(path: &Path) -> Result<Library, LibraryError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| LibraryError::Io {
                path: folder.to_owned(),
                source,
            })?;
        }
        Library::connect(path, OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens the library at `path`, which must be there.
    ///
    /// Where the file or its folder cannot be written to, it can be read all the same.
    pub fn open_existing(path: &Path) -> Result<Library, LibraryError> {
        if !path.exists() {
            return Err(LibraryError::Missing {
                path: path.to_owned(),
            });
        }
        Library::connect(path, OpenFlags::empty())
    }

    fn connect(path: &Path, create: OpenFlags) -> Result<Library, LibraryError> {
        // An absolute path, so that a later change of the working folder cannot move the library.
        let path = std::path::absolute(path).map_err(|source| LibraryError::Io {
            path: path.to_owned(),
            source,
        })?;
        let (connection, hindrance) = opening::open(&path, create)?;
        Ok(Library {
            path,
            connection: Mutex::new(connection),
            hindrance,
        })
    }

    /// The library's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why the catalogue could only be opened for reading, in words; `None` where it can be changed.
    pub fn only_read_because(&self) -> Option<String> {
        self.hindrance.as_ref().map(opening::Hindrance::words)
    }

    /// A number that grows with every change of the catalogue, whoever makes it.
    pub fn change(&self) -> Result<i64, LibraryError> {
        self.read(|connection| {
            connection.query_row("SELECT change FROM state", [], |row| row.get(0))
        })
    }

    /// The right to change the catalogue, or who has it.
    pub fn writer(&self) -> Result<Writer<'_>, LibraryError> {
        Writer::lock(self)
    }

    fn guard(&self) -> MutexGuard<'_, Connection> {
        // A thread that panicked left no half transaction: SQLite rolled it back when it was dropped.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LibraryError> {
        work(&self.guard()).map_err(|source| LibraryError::from_sqlite(&self.path, source))
    }

    /// Runs `work` in one transaction and counts it as a change.
    fn change_with<T>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LibraryError> {
        let mut guard = self.guard();
        let run = || {
            let transaction =
                guard.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.execute("UPDATE state SET change = change + 1", [])?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|source| LibraryError::from_sqlite(&self.path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a power cut leaves is decided by these: each commit is on the disk before it counts.
    #[test]
    fn every_commit_is_synced_and_cells_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let guard = library.guard();
        let pragma = |name| -> String {
            guard
                .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
                .map(|value| format!("{value:?}"))
                .unwrap()
        };
        assert_eq!(pragma("journal_mode"), r#"Text("wal")"#);
        assert_eq!(pragma("synchronous"), "Integer(2)");
        assert_eq!(pragma("cell_size_check"), "Integer(1)");
    }
}
