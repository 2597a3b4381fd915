use super::snapshot::Snapshot;
use super::{SearchError, Searcher};
use crate::library::{Library, ModelKey};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

impl Searcher {
    /// Takes in what has changed in the library since the last time; says whether anything had.
    ///
    /// Only what is new is read, and queries are answered from the old snapshot meanwhile. No graph is built, since a
    /// library that is being indexed changes all the time: until the next [`Searcher::open`] the new snapshot is
    /// scanned, which finds the same.
    pub fn refresh(&self) -> Result<bool, SearchError> {
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
        let (model, kind) = (&self.inner.model, self.inner.kind);
        let changes = library.changes_since(model, before.seen)?;
        let fresh = before.with(changes, kind, &cache_file(&library, model), false);
        *self
            .inner
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(true)
    }
}

/// Where the graph of this library and model is kept between runs: beside the library.
pub(super) fn cache_file(library: &Library, model: &ModelKey) -> PathBuf {
    let mut name = library.path().as_os_str().to_owned();
    name.push(format!(".{model}.hnsw"));
    PathBuf::from(name)
}

/// The first snapshot of a library, and the graph if one is wanted.
pub(super) fn first(
    library: &Library,
    model: &ModelKey,
    kind: crate::index::Kind,
) -> Result<Snapshot, SearchError> {
    let nothing = Snapshot::empty();
    let changes = library.changes_since(model, nothing.seen)?;
    Ok(nothing.with(changes, kind, &cache_file(library, model), true))
}
