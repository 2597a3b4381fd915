//! What is asked: a file, or a picture that exists only in memory.

use std::path::PathBuf;
use std::sync::Arc;

/// One question to the library.
#[derive(Clone)]
pub enum Query {
    /// A picture on disk, inside the library or not.
    File(PathBuf),
    /// A picture from the clipboard.
    Pasted {
        /// Tells two pasted pictures apart.
        number: u64,
        /// Its pixels.
        image: Arc<image::RgbImage>,
    },
}

impl Query {
    /// A short name for people.
    pub fn name(&self) -> String {
        match self {
            Query::File(path) => super::wording::file_name(path),
            Query::Pasted { number: 1, .. } => "Pasted picture".to_owned(),
            Query::Pasted { number, .. } => format!("Pasted picture {number}"),
        }
    }

    /// The file asked with, if there is one.
    pub fn path(&self) -> Option<&std::path::Path> {
        match self {
            Query::File(path) => Some(path),
            Query::Pasted { .. } => None,
        }
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Query::File(a), Query::File(b)) => a == b,
            (Query::Pasted { number: a, .. }, Query::Pasted { number: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name())
    }
}
