use crate::library::LibraryError;
use crate::model::ModelError;
use crate::photo::PhotoError;
use std::path::PathBuf;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The library.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The query's file; its message names the cause already.
    #[error("{0}")]
    Photo(PhotoError),
    /// The pictures of a query, more like these and less like those, leave nothing to look for.
    #[error("its pictures cancel each other out; take one away or change its weight")]
    NothingLeft,
    /// Nothing is indexed.
    #[error("library {} holds no photos yet; `puma index FOLDER` adds some", library.display())]
    Empty {
        /// The library file.
        library: PathBuf,
    },
    /// The photos are indexed, but with another model.
    #[error("library {} was indexed with another model ({indexed} photos with {other}, none with {model}); search with that model (--model FILE), or run `puma index` with this one", library.display())]
    OtherModel {
        /// The library file.
        library: PathBuf,
        /// The key of the model in use.
        model: String,
        /// The key of the model that most photos are indexed with.
        other: String,
        /// How many photos are.
        indexed: usize,
    },
    /// Photos are known, but none is embedded.
    #[error("none of the {photos} photos of library {} is embedded yet; run `puma index`", library.display())]
    NotEmbeddedYet {
        /// The library file.
        library: PathBuf,
        /// How many photos are known.
        photos: usize,
    },
    /// The photo that was asked with has no embedding of this model.
    #[error("photo {id} of library {} is not embedded with this model", library.display())]
    UnknownPhoto {
        /// The library file.
        library: PathBuf,
        /// The photo's number.
        id: i64,
    },
    /// The system gives no thread to work on.
    #[error("the system gives no threads to work on")]
    Threads,
}
