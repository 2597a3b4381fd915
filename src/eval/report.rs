use super::{EvalError, Matrix, Metrics, Points, RECALL_AT, metrics};
use crate::figures::{Profile, StoredProfiles, profiles};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// What a model made of one benchmark set.
#[derive(Clone, Debug)]
pub struct SetEmbeddings {
    /// The set's name.
    pub name: String,
    /// L2-normalised embeddings, `[N, e]`.
    pub embeddings: Matrix,
    /// The class of each photo within the set.
    pub labels: Vec<u32>,
    /// Prompt-pool similarities, `[N, M]`; without rows if the model has no prompt pool.
    pub similarities: Matrix,
}

/// The figures of one set.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SetReport {
    /// Each photo asked against the others of its set.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// How many classes its photos have.
    pub classes: usize,
}

/// A model's figures on a benchmark; as JSON, every figure is a fraction of 1.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The figures of each set, by name.
    pub sets: BTreeMap<String, SetReport>,
    /// The harmonic mean of each figure over the sets.
    pub harmonic: Harmonic,
    /// Every photo asked against the photos of all sets; the label is set and class.
    pub unified: Metrics,
    /// The mean prompt similarities of each set, `[M]`: the paper's Figure 3. Empty for a model without prompts.
    /// Written as `similarity`, with `std` and `photos` beside it.
    #[serde(flatten, serialize_with = "stored")]
    pub profiles: Vec<Profile>,
}

/// Harmonic means over sets, as fractions of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harmonic {
    /// Of the recall at each k of [`RECALL_AT`].
    pub recall_at: [f64; RECALL_AT.len()],
    /// Of MAP@R.
    pub map_at_r: f64,
    /// Of R-precision.
    pub r_precision: f64,
}

/// Measures every set by itself and all of them as one gallery, each photo against the others.
///
/// # Errors
/// Fails if there is no set, a set is empty, or their embeddings do not fit together.
pub fn report(sets: &[SetEmbeddings]) -> Result<Report, EvalError> {
    let width = sets.first().map_or(0, |set| set.embeddings.width());
    let mut every = Matrix::new(width);
    let mut every_label = Vec::new();
    let mut figures = BTreeMap::new();
    for set in sets {
        if set.embeddings.is_empty() {
            return Err(EvalError::NothingEmbedded {
                set: set.name.clone(),
                reason: "it has no embeddings".to_owned(),
            });
        }
        let metrics = leave_one_out(&set.embeddings, &set.labels)?;
        let first_label = every_label.iter().max().map_or(0, |last| last + 1);
        every.append(&set.embeddings)?;
        every_label.extend(set.labels.iter().map(|label| first_label + label));
        let classes = set.labels.iter().collect::<std::collections::BTreeSet<_>>();
        let classes = classes.len();
        figures.insert(set.name.clone(), SetReport { metrics, classes });
    }
    let unified = leave_one_out(&every, &every_label)?;
    let rows = sets
        .iter()
        .flat_map(|set| set.similarities.rows().map(|row| (set.name.as_str(), row)));
    Ok(Report {
        harmonic: Harmonic::of(figures.values().map(|set| &set.metrics)),
        sets: figures,
        unified,
        profiles: profiles(rows),
    })
}

fn leave_one_out(embeddings: &Matrix, labels: &[u32]) -> Result<Metrics, EvalError> {
    let photos = (0..embeddings.len() as u64).collect::<Vec<_>>();
    let points = Points {
        embeddings,
        labels,
        photos: &photos,
    };
    metrics(&points, &points)
}

impl Harmonic {
    /// `n / sum(1 / x)` of every figure; 0 where one of them is 0.
    pub fn of<'a>(sets: impl Iterator<Item = &'a Metrics> + Clone) -> Self {
        let mean = |figure: &dyn Fn(&Metrics) -> f64| {
            let inverse = sets.clone().map(|set| 1.0 / figure(set)).sum::<f64>();
            sets.clone().count() as f64 / inverse
        };
        Self {
            recall_at: std::array::from_fn(|at| mean(&|set| set.recall_at[at])),
            map_at_r: mean(&|set| set.map_at_r),
            r_precision: mean(&|set| set.r_precision),
        }
    }
}

/// The figures under their usual names.
fn named(recall_at: [f64; RECALL_AT.len()], map_at_r: f64, r_precision: f64) -> Vec<(String, f64)> {
    let recall = RECALL_AT.iter().map(|k| format!("R@{k}"));
    let mut named = recall.zip(recall_at).collect::<Vec<_>>();
    named.push(("MAP@R".to_owned(), map_at_r));
    named.push(("RP".to_owned(), r_precision));
    named
}

impl Metrics {
    /// The figures with their usual names: R@1, R@2, R@4, R@8, MAP@R, RP.
    pub fn named(&self) -> Vec<(String, f64)> {
        named(self.recall_at, self.map_at_r, self.r_precision)
    }
}

impl Harmonic {
    /// The figures with their usual names: R@1, R@2, R@4, R@8, MAP@R, RP.
    pub fn named(&self) -> Vec<(String, f64)> {
        named(self.recall_at, self.map_at_r, self.r_precision)
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, figure) in self.named() {
            map.serialize_entry(&name, &figure)?;
        }
        map.serialize_entry("queries", &self.queries)?;
        map.serialize_entry("queries_without_match", &self.queries_without_match)?;
        map.end()
    }
}

impl Serialize for Harmonic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.named())
    }
}

fn stored<S: Serializer>(profiles: &[Profile], serializer: S) -> Result<S::Ok, S::Error> {
    StoredProfiles::of(profiles).serialize(serializer)
}
