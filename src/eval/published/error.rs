use std::path::PathBuf;

/// What is wrong with the folder of a published set.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// A list or folder is not there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// A list or folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a list is not what it should be.
    #[error("{}, line {line}: {text:?}, expected {expected}", path.display())]
    Line {
        /// The list.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A MATLAB file is damaged, or holds something else.
    #[error("{}: {reason}", path.display())]
    Mat {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Two lists that belong together differ in length, or one names what the other lacks.
    #[error("{}: {reason}", path.display())]
    Mismatch {
        /// The list.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Photos that a list names are not there.
    #[error("{absent} of the {total} photos that {} names are missing, the first of them {}", list.display(), first.display())]
    Absent {
        /// The list.
        list: PathBuf,
        /// How many photos it names.
        total: usize,
        /// How many of them are not there.
        absent: usize,
        /// The first that is not there, where it was looked for.
        first: PathBuf,
    },
    /// There is not one photo, or one half of the split has none.
    #[error("{} {what}", path.display())]
    Empty {
        /// The list or folder.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
}
