//! What can go wrong between a weights file and a running model.

use std::path::PathBuf;

/// An error of the room `model`; it names the file, and the tensor where one is to blame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is none of the formats PUMA reads, or is damaged.
    #[error("{path}: {reason}", path = path.display())]
    Format {
        /// The file concerned.
        path: PathBuf,
        /// What is wrong, and what would help.
        reason: String,
    },
    /// The configuration in the file, or the one asked for, makes no sense.
    #[error("{path}: wrong configuration: {reason}", path = path.display())]
    Config {
        /// The file concerned.
        path: PathBuf,
        /// Which number is wrong and what it has to be.
        reason: String,
    },
    /// The file does not say enough to build the model.
    #[error("{path}: {reason}", path = path.display())]
    Backbone {
        /// The file concerned.
        path: PathBuf,
        /// What is not known, and what to pass.
        reason: String,
    },
    /// A tensor that the configuration asks for is not in the file.
    #[error("{path}: tensor `{tensor}` is missing", path = path.display())]
    MissingTensor {
        /// The file concerned.
        path: PathBuf,
        /// Its name in that file.
        tensor: String,
    },
    /// The file holds a tensor that the configuration has no place for.
    #[error("{path}: tensor `{tensor}` is not part of this model", path = path.display())]
    ExtraTensor {
        /// The file concerned.
        path: PathBuf,
        /// Its name in that file.
        tensor: String,
    },
    /// A tensor has the wrong shape.
    #[error("{path}: tensor `{tensor}` has shape {found:?}, expected {expected:?}", path = path.display())]
    Shape {
        /// The file concerned.
        path: PathBuf,
        /// Its name in that file.
        tensor: String,
        /// The shape that the configuration asks for.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor's values cannot be used: NaN, infinite, of a wrong type, or damaged.
    #[error("{path}: tensor `{tensor}` {reason}", path = path.display())]
    Values {
        /// The file concerned.
        path: PathBuf,
        /// Its name in that file.
        tensor: String,
        /// What is wrong with its values.
        reason: String,
    },
    /// A name that the user gave stands for nothing.
    #[error("{0}")]
    Choice(String),
    /// The device asked for cannot be used.
    #[error("{0}")]
    Device(String),
    /// A picture handed to the model does not have the size the model takes.
    #[error(
        "the model takes pictures of {expected} x {expected} pixels, this one has {width} x {height}"
    )]
    ImageSize {
        /// Side of the picture that the model takes, in pixels.
        expected: u32,
        /// Width of the picture handed over, in pixels.
        width: u32,
        /// Height of the picture handed over, in pixels.
        height: u32,
    },
    /// A computation failed.
    #[error("the computation failed: {0}")]
    Compute(#[from] candle_core::Error),
}
