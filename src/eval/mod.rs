//! Metrics, benchmark sets, tables and prompt profiles over data sets.

mod ablations;
mod embed_files;
mod error;
mod evaluate;
mod matrix;
mod metrics;
mod nearest;
mod photo_set;
mod published;
mod report;
mod table;

pub use ablations::{Ablations, ablation_rounds, ablations};
pub use embed_files::{EmbeddedFiles, EmbeddingKind, FailedFile, embed_files, embed_files_with};
pub use error::EvalError;
use error::Unlisted;
pub use evaluate::{EmbeddedSets, embed_sets, evaluate};
pub use matrix::Matrix;
pub use metrics::{Metrics, Points, RECALL_AT, metrics};
pub use photo_set::{Class, OfficialSplit, Part, PhotoSet, Role, choose_sets, read_sets};
pub use published::PublishedError;
pub use report::{Harmonic, Report, SetEmbeddings, SetReport, report};
