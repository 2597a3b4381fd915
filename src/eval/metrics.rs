use super::nearest::{Gallery, TOGETHER, Wish};
use super::{EvalError, Matrix};
use rayon::prelude::*;
use std::collections::HashMap;

/// The cut-offs at which recall is measured.
pub const RECALL_AT: [usize; 4] = [1, 2, 4, 8];

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
/// Every order that counts is one of similarities in f64. Works on all cores; memory grows with the gallery, not with
/// queries times gallery.
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
    let nearest = Gallery::new(gallery.embeddings);
    let blocks = (0..queries.labels.len()).into_par_iter().step_by(TOGETHER);
    let judged = blocks.flat_map_iter(|first| {
        let block = first..(first + TOGETHER).min(queries.labels.len());
        let rows = &queries.embeddings.values()[block.start * width..block.end * width];
        key.judge(
            &nearest,
            rows,
            &queries.labels[block.clone()],
            &queries.photos[block],
        )
    });
    outcomes.par_extend(judged);
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

    /// What the rankings of some queries `[Q, e]` are worth.
    fn judge(
        &self,
        nearest: &Gallery,
        queries: &[f32],
        labels: &[u32],
        photos: &[u64],
    ) -> Vec<Outcome> {
        let asked = labels.iter().zip(photos);
        let wishes = asked
            .map(|(label, photo)| {
                let own = self.rows_of_photo.get(photo);
                let without = own.map_or(&[][..], Vec::as_slice);
                let nearest = match self.matches(*label, without) {
                    0 => 0,
                    matches => matches.max(RECALL_AT[RECALL_AT.len() - 1]),
                };
                Wish { nearest, without }
            })
            .collect::<Vec<_>>();
        let rankings = nearest.nearest(queries, &wishes);
        let each = labels.iter().zip(&wishes).zip(rankings);
        each.map(|((&label, wish), ranking)| {
            self.outcome(&ranking, label, self.matches(label, wish.without))
        })
        .collect()
    }

    /// How many rows have this label, those of the query's own photo left out.
    fn matches(&self, label: u32, own: &[usize]) -> usize {
        let own = own.iter().filter(|&&row| self.gallery.labels[row] == label);
        self.rows_of_label.get(&label).copied().unwrap_or_default() - own.count()
    }

    /// What a ranking is worth, of which the first `matches` rows and those for the deepest recall are there.
    fn outcome(&self, ranking: &[usize], label: u32, matches: usize) -> Outcome {
        if matches == 0 {
            return Outcome::default();
        }
        let mut outcome = Outcome {
            matches,
            ..Outcome::default()
        };
        let mut hits = 0;
        for (rank, &row) in (1..).zip(ranking) {
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
