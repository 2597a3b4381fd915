//! Roots that lie inside of others become part of them.

use super::roots::{real, seen_below};
use super::{Exclusions, LibraryError, RootId, Writer, names};
use rusqlite::{Transaction, params};
use std::path::{Path, PathBuf};

/// A root that is there now.
struct There {
    id: RootId,
    real: PathBuf,
}

/// A root that lies inside of another one.
struct Inner {
    outer: RootId,
    inner: RootId,
    /// The way from the one to the other.
    below: PathBuf,
}

impl Writer<'_> {
    /// Makes each root that a scan of another one comes upon, passing over what is `excluded`, part of that one; its
    /// photos keep their numbers and what is embedded.
    ///
    /// A root that is away stays by itself until it is back: only then can it be told what a scan comes upon.
    pub fn merge_roots(&self, excluded: &Exclusions) -> Result<(), LibraryError> {
        while let Some(inner) = self.inner_root(excluded)? {
            self.library
                .change_with(|transaction| absorb(transaction, &inner))?;
        }
        Ok(())
    }

    fn inner_root(&self, excluded: &Exclusions) -> Result<Option<Inner>, LibraryError> {
        let known: Vec<(RootId, PathBuf)> = self.library.read(|connection| {
            connection
                .prepare_cached("SELECT id, path FROM root ORDER BY id")?
                .query_map([], |row| {
                    let path = names::to_path(row.get_ref(1)?.as_blob()?);
                    Ok((RootId(row.get(0)?), path))
                })?
                .collect()
        })?;
        if known.len() < 2 {
            return Ok(None);
        }
        let there: Vec<There> = known
            .into_iter()
            .filter(|(_, path)| holds_something(path))
            .filter_map(|(id, path)| real(&path).map(|real| There { id, real }))
            .collect();
        Ok(there.iter().find_map(|inner| {
            // The outermost of those that it lies in.
            there
                .iter()
                .filter_map(|outer| outer.holds(inner, excluded))
                .max_by_key(|found| found.below.components().count())
        }))
    }
}

impl There {
    fn holds(&self, inner: &There, excluded: &Exclusions) -> Option<Inner> {
        let below = seen_below(&inner.real, &self.real, excluded)?;
        // Of two names of one folder the older one stays.
        let is_whole = below.as_os_str().is_empty();
        (!is_whole || self.id < inner.id).then(|| Inner {
            outer: self.id,
            inner: inner.id,
            below: below.to_owned(),
        })
    }
}

/// Whether a folder is there, and no empty mount point.
fn holds_something(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

fn absorb(transaction: &Transaction<'_>, roots: &Inner) -> rusqlite::Result<()> {
    let Inner {
        outer,
        inner,
        below,
    } = roots;
    let folder = names::to_bytes(below);
    let mut prefix = folder.clone();
    if !prefix.is_empty() {
        prefix.push(b'/');
    }
    // Photos that were indexed below both: those of the root that is older have been known for longer.
    let twins = if outer > inner {
        "DELETE FROM photo WHERE root = ?1
         AND path IN (SELECT CAST(?2 || path AS BLOB) FROM photo WHERE root = ?3)"
    } else {
        "DELETE FROM photo WHERE root = ?3
         AND CAST(?2 || path AS BLOB) IN (SELECT path FROM photo WHERE root = ?1)"
    };
    for change in [
        twins,
        "UPDATE photo SET root = ?1, path = CAST(?2 || path AS BLOB) WHERE root = ?3",
        "UPDATE OR IGNORE mount SET root = ?1, path = CAST(?2 || path AS BLOB) WHERE root = ?3",
    ] {
        transaction.execute(change, params![outer.0, prefix, inner.0])?;
    }
    if !folder.is_empty() {
        // It may be a drive, and be pulled out before the next scan, which finds out.
        transaction.execute(
            "INSERT OR IGNORE INTO mount (root, path) VALUES (?1, ?2)",
            params![outer.0, folder],
        )?;
    }
    transaction.execute("DELETE FROM root WHERE id = ?1", [inner.0])?;
    Ok(())
}
