use crate::eval::EvalError;
use crate::model::ModelError;
use crate::photo::PhotoError;
use crate::train::TrainError;
use std::path::{Path, PathBuf};

/// What can go wrong in a benchmark.
#[derive(Debug, thiserror::Error)]
pub enum BenchmarkError {
    /// The configuration cannot be used; the text says which field and why.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or folder of the benchmark cannot be read or written.
    #[error("{path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A result of an earlier run does not belong to this configuration, or is damaged.
    #[error("{path}: {reason}; remove its folder, or name another with --out")]
    Result {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A training that was begun before cannot be taken up.
    #[error("training {method}: {state}: {reason}; remove {folder} to train it anew")]
    State {
        /// The method's name.
        method: String,
        /// What is left of the training.
        state: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// The folder of the method's run.
        folder: PathBuf,
    },
    /// A method could not be trained.
    #[error("training {method}")]
    Train {
        /// The method's name.
        method: String,
        /// Why.
        source: Box<TrainError>,
    },
    /// The photos cannot be measured.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A photo of a retrieval grid cannot be shown.
    #[error(transparent)]
    Photo(#[from] PhotoError),
}

impl BenchmarkError {
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
