use super::vectors::dot;
use super::{Accept, Neighbour, Vectors};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Rows that one task scans: 512 KiB of vectors at 128 values a row.
const BLOCK: usize = 1024;

/// A scan of all vectors on all cores: right by construction, and fastest for small libraries.
#[derive(Debug)]
pub struct Exact {
    vectors: Arc<Vectors>,
}

impl Exact {
    pub(super) fn new(vectors: Arc<Vectors>) -> Exact {
        Exact { vectors }
    }

    pub(super) fn vectors(&self) -> &Arc<Vectors> {
        &self.vectors
    }

    /// See [`super::Index::nearest`].
    pub fn nearest(&self, query: &[f32], k: usize, accept: Accept<'_>) -> Vec<Neighbour> {
        scan(&self.vectors, query, k, accept)
    }
}

/// The `k` best accepted rows of a scan.
pub(super) fn scan(
    vectors: &Vectors,
    query: &[f32],
    k: usize,
    accept: Accept<'_>,
) -> Vec<Neighbour> {
    if k == 0 || vectors.is_empty() || query.len() != vectors.width() {
        return Vec::new();
    }
    let rows = vectors.len();
    (0..rows.div_ceil(BLOCK))
        .into_par_iter()
        .fold(
            || Best::new(k),
            |mut best, block| {
                let from = block * BLOCK;
                let to = rows.min(from + BLOCK);
                let block = vectors.rows(from, to).chunks_exact(vectors.width());
                for (row, vector) in (from..to).zip(block) {
                    if accept.is_none_or(|accept| accept(row)) {
                        let score = dot(query, vector);
                        best.offer(Neighbour { row, score });
                    }
                }
                best
            },
        )
        .reduce(|| Best::new(k), Best::merge)
        .into_sorted()
}

/// The order of an answer: highest score first, equal scores by row, so that an answer never depends on threads.
pub(super) fn ranked(a: &Neighbour, b: &Neighbour) -> Ordering {
    b.score.total_cmp(&a.score).then(a.row.cmp(&b.row))
}

/// A neighbour in a heap whose top is the worst.
struct Ranked(Neighbour);

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Ranked {}
impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> Ordering {
        ranked(&self.0, &other.0)
    }
}

/// The best `k` neighbours of those offered so far.
struct Best {
    k: usize,
    heap: BinaryHeap<Ranked>,
}

impl Best {
    fn new(k: usize) -> Best {
        Best {
            k,
            heap: BinaryHeap::new(),
        }
    }

    fn offer(&mut self, neighbour: Neighbour) {
        let neighbour = Ranked(neighbour);
        if self.heap.len() < self.k {
            self.heap.push(neighbour);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && neighbour < *worst
        {
            *worst = neighbour;
        }
    }

    fn merge(mut self, other: Best) -> Best {
        for Ranked(neighbour) in other.heap {
            self.offer(neighbour);
        }
        self
    }

    fn into_sorted(self) -> Vec<Neighbour> {
        self.heap
            .into_sorted_vec()
            .into_iter()
            .map(|Ranked(neighbour)| neighbour)
            .collect()
    }
}
