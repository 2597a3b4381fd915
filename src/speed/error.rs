use crate::model::ModelError;
use crate::photo::PhotoError;
use std::path::PathBuf;

/// Why the speed could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum SpeedError {
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The photo that was made cannot be read.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// The photo cannot be written.
    #[error("{path}: the photo to be decoded cannot be written")]
    Write {
        /// Its file.
        path: PathBuf,
        /// What the encoder or the system says.
        source: std::io::Error,
    },
    /// The system gives no room for files.
    #[error("a folder for the photo to be decoded")]
    Folder(#[source] std::io::Error),
    /// The system gives no threads.
    #[error("threads to embed with")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
