use super::scan::{scan_rows, settle};
use super::{EF_SEARCH, Graph, Neighbour, Vectors};
use std::sync::Arc;

/// The row of a point that the snapshot does not hold.
const GONE: u32 = u32::MAX;
/// Rows outside the graph, and points without a row, that are no reason to build it anew.
const FEW: usize = 2_000;
/// Beyond these, the graph is worn when they are more than this part of it.
const SHARE: usize = 10;

/// How much of a snapshot a graph covers: where each of its points is now, and the rows that it does not hold.
#[derive(Debug)]
pub struct Coverage {
    graph: Arc<Graph>,
    /// The row of each point, or [`GONE`].
    rows: Vec<u32>,
    /// Rows that have come since the graph was built, in ascending order.
    delta: Vec<u32>,
    gone: usize,
}

impl Coverage {
    /// Finds the rows of `vectors` that `graph` holds, by their keys.
    pub fn new(graph: Arc<Graph>, vectors: &Vectors) -> Coverage {
        let keys = vectors.blocks().iter().flat_map(|block| block.keys());
        let mut known: Vec<(i64, u32)> = keys.copied().zip(0..).collect();
        known.sort_unstable();
        let mut points: Vec<(i64, usize)> = graph.keys().iter().copied().zip(0..).collect();
        points.sort_unstable();
        let mut rows = vec![GONE; points.len()];
        let mut delta = Vec::new();
        let mut points = points.into_iter().peekable();
        for (key, row) in known {
            while points.next_if(|point| point.0 < key).is_some() {}
            match points.next_if(|point| point.0 == key) {
                Some((_, point)) => rows[point] = row,
                None => delta.push(row),
            }
        }
        delta.sort_unstable();
        let gone = rows.iter().filter(|row| **row == GONE).count();
        Coverage {
            graph,
            rows,
            delta,
            gone,
        }
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Whether so much has come or gone since the graph was built that the next one should be.
    pub fn worn(&self) -> bool {
        Coverage::is_worn(self.gone, self.delta.len(), self.rows.len())
    }

    pub(super) fn is_worn(gone: usize, delta: usize, points: usize) -> bool {
        gone + delta > FEW + points / SHARE
    }

    /// The `k` nearest rows: the graph's candidates and all rows that it does not hold, scored exactly. `None` where
    /// the graph cannot promise so many, as it is for more than half of [`EF_SEARCH`].
    pub(super) fn nearest(
        &self,
        vectors: &Vectors,
        query: &[f32],
        k: usize,
    ) -> Option<Vec<Neighbour>> {
        let k = k.min(vectors.len());
        if k > EF_SEARCH / 2 || query.len() != vectors.width() {
            return None;
        }
        let points = self.graph.candidates(query).into_iter();
        let rows = points.map(|point| self.rows[point]);
        let mut rows: Vec<usize> = rows
            .filter(|row| *row != GONE)
            .map(|row| row as usize)
            .collect();
        if rows.len() < k.min(self.rows.len() - self.gone) {
            return None;
        }
        rows.extend(scan_rows(vectors, query, k, &self.delta));
        Some(settle(vectors, query, rows.into_iter(), k))
    }
}
