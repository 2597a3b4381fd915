//! The scan of all vectors: a first pass that leaves out only what cannot be among the best, then exact scores.

use super::candidates::Candidates;
use super::codes::CodedQuery;
use super::dots::{dots, precise_dot};
use super::{Accept, Block, Neighbour, Vectors};
use rayon::prelude::*;

/// From so many rows on the first pass reads codes instead of the vectors themselves.
const CODED_FROM: usize = 16_384;

/// A query as the first pass needs it.
struct Asked<'a> {
    query: &'a [f32],
    /// Where the codes are read.
    coded: Option<CodedQuery>,
    /// How far a score in f32 can be off, as a part of the row's length: the bound of summing `e` products in any order.
    rounding: f64,
}

impl<'a> Asked<'a> {
    fn new(vectors: &Vectors, query: &'a [f32]) -> Asked<'a> {
        let large = vectors.len() >= CODED_FROM;
        let squares = query.iter().map(|value| f64::from(*value).powi(2));
        Asked {
            query,
            coded: large.then(|| CodedQuery::of(query)).flatten(),
            rounding: query.len() as f64 * f64::from(f32::EPSILON) * squares.sum::<f64>().sqrt(),
        }
    }

    /// The scores of all rows of a block, `[n]`.
    fn scores(&self, block: &Block, out: &mut [f32]) {
        match &self.coded {
            Some(coded) => block.codes().scores(coded, out),
            None => dots(self.query, block.values(), out),
        }
    }

    /// How far the scores in f32 of a block's rows can be off.
    fn rounding(&self, block: &Block) -> f32 {
        (self.rounding * block.codes().longest()) as f32 + f32::MIN_POSITIVE
    }

    /// The `k` best of those that the first pass left: by their scores in f32 only those that may be among them are
    /// left, which are scored in f64.
    fn settle(&self, vectors: &Vectors, best: Candidates, k: usize) -> Vec<Neighbour> {
        let rows = best.into_rows().into_iter();
        let rows = self.finer(vectors, rows, k);
        settle(vectors, self.query, rows.into_iter(), k)
    }

    /// Those of `rows` that may be among the `k` best of them, by their scores in f32. Each comes with the score that it
    /// has at most, the highest first, so that most need not be looked at.
    fn finer(
        &self,
        vectors: &Vectors,
        rows: impl Iterator<Item = (usize, f32)>,
        k: usize,
    ) -> Vec<usize> {
        let mut best = Candidates::new(k);
        for (row, most) in rows {
            if most < best.threshold() {
                break;
            }
            let (block, at) = vectors.place(row);
            let block = &vectors.blocks()[block];
            let mut score = [0.0];
            dots(self.query, block.row(at), &mut score);
            let rounding = self.rounding(block);
            choose(row, &score, |_| rounding, None, &mut best);
        }
        let rows = best.into_rows().into_iter();
        rows.map(|(row, _)| row).collect()
    }

    /// Offers the accepted rows of a block, whose first has number `start`, that may be among the best.
    fn choose(
        &self,
        (start, block): (usize, &Block),
        scores: &[f32],
        accept: Accept<'_>,
        best: &mut Candidates,
    ) {
        match &self.coded {
            Some(coded) => choose(start, scores, block.codes().bounds(coded), accept, best),
            None => {
                let rounding = self.rounding(block);
                choose(start, scores, |_| rounding, accept, best);
            }
        }
    }
}

/// The `k` best accepted rows, and the score of every row where they are asked for: to f32's precision in a small
/// snapshot, by the codes (within a thousandth or so of a unit vector's length) in a large one.
pub(super) fn scan(
    vectors: &Vectors,
    query: &[f32],
    k: usize,
    accept: Accept<'_>,
    scores: Option<&mut [f32]>,
) -> Vec<Neighbour> {
    if vectors.is_empty() || query.len() != vectors.width() {
        return Vec::new();
    }
    let k = k.min(vectors.len());
    let asked = Asked::new(vectors, query);
    let look = |mut best: Candidates, placed: (usize, &Block), scores: &mut [f32]| {
        asked.scores(placed.1, scores);
        if k > 0 {
            asked.choose(placed, scores, accept, &mut best);
        }
        best
    };
    let none = || Candidates::new(k);
    let together = together(vectors);
    let best = match scores {
        Some(scores) => parts(vectors, scores)
            .into_par_iter()
            .with_min_len(together)
            .fold(none, |best, (placed, scores)| look(best, placed, scores))
            .reduce(none, Candidates::merge),
        None => vectors
            .placed_blocks()
            .collect::<Vec<_>>()
            .into_par_iter()
            .with_min_len(together)
            .fold(
                || (none(), vec![0.0; Block::ROWS]),
                |(best, mut scores), placed| {
                    let best = look(best, placed, &mut scores[..placed.1.len()]);
                    (best, scores)
                },
            )
            .map(|(best, _)| best)
            .reduce(none, Candidates::merge),
    };
    asked.settle(vectors, best, k)
}

/// Blocks that one task scans at least: each task has to find out for itself which scores are of no interest.
fn together(vectors: &Vectors) -> usize {
    vectors.blocks().len() / (4 * rayon::current_num_threads()) + 1
}

/// Each block with the part of `scores [N]` that belongs to it.
fn parts<'a>(
    vectors: &'a Vectors,
    mut scores: &'a mut [f32],
) -> Vec<((usize, &'a Block), &'a mut [f32])> {
    let mut parts = Vec::with_capacity(vectors.blocks().len());
    for placed in vectors.placed_blocks() {
        let (part, rest) = scores.split_at_mut(placed.1.len());
        parts.push((placed, part));
        scores = rest;
    }
    parts
}

/// The `k` best rows for each of several queries, in one pass over the vectors.
pub(super) fn scan_each(vectors: &Vectors, queries: &[&[f32]], k: usize) -> Vec<Vec<Neighbour>> {
    let k = k.min(vectors.len());
    if k == 0 || queries.iter().any(|query| query.len() != vectors.width()) {
        return vec![Vec::new(); queries.len()];
    }
    let asked: Vec<Asked<'_>> = queries
        .iter()
        .map(|query| Asked::new(vectors, query))
        .collect();
    let none = || -> Vec<Candidates> { asked.iter().map(|_| Candidates::new(k)).collect() };
    let best = vectors
        .placed_blocks()
        .collect::<Vec<_>>()
        .into_par_iter()
        .with_min_len(together(vectors))
        .fold(none, |mut best, placed| {
            let mut scores = vec![0.0; placed.1.len()];
            for (asked, best) in asked.iter().zip(&mut best) {
                asked.scores(placed.1, &mut scores);
                asked.choose(placed, &scores, None, best);
            }
            best
        })
        .reduce(none, |all, others| {
            let pairs = all.into_iter().zip(others);
            pairs.map(|(one, other)| one.merge(other)).collect()
        });
    asked
        .par_iter()
        .zip(best)
        .map(|(asked, best)| asked.settle(vectors, best, k))
        .collect()
}

/// Offers the rows from number `start` on that are accepted and may be among the best.
fn choose(
    start: usize,
    scores: &[f32],
    bound: impl Fn(usize) -> f32,
    accept: Accept<'_>,
    best: &mut Candidates,
) {
    let mut threshold = best.threshold();
    for (at, score) in scores.iter().enumerate() {
        let bound = bound(at);
        // Written so that a score that is no number is of interest.
        let outdone = score + bound < threshold;
        if outdone || !accept.is_none_or(|accept| accept(start + at)) {
            continue;
        }
        best.offer(start + at, score - bound, score + bound);
        threshold = best.threshold();
    }
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

/// Those of `rows` that may be among the `k` best of them.
pub(super) fn scan_rows(vectors: &Vectors, query: &[f32], k: usize, rows: &[u32]) -> Vec<usize> {
    let rows = rows.iter().map(|row| (*row as usize, f32::INFINITY));
    Asked::new(vectors, query).finer(vectors, rows, k)
}
