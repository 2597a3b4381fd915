use super::searcher::Inner;
use super::snapshot::Snapshot;
use super::{Searcher, refreshing};
use crate::index::{Graph, Index, Kind, Vectors};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};

/// Whether a graph is being made, of which there is one at a time.
#[derive(Debug, Default)]
pub(super) struct GraphWork {
    busy: Mutex<bool>,
    over: Condvar,
}

/// Says that the work is over, however it ended. A searcher that nobody asks any more does not wait for it.
struct Turn(Weak<Inner>);

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(inner) = self.0.upgrade() else {
            return;
        };
        let work = &inner.graph_work;
        *work.busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
        work.over.notify_all();
    }
}

impl Searcher {
    /// The way in which neighbours are looked for, as it was wished.
    pub fn wished_kind(&self) -> Kind {
        let kind = &self.inner.kind;
        *kind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for neighbours in another way from now on, or as soon as its graph is there.
    pub fn set_kind(&self, kind: Kind) {
        let mut known = self
            .inner
            .kind
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *known, kind);
        drop(known);
        if before == kind {
            return;
        }
        if !kind.wants_graph(self.len()) {
            self.publish(|now| Index::exact(Arc::clone(now.index.vectors())));
        }
        self.tend_graph();
    }

    /// Waits until no graph is being read or built, which for a large library can take long.
    pub fn wait_for_graph(&self) {
        let work = &self.inner.graph_work;
        let mut busy = work.busy.lock().unwrap_or_else(PoisonError::into_inner);
        while *busy {
            busy = work.over.wait(busy).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Reads or builds a graph on a thread of its own, if one is wanted and there is none that is good enough; until it
    /// is there, everything is scanned, which finds the same.
    pub(super) fn tend_graph(&self) {
        let snapshot = self.snapshot();
        if !snapshot.index.wants_graph(self.wished_kind()) {
            return;
        }
        {
            let work = &self.inner.graph_work;
            let mut busy = work.busy.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::replace(&mut *busy, true) {
                return;
            }
        }
        let turn = Turn(Arc::downgrade(&self.inner));
        let file = refreshing::beside(self.library(), self.model_key(), "hnsw");
        let reader = self.reader.clone();
        let started = std::thread::Builder::new()
            .name("puma-graph".to_owned())
            .spawn(move || {
                // A graph that is worn came from that file, or is newer.
                let read = snapshot.index.graph().is_none();
                let graph = graph(snapshot.index.vectors(), &file, read);
                if let (Some(graph), Some(inner)) = (graph, turn.0.upgrade()) {
                    Searcher { inner, reader }.put_to_use(Arc::new(graph));
                }
            });
        if let Err(error) = started {
            // The next refresh tries again; until then everything is scanned.
            tracing::warn!("no thread for the graph: {error}");
        }
    }

    fn put_to_use(&self, graph: Arc<Graph>) {
        let kind = self.wished_kind();
        self.publish(|now| {
            let vectors = Arc::clone(now.index.vectors());
            if kind.wants_graph(vectors.len()) {
                Index::with_graph(vectors, graph)
            } else {
                Index::exact(vectors)
            }
        });
    }

    /// Puts another index over what the newest snapshot holds.
    fn publish(&self, index: impl FnOnce(&Snapshot) -> Index) {
        // So that no refresh comes between reading and writing.
        let _alone = self
            .inner
            .refreshing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = self.snapshot();
        let fresh = now.with_index(index(&now));
        self.replace(fresh);
    }
}

/// The graph of `file`, if it is `read` and still good enough, or else a new one, which is kept there.
fn graph(vectors: &Vectors, file: &Path, read: bool) -> Option<Graph> {
    if read {
        match Graph::load(file, vectors) {
            Ok(graph) => return Some(graph),
            Err(error) => tracing::info!("{error}"),
        }
    }
    // Half of the cores, and none of those that scan: questions are answered meanwhile.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads((cores / 2).max(1))
        .thread_name(|number| format!("puma-graph-{number}"))
        .build();
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => {
            tracing::warn!("no threads for the graph: {error}");
            return None;
        }
    };
    let graph = pool.install(|| Graph::build(vectors));
    if let Err(error) = graph.save(file) {
        // The graph is a cache: without it the next start takes longer, that is all.
        tracing::warn!("{error}");
    }
    Some(graph)
}
