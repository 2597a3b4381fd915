//! The file from which a large library is in memory at once after a restart: a snapshot as it was, segment by segment,
//! each with a checksum. It is a cache beside the library; whatever is wrong with it, the catalogue is read instead.

mod file;

use super::snapshot::Snapshot;
use super::{SearchError, Searcher, refreshing};
use crate::library::{Library, ModelKey, Seen};
use std::io::ErrorKind;
use std::sync::PoisonError;

/// From so many photos on it pays to keep them: fewer are read from the catalogue in an instant.
pub const KEPT_FROM: usize = 50_000;
/// The file is written anew when more than this part of the library has come or gone since.
const SHARE: usize = 16;
/// Photos whose rows are compared with the catalogue: the newest that the file knows, and as many from everywhere.
const COMPARED: usize = 32;

impl Searcher {
    /// Keeps what is in memory of a large library in a file, unless the last one is nearly as good, so that the next
    /// start is quick; large is from `fewest` photos on, usually [`KEPT_FROM`]. Writes about 920 bytes a photo (192 values each); not for
    /// the thread that answers.
    pub fn keep(&self, fewest: usize) {
        let snapshot = self.snapshot();
        let state = || {
            self.inner
                .kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let now = (snapshot.len(), snapshot.seen);
        let known = *state();
        if snapshot.len() < fewest || known.is_some_and(|known| is_near(known, now)) {
            return;
        }
        let path = refreshing::beside(self.library(), self.model_key(), "rows");
        match file::save(&path, self.model_key(), &snapshot) {
            Ok(()) => *state() = Some(now),
            // The next start takes longer, that is all.
            Err(error) => tracing::warn!("{}: {error}", path.display()),
        }
    }
}

/// Photos and what was seen of the catalogue: what a file holds.
pub(super) type Kept = (usize, Seen);

fn is_near((rows, seen): Kept, (rows_now, seen_now): Kept) -> bool {
    let few = (rows_now / SHARE) as i64;
    rows.abs_diff(rows_now) as i64 <= few
        && seen_now.embedding.saturating_sub(seen.embedding) <= few
}

/// The snapshot of the catalogue as it is now, by the file of an earlier one; `None` if there is no good one.
pub(super) fn current(
    library: &Library,
    model: &ModelKey,
) -> Result<Option<(Snapshot, Kept)>, SearchError> {
    let path = refreshing::beside(library, model, "rows");
    let passed_over = |error: std::io::Error| {
        if error.kind() != ErrorKind::NotFound {
            tracing::info!("{}: {error}", path.display());
        }
        Ok(None)
    };
    let head = match file::Head::read(&path, model) {
        Ok(head) => head,
        Err(error) => return passed_over(error),
    };
    let seen = head.seen();
    let now = library.change()?;
    if now < seen.change {
        return Ok(None);
    }
    // What has changed is read while other cores read the file.
    let (old, changes) = rayon::join(
        || head.snapshot(&path),
        || {
            (now > seen.change)
                .then(|| library.changes_since(model, seen))
                .transpose()
        },
    );
    let old = match old {
        Ok(old) => old,
        Err(error) => return passed_over(error),
    };
    let kept = (old.len(), seen);
    let new = match changes? {
        Some(changes) => old.with(&changes),
        None => old,
    };
    if !agrees(&new, kept.1, library, model) {
        tracing::info!("{}: it belongs to another library", path.display());
        return Ok(None);
    }
    Ok(Some((new, kept)))
}

/// Whether rows that were taken from the file are those of the catalogue. A library that was put back from a copy and
/// went on from there has used some numbers twice: those are among the newest that the file knows.
fn agrees(snapshot: &Snapshot, seen: Seen, library: &Library, model: &ModelKey) -> bool {
    let keys = snapshot.segments().iter().flat_map(|s| s.block().keys());
    let mut rows: Vec<(i64, usize)> = keys
        .copied()
        .zip(0..)
        .filter(|(key, _)| *key <= seen.embedding)
        .collect();
    let step = rows.len().div_ceil(COMPARED).max(1);
    let mut compared: Vec<usize> = rows.iter().step_by(step).map(|(_, row)| *row).collect();
    let newest = rows.len().saturating_sub(COMPARED);
    if newest > 0 {
        rows.select_nth_unstable(newest);
    }
    compared.extend(rows[newest..].iter().map(|(_, row)| *row));
    compared.into_iter().all(|row| {
        let facts = snapshot.facts(row);
        // One that was taken out at this moment is a reason to read all anew.
        library.photo(facts.id, model).is_ok_and(|stored| {
            stored.embedding.as_deref() == Some(snapshot.embedding(row))
                && stored.similarity.as_deref() == Some(snapshot.similarity(row))
                && (stored.path, stored.size_bytes) == (facts.path, facts.bytes)
        })
    })
}
