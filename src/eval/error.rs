use super::PublishedError;
use std::path::PathBuf;

/// What can keep a model from being measured.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A folder could not be listed.
    #[error("{path}: cannot be read; expected folders laid out as ROOT/SET/CLASS/*.jpg")]
    Folder {
        /// The folder or link concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A published set cannot be read.
    #[error(
        "{source} ({folder} is read as {title}: {files}; a folder of SET/CLASS needs another name)"
    )]
    Published {
        /// The set's name.
        title: &'static str,
        /// What is expected in its folder.
        files: &'static str,
        /// Its folder.
        folder: PathBuf,
        /// What is wrong.
        source: Box<PublishedError>,
    },
    /// The root holds no set at all.
    #[error("{0}: holds no folders; expected ROOT/SET/CLASS/*.jpg")]
    NoSets(PathBuf),
    /// A set holds no class with a photo in it.
    #[error(
        "{0}: this set has no class folder with photos in it; expected ROOT/SET/CLASS/*.jpg, so give the folder above the sets"
    )]
    EmptySet(PathBuf),
    /// A set was asked for by a name that is not there.
    #[error("there is no set {name:?}; the sets are {known}")]
    UnknownSet {
        /// The name asked for.
        name: String,
        /// The names there are, separated by commas.
        known: String,
    },
    /// The part asked for holds nothing.
    #[error("set {set:?} has {classes} class(es), which leaves none for its {part} part")]
    EmptyPart {
        /// The set's name.
        set: String,
        /// How many classes the whole set has.
        classes: usize,
        /// The part asked for.
        part: &'static str,
    },
    /// There is not one embedding of a set.
    #[error("not one photo of set {set:?} could be used: {reason}")]
    NothingEmbedded {
        /// The set's name.
        set: String,
        /// What was wrong with the first photo.
        reason: String,
    },
    /// Rows and labels, or the widths of queries and gallery, do not fit together.
    #[error("{what}: {got}, expected {expected}")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// How many there were.
        got: usize,
        /// How many there should have been.
        expected: usize,
    },
    /// An embedding holds a NaN or an infinity.
    #[error("{what} {row} is not finite")]
    NotFinite {
        /// Query or gallery embedding.
        what: &'static str,
        /// Which row of them.
        row: usize,
    },
    /// The model failed on a batch.
    #[error("the model failed")]
    Model(#[from] crate::model::ModelError),
}

/// A folder that could not be listed, before it is known what was looked for in it.
#[derive(Debug)]
pub(super) struct Unlisted {
    pub path: PathBuf,
    pub source: std::io::Error,
}

impl From<Unlisted> for EvalError {
    fn from(Unlisted { path, source }: Unlisted) -> Self {
        Self::Folder { path, source }
    }
}

impl From<Unlisted> for PublishedError {
    fn from(Unlisted { path, source }: Unlisted) -> Self {
        Self::Unreadable { path, source }
    }
}
