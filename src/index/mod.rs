//! Nearest neighbours: exact scan and HNSW behind one type.
//!
//! An [`Index`] is built over a snapshot of vectors and never changes; new photos come with the next snapshot. Scores
//! are dot products, which are cosines for L2-normalised vectors, and are computed in the same way whichever kind of
//! index found the candidates.

mod cache;
mod exact;
mod hnsw;
mod kind;
mod vectors;

pub use cache::CacheError;
pub use exact::Exact;
pub use hnsw::{EF_SEARCH, Hnsw};
pub use kind::{AUTO_HNSW_FROM, Kind};
pub use vectors::{Stamp, Vectors};

use std::path::Path;
use std::sync::Arc;

/// One neighbour: a row of the vectors and its score, the dot product with the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Row of the vectors.
    pub row: usize,
    /// Dot product with the query.
    pub score: f32,
}

/// Which rows may be found; `None` for all.
pub type Accept<'a> = Option<&'a (dyn Fn(usize) -> bool + Sync)>;

/// Nearest-neighbour search over one snapshot of vectors.
#[derive(Debug)]
pub enum Index {
    /// Looks at every vector.
    Exact(Exact),
    /// Looks at a few candidates of a graph and scores them exactly.
    Hnsw(Box<Hnsw>),
}

impl Index {
    /// An exact index; costs nothing to build.
    pub fn exact(vectors: Arc<Vectors>) -> Index {
        Index::Exact(Exact::new(vectors))
    }

    /// An index of the kind asked for, whatever that takes.
    ///
    /// As [`Index::at_hand`], but with [`Kind::Hnsw`] a graph that is not there is built (which takes minutes for
    /// 100,000 vectors) and saved in `cache`.
    pub fn open(vectors: Arc<Vectors>, kind: Kind, cache: Option<&Path>) -> Index {
        let at_hand = Index::at_hand(vectors, kind, cache);
        if kind != Kind::Hnsw || at_hand.kind() == Kind::Hnsw || at_hand.vectors().is_empty() {
            return at_hand;
        }
        let hnsw = Hnsw::build(at_hand.vectors().clone());
        if let Some(path) = cache
            && let Err(error) = hnsw.save(path)
        {
            // The graph is a cache: without it the next start takes longer, that is all.
            tracing::warn!("{error}");
        }
        Index::Hnsw(Box::new(hnsw))
    }

    /// The best index that is there at once.
    ///
    /// A graph is taken from the file `cache` if it is wanted and that holds the graph of exactly these vectors;
    /// otherwise they are scanned. [`Kind::Auto`] wants a graph for a large snapshot only.
    pub fn at_hand(vectors: Arc<Vectors>, kind: Kind, cache: Option<&Path>) -> Index {
        let wants_graph = match kind {
            Kind::Exact => false,
            Kind::Hnsw => !vectors.is_empty(),
            Kind::Auto => vectors.len() >= AUTO_HNSW_FROM,
        };
        if let (true, Some(path)) = (wants_graph, cache) {
            match Hnsw::load(path, &vectors) {
                Ok(hnsw) => return Index::Hnsw(Box::new(hnsw)),
                Err(error) => tracing::info!("{error}"),
            }
        }
        Index::exact(vectors)
    }

    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Index::Exact(_) => Kind::Exact,
            Index::Hnsw(_) => Kind::Hnsw,
        }
    }

    /// The vectors it searches.
    pub fn vectors(&self) -> &Arc<Vectors> {
        match self {
            Index::Exact(exact) => exact.vectors(),
            Index::Hnsw(hnsw) => hnsw.vectors(),
        }
    }

    /// The `k` accepted rows with the highest scores, best first, equal scores by row; fewer only if there are fewer.
    ///
    /// `query` is `[e]`, as wide as the vectors; a query of another width finds nothing.
    pub fn nearest(&self, query: &[f32], k: usize, accept: Accept<'_>) -> Vec<Neighbour> {
        match self {
            Index::Exact(exact) => exact.nearest(query, k, accept),
            Index::Hnsw(hnsw) => hnsw.nearest(query, k, accept),
        }
    }

    /// The dot product of `query [e]` with every row, `[N]`; nothing for a query of another width.
    pub fn scores(&self, query: &[f32]) -> Vec<f32> {
        exact::scores(self.vectors(), query)
    }
}
