use super::vectors::{dot, precise_dot};
use super::{Accept, Neighbour, Vectors};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Rows that one task scans: 512 KiB of vectors at 128 values a row.
const BLOCK: usize = 1024;
/// How many more candidates than hits the scan gathers, since it scores them in f32.
const SPARE: usize = 16;

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
    let candidates = k.saturating_add(SPARE).min(rows);
    let best = (0..rows.div_ceil(BLOCK))
        .into_par_iter()
        .fold(
            || Best::new(candidates),
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
        .reduce(|| Best::new(candidates), Best::merge);
    settle(vectors, query, best.rows(), k)
}

/// The score of every row; see [`super::Index::scores`].
pub(super) fn scores(vectors: &Vectors, query: &[f32]) -> Vec<f32> {
    if query.len() != vectors.width() {
        return Vec::new();
    }
    let rows = vectors.len();
    let mut scores = vec![0.0; rows];
    scores
        .par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, scores)| {
            let from = block * BLOCK;
            let vectors = vectors.rows(from, from + scores.len());
            for (score, vector) in scores.iter_mut().zip(vectors.chunks_exact(query.len())) {
                *score = dot(query, vector);
            }
        });
    scores
}

/// Scores candidates in f64 and gives the `k` best: highest score first, equal scores by row.
///
/// The order is thus that of the embeddings themselves, whatever a faster first pass rounded, and never depends on
/// threads or on the kind of index.
pub(super) fn settle(
    vectors: &Vectors,
    query: &[f32],
    candidates: impl Iterator<Item = usize>,
    k: usize,
) -> Vec<Neighbour> {
    let mut scored: Vec<(f64, usize)> = candidates
        .map(|row| (precise_dot(query, vectors.row(row)), row))
        .collect();
    scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.truncate(k);
    scored
        .into_iter()
        .map(|(score, row)| Neighbour {
            row,
            score: score as f32,
        })
        .collect()
}

/// The order of the first pass.
fn ranked(a: &Neighbour, b: &Neighbour) -> Ordering {
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

    fn rows(self) -> impl Iterator<Item = usize> {
        self.heap.into_iter().map(|Ranked(neighbour)| neighbour.row)
    }
}
