//! Nearest neighbours: an exact scan and an HNSW graph behind one type.
//!
//! An [`Index`] is built over a snapshot of vectors and never changes; new photos come with the next snapshot, which
//! shares the [`Block`]s that stay the same. Scores are dot products, which are cosines for L2-normalised vectors, and
//! are computed in f64 whichever way the candidates were found.
//!
//! The scan reads 8-bit codes of the vectors first. How far a score by them can be off is known for each row, so it
//! leaves out only what cannot be among the best: its answer is that of comparing everything.

mod block;
mod cache;
mod candidates;
mod codes;
mod coverage;
mod dots;
mod graph;
mod kind;
mod scan;
mod vectors;

pub use block::Block;
pub use cache::CacheError;
pub use coverage::Coverage;
pub use graph::{EF_SEARCH, Graph};
pub use kind::Kind;
pub use vectors::Vectors;

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
#[derive(Clone, Debug)]
pub struct Index {
    vectors: Arc<Vectors>,
    /// The graph, if one is in use.
    coverage: Option<Arc<Coverage>>,
}

impl Index {
    /// An exact index; costs nothing to build.
    pub fn exact(vectors: Arc<Vectors>) -> Index {
        Index {
            vectors,
            coverage: None,
        }
    }

    /// An index by a graph of these vectors, or of earlier ones that they have much in common with: what has come since
    /// is scanned, what has gone is left out.
    ///
    /// Where too much has come or gone, the graph is kept at hand but everything is scanned; see [`Index::wants_graph`].
    pub fn with_graph(vectors: Arc<Vectors>, graph: Arc<Graph>) -> Index {
        let coverage = Coverage::new(graph, &vectors);
        Index {
            vectors,
            coverage: Some(Arc::new(coverage)),
        }
    }

    /// Whether a graph should be built: `kind` wants one for so many vectors, and there is none that is good enough.
    pub fn wants_graph(&self, kind: Kind) -> bool {
        kind.wants_graph(self.vectors.len()) && self.kind() == Kind::Exact
    }

    /// How it looks for neighbours.
    pub fn kind(&self) -> Kind {
        match self.in_use() {
            Some(_) => Kind::Hnsw,
            None => Kind::Exact,
        }
    }

    /// The graph, whether it is still good enough or not.
    pub fn graph(&self) -> Option<&Arc<Graph>> {
        Some(self.coverage.as_ref()?.graph())
    }

    fn in_use(&self) -> Option<&Coverage> {
        self.coverage.as_deref().filter(|coverage| !coverage.worn())
    }

    /// The vectors it searches.
    pub fn vectors(&self) -> &Arc<Vectors> {
        &self.vectors
    }

    /// The `k` accepted rows with the highest scores, best first, equal scores by row; fewer only if there are fewer.
    ///
    /// `query` is `[e]`, as wide as the vectors; a query of another width finds nothing. A graph answers only where all
    /// rows are accepted and it can promise `k` hits; the scan answers everything else.
    pub fn nearest(&self, query: &[f32], k: usize, accept: Accept<'_>) -> Vec<Neighbour> {
        self.by_graph(query, k, accept)
            .unwrap_or_else(|| scan::scan(&self.vectors, query, k, accept, None))
    }

    /// [`Index::nearest`], and the scores `[N]` of all rows, which cost little beside the scan.
    ///
    /// The scores are as exact as f32 in a small snapshot, and within a thousandth or so of a cosine in a large one,
    /// where they are read from codes; those of the neighbours are always exact. A query of another width has none.
    pub fn nearest_and_scores(
        &self,
        query: &[f32],
        k: usize,
        accept: Accept<'_>,
    ) -> (Vec<Neighbour>, Vec<f32>) {
        if query.len() != self.vectors.width() {
            return (Vec::new(), Vec::new());
        }
        let mut scores = vec![0.0; self.vectors.len()];
        let by_graph = self.by_graph(query, k, accept);
        let scanned = if by_graph.is_some() { 0 } else { k };
        let found = scan::scan(&self.vectors, query, scanned, accept, Some(&mut scores));
        (by_graph.unwrap_or(found), scores)
    }

    /// The `k` nearest rows of all, for each of several queries, in one pass: much faster than one after the other.
    pub fn nearest_each(&self, queries: &[&[f32]], k: usize) -> Vec<Vec<Neighbour>> {
        scan::scan_each(&self.vectors, queries, k)
    }

    fn by_graph(&self, query: &[f32], k: usize, accept: Accept<'_>) -> Option<Vec<Neighbour>> {
        if accept.is_some() {
            return None;
        }
        self.in_use()?.nearest(&self.vectors, query, k)
    }
}
