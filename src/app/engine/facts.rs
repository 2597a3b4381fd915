use crate::app::lens::RankMove;
use crate::app::query::Query;
use crate::library::ModelKey;
use crate::search::{Filter, Histogram, Hit};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What answers: the model and where it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFacts {
    /// Where it runs, such as `CPU`.
    pub device: String,
    /// What the user should know about that choice.
    pub note: Option<String>,
    /// The checkpoint's name.
    pub model: String,
    /// What the catalogue calls it.
    pub key: ModelKey,
    /// How many prompts its pool holds; 0 for a plain ViT.
    pub prompts: usize,
}

/// One folder of the library.
#[derive(Clone, Debug, PartialEq)]
pub struct RootFacts {
    /// The folder.
    pub path: PathBuf,
    /// Photos known below it.
    pub photos: usize,
    /// Files below it that could not be read.
    pub failed: usize,
    /// Whether it is not there now, as on a drive that is not mounted.
    pub offline: bool,
    /// Whether it may not be read.
    pub denied: bool,
}

/// Whether the system denies this user to read a folder.
pub(super) fn is_denied(folder: &Path) -> bool {
    let denied = |error: std::io::Error| error.kind() == ErrorKind::PermissionDenied;
    std::fs::read_dir(folder).err().is_some_and(denied)
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// A photo to start a search from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// Its similarity to each prompt `[M]`; empty until it is embedded.
    pub similarity: Vec<f32>,
}

/// What the library holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LibraryFacts {
    /// Why it can be searched but not changed, if so.
    pub only_read_because: Option<String>,
    /// Its folders in the order in which they were added.
    pub roots: Vec<RootFacts>,
    /// Photos known.
    pub photos: usize,
    /// Photos that can be found with this model.
    pub embedded: usize,
    /// Files that could not be read.
    pub failures: Vec<Failure>,
    /// Some of its photos, to start a search from.
    pub samples: Vec<Sample>,
}

/// Where the domain beside a query comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainSource {
    /// The query lies in the library.
    Own,
    /// So many of its first neighbours belong to it.
    Neighbours {
        /// Neighbours of that domain.
        votes: usize,
        /// Neighbours that were asked.
        of: usize,
    },
}

/// What was found for a query.
#[derive(Clone)]
pub struct Answer {
    /// Which question it answers.
    pub generation: u64,
    /// The question.
    pub query: Query,
    /// Its similarity to each prompt, `[M]`; empty for a plain ViT.
    pub similarity: Vec<f32>,
    /// The domain it is compared with.
    pub domain: Option<String>,
    /// Where that domain comes from.
    pub domain_source: DomainSource,
    /// Its embedding `[e]`, L2-normalised; of several pictures the normalised weighted sum.
    pub embedding: Vec<f32>,
    /// Which photos could be found.
    pub filter: Filter,
    /// The neighbours, nearest first; the query's own file among them.
    pub hits: Vec<Hit>,
    /// Through a lens, the old and new rank of each hit, `None` for one that could not be read again; else empty.
    pub moves: Vec<Option<RankMove>>,
    /// Near duplicates among them: places in `hits`, the best first; what has none is in no group.
    pub groups: Vec<Vec<usize>>,
    /// How many photos were searched.
    pub searched: usize,
    /// How many of them the filter lets pass, whatever their score.
    pub passed: usize,
    /// The scores of those.
    pub histogram: Histogram,
    /// From which score on a photo of this library counts as similar, where that is known.
    pub similar_from: Option<f32>,
    /// From question to answer.
    pub took: Duration,
}

impl Answer {
    /// From which score on a photo counts as similar; unknown for several pictures together, whose scores are others.
    pub fn comparable_line(&self) -> Option<f32> {
        self.similar_from.filter(|_| self.query.parts.len() == 1)
    }

    /// The score that similar photos would have, if not even the nearest one has it.
    ///
    /// The pictures asked with do not count as found. Nothing is said where the line is unknown, nor of an answer
    /// without hits.
    pub fn nothing_similar(&self) -> Option<f32> {
        let line = self.comparable_line()?;
        let best = self.hits.iter().find(|hit| !self.query.holds(&hit.path))?;
        (best.score < line).then_some(line)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} neighbours of {:?}",
            self.hits.len(),
            self.query
        )
    }
}
