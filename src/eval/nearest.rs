//! The rows of a gallery that are nearest to a query, exactly and in order.
//!
//! All similarities are computed in f32 first, whose error is bounded. Whatever could be among the nearest within that
//! bound is computed again in f64, and only these numbers decide. Sorting or even keeping all similarities would take
//! most of the time and memory.

use super::Matrix;
use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

/// Gallery rows of one product, which then fits the processor's cache together with [`TOGETHER`] queries.
const TILE: usize = 2048;
/// Queries that are asked together.
pub(super) const TOGETHER: usize = 128;
/// Similarities that are looked at together.
const LANES: usize = 32;
/// Similarities are compared in steps of this size, so that equal vectors tie whatever order their products were
/// summed in. Far below what f32 embeddings can tell apart.
const STEP: f64 = 1e-12;

/// A gallery, ready to be asked.
pub(super) struct Gallery<'a> {
    embeddings: &'a Matrix,
    /// The same `[N, e]`, column after column.
    columns: DMatrix<f32>,
    /// The length of the longest row.
    longest: f64,
}

/// How many rows one query wants, and which it must not meet.
pub(super) struct Wish<'a> {
    /// The number of rows wanted.
    pub nearest: usize,
    /// The rows of the query's own photo.
    pub without: &'a [usize],
}

impl<'a> Gallery<'a> {
    /// A gallery of these rows.
    pub fn new(embeddings: &'a Matrix) -> Self {
        let rows = embeddings.rows();
        Self {
            columns: DMatrix::from_row_slice(
                embeddings.len(),
                embeddings.width(),
                embeddings.values(),
            ),
            longest: rows.map(length).fold(0.0, f64::max),
            embeddings,
        }
    }

    /// The nearest rows for each of some queries `[Q, e]`, the nearest first, equal ones in the gallery's order.
    ///
    /// A query that wants more rows than there are gets all of them.
    pub fn nearest(&self, queries: &[f32], wishes: &[Wish]) -> Vec<Vec<usize>> {
        let (rows, width) = (self.embeddings.len(), self.embeddings.width());
        let columns = DMatrixView::from_slice(queries, width, wishes.len());
        let mut found = queries
            .chunks_exact(width)
            .map(|query| Found::new(self.slack(query)))
            .collect::<Vec<_>>();
        let mut similarities = vec![0.0; TILE * wishes.len()];
        for first in (0..rows).step_by(TILE) {
            let count = TILE.min(rows - first);
            let similarities = &mut similarities[..count * wishes.len()];
            let tile = self.columns.rows(first, count);
            DMatrixViewMut::from_slice(similarities, count, wishes.len())
                .gemm(1.0, &tile, &columns, 0.0);
            let each = similarities.chunks_exact(count).zip(&mut found).zip(wishes);
            for ((similarities, found), wish) in each {
                found.take(similarities, first, wish);
            }
        }
        let each = queries.chunks_exact(width).zip(found).zip(wishes);
        each.map(|((query, found), wish)| self.ranked(query, found, wish))
            .collect()
    }

    /// How far below another similarity in f32 one has to be for the exact one to be below, too, by more than [`STEP`].
    ///
    /// A sum of n products in floating point is off by n u / (1 - n u) times the lengths' product at most, in whatever
    /// order, with u half the distance from 1 to the next number; products that are too small for f32 add their own.
    /// Infinite where lengths are such that f32 may overflow.
    fn slack(&self, query: &[f32]) -> f64 {
        let rounding = query.len() as f64 * f64::from(f32::EPSILON) / 2.0;
        let lengths = length(query) * self.longest;
        if rounding >= 0.1 || lengths > f64::from(f32::MAX) / 4.0 {
            return f64::INFINITY;
        }
        let tiny = query.len() as f64 * f64::from(f32::MIN_POSITIVE);
        2.0 * (rounding / (1.0 - rounding) * lengths * 1.000_001 + tiny + STEP)
    }

    /// Puts what was found in order by exact similarities.
    fn ranked(&self, query: &[f32], mut found: Found, wish: &Wish) -> Vec<usize> {
        found.cut(wish.nearest);
        let exact = |&(_, row): &(f32, usize)| {
            let pairs = query.iter().zip(self.embeddings.row(row));
            let similarity: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            // The row's number breaks ties, so the order is total and the same in every run.
            (-(similarity / STEP).round() as i64, row)
        };
        let mut ranking = found.rows.iter().map(exact).collect::<Vec<_>>();
        if wish.nearest < ranking.len() {
            ranking.select_nth_unstable(wish.nearest);
            ranking.truncate(wish.nearest);
        }
        ranking.sort_unstable();
        ranking.into_iter().map(|(_, row)| row).collect()
    }
}

/// What may be among the nearest rows of one query.
struct Found {
    rows: Vec<(f32, usize)>,
    /// What is below cannot be among them.
    least: f32,
    slack: f64,
    /// How many rows may gather before they are looked through.
    room: usize,
}

impl Found {
    fn new(slack: f64) -> Self {
        Self {
            rows: Vec::new(),
            least: f32::NEG_INFINITY,
            slack,
            room: 0,
        }
    }

    /// Takes in the similarities of rows from `first` on.
    fn take(&mut self, similarities: &[f32], first: usize, wish: &Wish) {
        for (part, first) in similarities.chunks(LANES).zip((first..).step_by(LANES)) {
            // Without a branch in it, this is a few vector instructions.
            let least = self.least;
            if part.iter().fold(true, |all, &value| all & (value < least)) {
                continue;
            }
            for (row, &similarity) in (first..).zip(part) {
                // What is no number stays, and is computed again.
                if !below(similarity, least) && !wish.without.contains(&row) {
                    self.rows.push((similarity, row));
                }
            }
        }
        if self.rows.len() > self.room {
            self.cut(wish.nearest);
            self.room = (2 * self.rows.len()).max(4 * LANES);
        }
    }

    /// Drops what cannot be among the `nearest`.
    fn cut(&mut self, nearest: usize) {
        if nearest == 0 {
            self.rows.clear();
            self.least = f32::INFINITY;
            return;
        }
        if nearest >= self.rows.len() {
            return;
        }
        let by_similarity = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0);
        let (_, last, _) = self.rows.select_nth_unstable_by(nearest - 1, by_similarity);
        let least = f64::from(last.0) - self.slack;
        if least.is_finite() {
            // Rounded down.
            self.least = (least as f32).next_down();
            let least = self.least;
            self.rows
                .retain(|&(similarity, _)| !below(similarity, least));
        }
    }
}

/// Whether a similarity is surely below; one that is no number is not.
fn below(similarity: f32, least: f32) -> bool {
    similarity < least
}

fn length(row: &[f32]) -> f64 {
    let squares = row.iter().map(|&value| f64::from(value) * f64::from(value));
    squares.sum::<f64>().sqrt()
}
