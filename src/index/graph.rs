use super::cache::{self, CacheError};
use super::{Block, Vectors, dots};
use instant_distance::{Builder, Search};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Candidates that a query looks at, which also caps how many it can return; fixed when the graph is built.
///
/// Twice the 200 hits that a window shows, since the last candidates of a query are the least certain.
pub const EF_SEARCH: usize = 400;
/// Candidates that are weighed when a vector is put into the graph.
const EF_CONSTRUCTION: usize = 100;
/// Layers are drawn with this seed, so that builds resemble each other.
const SEED: u64 = 20_250;
/// The key of a point whose vector is not known any more; none of a library's embeddings has it.
const NO_KEY: i64 = i64::MIN;

/// A vector in the graph, as 8-bit numbers and their scale.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Point {
    codes: Box<[i8]>,
    scale: f32,
}

impl instant_distance::Point for Point {
    fn distance(&self, other: &Point) -> f32 {
        let product = dots::code_dot(&self.codes, &other.codes) as f32;
        1.0 - product * (self.scale * other.scale)
    }
}

/// An HNSW graph (Malkov and Yashunin, arXiv 1603.09320) over the vectors of one snapshot, which names them by their
/// keys and so is of use for later snapshots as well.
///
/// It holds codes of its own, not the vectors: what it finds are candidates.
#[derive(Serialize, Deserialize)]
pub struct Graph {
    width: usize,
    points: instant_distance::Hnsw<Point>,
    /// The key of each point.
    keys: Vec<i64>,
    /// Working memory of past queries, a byte a point each.
    #[serde(skip)]
    spare: Mutex<Vec<Search>>,
}

impl fmt::Debug for Graph {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Graph")
            .field("points", &self.keys.len())
            .finish_non_exhaustive()
    }
}

impl Graph {
    /// Builds the graph on the threads of the pool it is called in. Takes minutes for 100,000 vectors and cannot be
    /// stopped.
    pub fn build(vectors: &Vectors) -> Graph {
        let rows = || vectors.blocks().iter().flat_map(|block| points(block));
        let (points, places) = Builder::default()
            .seed(SEED)
            .ef_construction(EF_CONSTRUCTION)
            .ef_search(EF_SEARCH)
            .build_hnsw(rows().map(|(_, point)| point).collect());
        let mut keys = vec![NO_KEY; places.len()];
        for ((key, _), place) in rows().zip(&places) {
            keys[place.into_inner() as usize] = key;
        }
        Graph {
            width: vectors.width(),
            points,
            keys,
            spare: Mutex::default(),
        }
    }

    /// Reads a graph from its cache file, for use with `vectors` and what follows them.
    ///
    /// Points that these vectors do not hold, or hold otherwise, are of no use; a graph with too many of them is
    /// [`CacheError::Stale`].
    pub fn load(path: &Path, vectors: &Vectors) -> Result<Graph, CacheError> {
        let mut graph: Graph = cache::load(path)?;
        let stale = || CacheError::Stale {
            path: path.to_owned(),
        };
        if graph.width != vectors.width() || graph.keys.len() != graph.points.iter().count() {
            return Err(stale());
        }
        let mut known: HashMap<i64, Point> = vectors
            .blocks()
            .iter()
            .flat_map(|block| points(block))
            .collect();
        let mut kept = 0;
        for ((_, point), key) in graph.points.iter().zip(&mut graph.keys) {
            if known.remove(key).is_some_and(|other| other == *point) {
                kept += 1;
            } else {
                *key = NO_KEY;
            }
        }
        if super::Coverage::is_worn(graph.keys.len() - kept, vectors.len() - kept, graph.len()) {
            return Err(stale());
        }
        Ok(graph)
    }

    /// Writes the graph to a cache file; the old one stays whole until the new one is complete.
    pub fn save(&self, path: &Path) -> Result<(), CacheError> {
        cache::save(path, self)
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of each point.
    pub(super) fn keys(&self) -> &[i64] {
        &self.keys
    }

    /// The points that the graph takes for the nearest, at most [`EF_SEARCH`].
    pub(super) fn candidates(&self, query: &[f32]) -> Vec<usize> {
        let block = Block::new(self.width, vec![NO_KEY], query.to_vec());
        let Some((_, query)) = points(&block).next() else {
            return Vec::new();
        };
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut search = spare().pop().unwrap_or_default();
        let found = self.points.search(&query, &mut search);
        let found = found.map(|item| item.pid.into_inner() as usize).collect();
        spare().push(search);
        found
    }
}

/// The rows of a block as points, with their keys.
fn points(block: &Block) -> impl Iterator<Item = (i64, Point)> + '_ {
    block.keys().iter().enumerate().map(|(row, key)| {
        let (codes, scale) = block.codes().row(block.width(), row);
        let codes = codes.into();
        (*key, Point { codes, scale })
    })
}
