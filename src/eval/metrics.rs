use super::{EvalError, Matrix};
use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use std::collections::HashMap;

/// The cut-offs at which recall is measured.
pub const RECALL_AT: [usize; 4] = [1, 2, 4, 8];

/// How much memory one block of similarities may take.
const BLOCK_BYTES: usize = 64 << 20;

/// Similarities are compared in steps of this size, so that equal vectors tie whatever order their products were
/// summed in. Far below what f32 embeddings can tell apart.
const STEP: f64 = 1e-12;

/// Embeddings with what is known about each: queries, or the gallery they are asked against.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// L2-normalised embeddings, `[N, e]`.
    pub embeddings: &'a Matrix,
    /// The class of each row. Rows of different data sets need different labels.
    pub labels: &'a [u32],
    /// Which photo each row is; a query never meets the gallery row of its own photo.
    pub photos: &'a [u64],
}

/// How well queries find their own class, as fractions of 1.
///
/// All figures come from one ranking by cosine; equal similarities rank in gallery order. They are means over **all**
/// queries: a query without a match in the gallery counts as a miss in each of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Share of queries with a match among the first k, for each k of [`RECALL_AT`].
    pub recall_at: [f64; RECALL_AT.len()],
    /// Mean average precision at R, where R is the query's number of matches in the gallery.
    ///
    /// Musgrave et al. 2020, arXiv 2003.08505, section 3.2.
    pub map_at_r: f64,
    /// Share of matches among a query's first R.
    pub r_precision: f64,
    /// How many queries were asked.
    pub queries: usize,
    /// How many of them have no match in the gallery.
    pub queries_without_match: usize,
}

impl Metrics {
    /// Recall at 1.
    pub fn recall_at_1(&self) -> f64 {
        self.recall_at[0]
    }
}

/// Ranks the gallery for every query and measures the ranking.
///
/// Works in blocks of queries in f64, on all cores; memory grows with the gallery, not with queries times gallery.
///
/// # Errors
/// Fails if rows, labels and photos disagree in number, the widths differ, there are no queries, or an embedding is
/// not finite.
pub fn metrics(queries: &Points, gallery: &Points) -> Result<Metrics, EvalError> {
    check("query embedding", queries)?;
    check("gallery embedding", gallery)?;
    let width = queries.embeddings.width();
    if gallery.embeddings.width() != width {
        return Err(EvalError::Shape {
            what: "width of the gallery",
            got: gallery.embeddings.width(),
            expected: width,
        });
    }
    if queries.labels.is_empty() {
        return Err(EvalError::Shape {
            what: "queries",
            got: 0,
            expected: 1,
        });
    }

    let mut outcomes = Vec::with_capacity(queries.labels.len());
    if gallery.labels.is_empty() {
        outcomes.resize_with(queries.labels.len(), Outcome::default);
        return Ok(mean(&outcomes));
    }
    let key = Key::new(gallery);
    let transposed = double(gallery.embeddings.values(), width)?.t()?;
    let block = (BLOCK_BYTES / (8 * gallery.labels.len())).max(1);
    for first in (0..queries.labels.len()).step_by(block) {
        let last = (first + block).min(queries.labels.len());
        let rows = &queries.embeddings.values()[first * width..last * width];
        let similarities = double(rows, width)?.matmul(&transposed)?;
        let similarities = similarities.flatten_all()?.to_vec1::<f64>()?;
        let ranked = similarities
            .par_chunks_exact(gallery.labels.len())
            .zip(first..last)
            .map(|(row, query)| key.judge(row, queries.labels[query], queries.photos[query]));
        outcomes.par_extend(ranked);
    }
    Ok(mean(&outcomes))
}

/// What one query's ranking is worth.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    found_at: [bool; RECALL_AT.len()],
    average_precision: f64,
    r_precision: f64,
    matches: usize,
}

/// The gallery's labels, ready to judge rankings.
struct Key<'a> {
    gallery: &'a Points<'a>,
    rows_of_label: HashMap<u32, usize>,
    /// Where each photo stands; a photo may be in the gallery more than once.
    rows_of_photo: HashMap<u64, Vec<usize>>,
}

impl<'a> Key<'a> {
    fn new(gallery: &'a Points<'a>) -> Self {
        let mut rows_of_label = HashMap::new();
        let mut rows_of_photo = HashMap::<u64, Vec<usize>>::new();
        for (row, (&label, &photo)) in gallery.labels.iter().zip(gallery.photos).enumerate() {
            *rows_of_label.entry(label).or_default() += 1;
            rows_of_photo.entry(photo).or_default().push(row);
        }
        Self {
            gallery,
            rows_of_label,
            rows_of_photo,
        }
    }

    fn judge(&self, similarities: &[f64], label: u32, photo: u64) -> Outcome {
        let own = self
            .rows_of_photo
            .get(&photo)
            .map_or(&[][..], Vec::as_slice);
        let own_matches = own.iter().filter(|&&row| self.gallery.labels[row] == label);
        let matches =
            self.rows_of_label.get(&label).copied().unwrap_or_default() - own_matches.count();
        if matches == 0 {
            return Outcome::default();
        }

        // The row's number breaks ties, so the order is total and the same in every run.
        let mut ranking = similarities
            .iter()
            .enumerate()
            .filter(|(row, _)| !own.contains(row))
            .map(|(row, similarity)| (-(similarity / STEP).round() as i64, row))
            .collect::<Vec<_>>();
        let deepest = matches.max(RECALL_AT[RECALL_AT.len() - 1]);
        if deepest < ranking.len() {
            ranking.select_nth_unstable(deepest - 1);
            ranking.truncate(deepest);
        }
        ranking.sort_unstable();

        let mut outcome = Outcome {
            matches,
            ..Outcome::default()
        };
        let mut hits = 0;
        for (rank, &(_, row)) in (1..).zip(&ranking) {
            if self.gallery.labels[row] != label {
                continue;
            }
            for (found, k) in outcome.found_at.iter_mut().zip(RECALL_AT) {
                *found |= rank <= k;
            }
            if rank <= matches {
                hits += 1;
                outcome.average_precision += f64::from(hits) / rank as f64;
            }
        }
        outcome.average_precision /= matches as f64;
        outcome.r_precision = f64::from(hits) / matches as f64;
        outcome
    }
}

/// Sums in query order, so that the result does not depend on the number of threads.
fn mean(outcomes: &[Outcome]) -> Metrics {
    let share =
        |of: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / outcomes.len() as f64;
    Metrics {
        recall_at: std::array::from_fn(|at| share(&|o| f64::from(u8::from(o.found_at[at])))),
        map_at_r: share(&|o| o.average_precision),
        r_precision: share(&|o| o.r_precision),
        queries: outcomes.len(),
        queries_without_match: outcomes.iter().filter(|o| o.matches == 0).count(),
    }
}

fn double(values: &[f32], width: usize) -> Result<Tensor, EvalError> {
    let rows = values.len() / width;
    Ok(Tensor::from_slice(values, (rows, width), &Device::Cpu)?.to_dtype(DType::F64)?)
}

fn check(what: &'static str, points: &Points) -> Result<(), EvalError> {
    let expected = points.embeddings.len();
    for (what, got) in [
        ("labels", points.labels.len()),
        ("photos", points.photos.len()),
    ] {
        if got != expected {
            return Err(EvalError::Shape {
                what,
                got,
                expected,
            });
        }
    }
    let broken = |row: &[f32]| !row.iter().all(|value| value.is_finite());
    match points.embeddings.rows().position(broken) {
        Some(row) => Err(EvalError::NotFinite { what, row }),
        None => Ok(()),
    }
}
