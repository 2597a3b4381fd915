use super::Picture;
use std::path::PathBuf;

/// The photo that is shown large.
#[derive(Debug)]
pub struct Preview {
    /// The file.
    pub path: PathBuf,
    /// Its tile, counted from 0, while the grid has one for it.
    pub at: Option<usize>,
    /// What is known of it, or why it cannot be shown; `None` while it is read.
    pub picture: Option<Result<Picture, String>>,
}

impl Preview {
    /// A file that is about to be read.
    pub fn new(path: PathBuf, at: Option<usize>) -> Preview {
        Preview {
            path,
            at,
            picture: None,
        }
    }
}
