use super::kept::{self, Kept};
use super::snapshot::Snapshot;
use super::{SearchError, Searcher};
use crate::library::{Library, ModelKey};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

impl Searcher {
    /// Takes in what has changed in the library since the last time; says whether anything had.
    ///
    /// Only what is new is read, and queries are answered from the old snapshot meanwhile, with which the new one shares
    /// all that stayed the same. A graph goes on being used: what it does not hold is scanned. When that is too much,
    /// the next graph is begun on a thread of its own.
    pub fn refresh(&self) -> Result<bool, SearchError> {
        {
            // One at a time; the connection is another than the one that answers queries.
            let library = self
                .inner
                .refreshing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let before = self.snapshot();
            if library.change()? == before.seen.change {
                return Ok(false);
            }
            let model = &self.inner.model;
            let fresh = if before.is_empty() {
                Snapshot::read(&library, model)?
            } else {
                before.with(&library.changes_since(model, before.seen)?)
            };
            self.replace(fresh);
        }
        self.tend_graph();
        Ok(true)
    }

    pub(super) fn replace(&self, fresh: Snapshot) {
        *self
            .inner
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
    }
}

/// Where something of this library and model is kept between runs: beside the library. Can be deleted at any time.
pub(super) fn beside(library: &Library, model: &ModelKey, ending: &str) -> PathBuf {
    let mut name = library.path().as_os_str().to_owned();
    name.push(format!(".{model}.{ending}"));
    PathBuf::from(name)
}

/// The first snapshot of a library: what an earlier run kept with what has changed since, or else the whole catalogue.
pub(super) fn first(
    library: &Library,
    model: &ModelKey,
) -> Result<(Snapshot, Option<Kept>), SearchError> {
    match kept::current(library, model)? {
        Some((snapshot, kept)) => Ok((snapshot, Some(kept))),
        None => Ok((Snapshot::read(library, model)?, None)),
    }
}
