use super::{EvalError, Matrix, Metrics, Points, RECALL_AT, Role, metrics};
use crate::figures::{Profile, StoredProfiles, profiles};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
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
    /// What each photo does; empty where all of them ask and answer.
    pub roles: Vec<Role>,
    /// Prompt-pool similarities, `[N, M]`; without rows if the model has no prompt pool.
    pub similarities: Matrix,
}

/// The figures of one set.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SetReport {
    /// Each photo asked against the others of its set; In-Shop's queries against its gallery.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// How many photos its gallery has.
    pub gallery: usize,
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
    /// Every query asked against the galleries of all sets in one; the label is set and class.
    ///
    /// A photo is never its own answer. In-Shop's queries ask here as well, but are in no gallery, so that nobody finds
    /// them; its gallery photos do not ask. In all other sets every photo is both.
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

/// Measures every set by itself and all of them as one gallery, each query against the other photos.
///
/// # Errors
/// Fails if there is no set, a set is empty, or their embeddings do not fit together.
pub fn report(sets: &[SetEmbeddings]) -> Result<Report, EvalError> {
    let width = sets.first().map_or(0, |set| set.embeddings.width());
    let mut every = Matrix::new(width);
    let (mut every_label, mut every_role) = (Vec::new(), Vec::new());
    let mut figures = BTreeMap::new();
    for set in sets {
        let roles = set.roles()?;
        let gallery = roles.iter().filter(|role| role.answers()).count();
        if gallery == 0 || !roles.iter().any(|role| role.asks()) {
            let missing = if gallery == 0 { "gallery" } else { "queries" };
            return Err(EvalError::NothingEmbedded {
                set: set.name.clone(),
                reason: format!("its {missing} has no embeddings"),
            });
        }
        let metrics = ask(&set.embeddings, &set.labels, &roles)?;
        let first_label = every_label.iter().max().map_or(0, |last| last + 1);
        every.append(&set.embeddings)?;
        every_label.extend(set.labels.iter().map(|label| first_label + label));
        every_role.extend_from_slice(&roles);
        let classes = set.labels.iter().collect::<std::collections::BTreeSet<_>>();
        let set_report = SetReport {
            metrics,
            gallery,
            classes: classes.len(),
        };
        figures.insert(set.name.clone(), set_report);
    }
    let unified = ask(&every, &every_label, &every_role)?;
    // Figure 3 is drawn over queries.
    let rows = sets.iter().flat_map(|set| {
        let roles = set
            .roles
            .iter()
            .copied()
            .chain(std::iter::repeat(Role::Both));
        let asking = set.similarities.rows().zip(roles);
        asking
            .filter(|(_, role)| role.asks())
            .map(|(row, _)| (set.name.as_str(), row))
    });
    Ok(Report {
        harmonic: Harmonic::of(figures.values().map(|set| &set.metrics)),
        sets: figures,
        unified,
        profiles: profiles(rows),
    })
}

impl SetEmbeddings {
    /// The role of each row.
    fn roles(&self) -> Result<Cow<'_, [Role]>, EvalError> {
        let rows = self.embeddings.len();
        if self.roles.is_empty() {
            return Ok(Cow::Owned(vec![Role::Both; rows]));
        }
        if self.roles.len() != rows {
            return Err(EvalError::Shape {
                what: "roles",
                got: self.roles.len(),
                expected: rows,
            });
        }
        Ok(Cow::Borrowed(&self.roles))
    }
}

/// Asks the rows that ask against those that answer; a row is never its own answer.
fn ask(embeddings: &Matrix, labels: &[u32], roles: &[Role]) -> Result<Metrics, EvalError> {
    if labels.len() != roles.len() {
        return Err(EvalError::Shape {
            what: "labels",
            got: labels.len(),
            expected: roles.len(),
        });
    }
    let queries = Side::of(embeddings, labels, roles, Role::asks)?;
    let gallery = Side::of(embeddings, labels, roles, Role::answers)?;
    metrics(&queries.points(), &gallery.points())
}

/// The rows that ask, or those that answer.
struct Side<'a> {
    embeddings: Cow<'a, Matrix>,
    labels: Vec<u32>,
    photos: Vec<u64>,
}

impl<'a> Side<'a> {
    fn of(
        embeddings: &'a Matrix,
        labels: &[u32],
        roles: &[Role],
        takes_part: fn(Role) -> bool,
    ) -> Result<Self, EvalError> {
        let rows = || (0..roles.len()).filter(|&row| takes_part(roles[row]));
        let labels = rows().map(|row| labels[row]).collect::<Vec<_>>();
        let photos = rows().map(|row| row as u64).collect();
        let embeddings = if labels.len() == roles.len() {
            Cow::Borrowed(embeddings)
        } else {
            let mut chosen = Matrix::new(embeddings.width());
            for row in rows() {
                chosen.push(embeddings.row(row))?;
            }
            Cow::Owned(chosen)
        };
        Ok(Self {
            embeddings,
            labels,
            photos,
        })
    }

    fn points(&self) -> Points<'_> {
        Points {
            embeddings: &self.embeddings,
            labels: &self.labels,
            photos: &self.photos,
        }
    }
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
