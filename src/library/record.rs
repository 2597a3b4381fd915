use super::content::{self, Content};
use super::embeddings::model_number;
use super::{FailedFile, Failure, Finding, Job, ModelKey, PhotoId, RootId, facts, names};
use crate::photo::{self, Header};
use rusqlite::{Transaction, params};
use std::path::PathBuf;

/// A change that a scan found and the catalogue does not know yet.
pub(super) struct Change {
    pub basis: Basis,
    /// The file's path below the root.
    pub relative: PathBuf,
    /// Its absolute path.
    pub path: PathBuf,
    pub size_bytes: u64,
    pub mtime_ns: i64,
    pub domain: String,
    /// What the file says of itself; `None` where that is known already, or cannot be read.
    pub header: Option<Header>,
    /// Why it cannot be read, if so.
    pub failure: Option<Failure>,
}

/// What the catalogue has of the photo before the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// Nothing.
    New,
    /// Nothing, but another photo holds the same.
    Copy(Content),
    /// This photo, which holds something else now.
    Changed(i64),
    /// This photo, which holds what it held, at another time or in another place.
    Same(i64),
}

/// A change as the catalogue has it now.
pub(super) struct Written {
    id: i64,
    /// Whether it has an embedding of the model in use.
    embedded: bool,
}

impl Change {
    /// What the change means to who asked for the scan.
    pub fn finding(self, written: &Written) -> Finding {
        match self.failure {
            Some(failure) => Finding::Failed(FailedFile {
                path: self.path,
                reason: failure.reason,
            }),
            None if written.embedded => Finding::Recognised,
            None => Finding::ToEmbed(Job {
                photo: PhotoId(written.id),
                path: self.path,
                size_bytes: self.size_bytes,
                mtime_ns: self.mtime_ns,
            }),
        }
    }
}

/// Writes one change; a photo that holds something else loses the embeddings of what it held.
pub(super) fn record(
    transaction: &Transaction<'_>,
    root: RootId,
    model: &ModelKey,
    change: &Change,
) -> rusqlite::Result<Written> {
    let id = match change.basis {
        Basis::New => insert(transaction, root, change)?,
        Basis::Copy(content) => {
            let id = insert(transaction, root, change)?;
            content::keep(transaction, id, content)?;
            content::copy_embeddings(transaction, id, content)?;
            id
        }
        Basis::Changed(id) => {
            content::retire_embeddings(transaction, id)?;
            update(transaction, id, root, change)?;
            content::forget(transaction, id)?;
            id
        }
        Basis::Same(id) => {
            update(transaction, id, root, change)?;
            id
        }
    };
    match (&change.header, &change.failure) {
        (Some(header), _) => keep_header(transaction, id, header)?,
        (None, Some(_)) => forget_header(transaction, id)?,
        (None, None) => {}
    }
    let model = model_number(transaction, model)?;
    let embedded = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM embedding WHERE photo = ?1 AND model = ?2)")?
        .query_row([id, model], |row| row.get(0))?;
    Ok(Written { id, embedded })
}

/// The reason of a failure, and when it is tried again.
fn failure(change: &Change) -> (Option<&str>, Option<i64>) {
    let failure = change.failure.as_ref();
    let reason = failure.map(|failure| failure.reason.as_str());
    (reason, failure.and_then(Failure::reader))
}

fn insert(transaction: &Transaction<'_>, root: RootId, change: &Change) -> rusqlite::Result<i64> {
    let (reason, reader) = failure(change);
    transaction
        .prepare_cached(
            "INSERT INTO photo (root, path, size_bytes, mtime_ns, domain, failure, failure_reader)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            root.0,
            names::to_bytes(&change.relative),
            change.size_bytes as i64,
            change.mtime_ns,
            change.domain,
            reason,
            reader
        ])?;
    Ok(transaction.last_insert_rowid())
}

fn update(
    transaction: &Transaction<'_>,
    id: i64,
    root: RootId,
    change: &Change,
) -> rusqlite::Result<()> {
    let (reason, reader) = failure(change);
    transaction
        .prepare_cached(
            "UPDATE photo SET root = ?2, path = ?3, size_bytes = ?4, mtime_ns = ?5, domain = ?6,
                    failure = ?7, failure_reader = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            root.0,
            names::to_bytes(&change.relative),
            change.size_bytes as i64,
            change.mtime_ns,
            change.domain,
            reason,
            reader
        ])?;
    Ok(())
}

/// Notes that a photo's header is still to be read.
fn forget_header(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE photo SET facts_reader = NULL WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Writes what a photo's header tells.
pub(super) fn keep_header(
    transaction: &Transaction<'_>,
    id: i64,
    header: &Header,
) -> rusqlite::Result<()> {
    let (width, height) = header.size_px.unzip();
    transaction
        .prepare_cached(
            "UPDATE photo SET taken_s = ?2, format = ?3, width_px = ?4, height_px = ?5, facts_reader = ?6
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            header.taken.map(facts::seconds),
            header.format.map(photo::Format::name),
            width,
            height,
            photo::FACTS_VERSION
        ])?;
    Ok(())
}
