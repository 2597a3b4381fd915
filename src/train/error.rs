use crate::eval::EvalError;
use crate::model::ModelError;
use std::path::{Path, PathBuf};

/// What can go wrong in training.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A setting is wrong.
    #[error("training configuration: {0}")]
    Config(String),
    /// The photos do not allow training.
    #[error("training photos: {0}")]
    Data(String),
    /// A file of the run could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state to resume from is damaged or belongs to another run.
    #[error("{path}: {reason}; to start again, delete this run folder or choose another --out")]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor that had to change did not, or one that had to stay did not stay.
    #[error("after {steps} steps the {kind} tensor {name} has {what}")]
    Frozen {
        /// Steps done.
        steps: usize,
        /// `trainable` or `frozen`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What happened to it.
        what: &'static str,
    },
    /// The loss is no longer a number.
    #[error("the loss became {loss} at step {step}; a lower learning rate is the usual way out")]
    Diverged {
        /// The step.
        step: usize,
        /// The loss.
        loss: f32,
    },
    /// The model could not be read, built or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The photos could not be listed or measured.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A tensor operation failed.
    #[error("computing a step: {0}")]
    Compute(#[from] candle_core::Error),
}

impl TrainError {
    /// An input or output error of a file.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
