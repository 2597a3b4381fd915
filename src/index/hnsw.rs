use super::cache::{self, CacheError};
use super::exact::{scan, settle};
use super::vectors::dot;
use super::{Accept, Neighbour, Vectors};
use instant_distance::{Builder, Search};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Candidates that a query looks at, which also caps how many it can return; fixed when the graph is built.
///
/// Twice the 200 hits that a window shows, since the last candidates of a query are the least certain.
pub const EF_SEARCH: usize = 400;
/// Candidates that are weighed when a vector is put into the graph.
const EF_CONSTRUCTION: usize = 100;
/// Layers are drawn with this seed, so that builds resemble each other.
const SEED: u64 = 20_250;

/// A vector in the graph.
#[derive(Clone, Serialize, Deserialize)]
struct Point(Box<[f32]>);

impl instant_distance::Point for Point {
    fn distance(&self, other: &Point) -> f32 {
        1.0 - dot(&self.0, &other.0)
    }
}

/// What the cache file holds: the graph, and the row of each of its points.
#[derive(Serialize, Deserialize)]
struct Graph {
    points: instant_distance::Hnsw<Point>,
    rows: Vec<u32>,
}

/// An HNSW graph (Malkov and Yashunin, arXiv 1603.09320) whose candidates are scored exactly.
pub struct Hnsw {
    vectors: Arc<Vectors>,
    graph: Graph,
    /// Working memory of past queries, as large as the library each.
    spare: Mutex<Vec<Search>>,
}

impl fmt::Debug for Hnsw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Hnsw")
            .field("rows", &self.vectors.len())
            .finish_non_exhaustive()
    }
}

impl Hnsw {
    /// Builds the graph on all cores.
    pub fn build(vectors: Arc<Vectors>) -> Hnsw {
        let points: Vec<Point> = (0..vectors.len())
            .map(|row| Point(vectors.row(row).into()))
            .collect();
        let (points, places) = Builder::default()
            .seed(SEED)
            .ef_construction(EF_CONSTRUCTION)
            .ef_search(EF_SEARCH)
            .build_hnsw(points);
        let mut rows = vec![0u32; places.len()];
        for (row, place) in (0u32..).zip(&places) {
            rows[place.into_inner() as usize] = row;
        }
        Hnsw::with(vectors, Graph { points, rows })
    }

    fn with(vectors: Arc<Vectors>, graph: Graph) -> Hnsw {
        Hnsw {
            vectors,
            graph,
            spare: Mutex::default(),
        }
    }

    /// Reads the graph of exactly these vectors from a cache file.
    pub fn load(path: &Path, vectors: &Arc<Vectors>) -> Result<Hnsw, CacheError> {
        let graph: Graph = cache::load(path, vectors.stamp())?;
        if graph.rows.len() != vectors.len() {
            return Err(CacheError::Stale {
                path: path.to_owned(),
            });
        }
        Ok(Hnsw::with(vectors.clone(), graph))
    }

    /// Writes the graph to a cache file; the old one stays whole until the new one is complete.
    pub fn save(&self, path: &Path) -> Result<(), CacheError> {
        cache::save(path, self.vectors.stamp(), &self.graph)
    }

    pub(super) fn vectors(&self) -> &Arc<Vectors> {
        &self.vectors
    }

    /// See [`super::Index::nearest`].
    ///
    /// What the graph cannot promise is answered by a scan: filtered queries, more than half of [`EF_SEARCH`] hits,
    /// and queries for which the graph came up with too few candidates.
    pub fn nearest(&self, query: &[f32], k: usize, accept: Accept<'_>) -> Vec<Neighbour> {
        let k = k.min(self.vectors.len());
        if accept.is_some() || k > EF_SEARCH / 2 || query.len() != self.vectors.width() {
            return scan(&self.vectors, query, k, accept);
        }
        let candidates = self.candidates(query);
        if candidates.len() < k {
            return scan(&self.vectors, query, k, accept);
        }
        settle(&self.vectors, query, candidates.into_iter(), k)
    }

    /// The rows that the graph takes for the nearest, at most [`EF_SEARCH`].
    fn candidates(&self, query: &[f32]) -> Vec<usize> {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut search = spare().pop().unwrap_or_default();
        let rows = self
            .graph
            .points
            .search(&Point(query.into()), &mut search)
            .map(|item| self.graph.rows[item.pid.into_inner() as usize] as usize)
            .collect();
        spare().push(search);
        rows
    }
}
