use super::Saved;
use super::state::ArrangedFor;
use crate::figures::{Arrangement, Health, Profile};
use std::path::PathBuf;

/// What the user can ask about the prompt pool.
#[derive(Debug)]
pub enum PoolCommand {
    /// Let the user choose a file that `puma eval` wrote.
    PickBenchmark,
    /// Show the sets of such a file.
    ReadBenchmark(PathBuf),
    /// Show the library again.
    CloseBenchmark,
    /// Open the form that names the file to be written.
    OpenSave(Saved),
    /// The form now says this.
    TypeSavePath(String),
    /// Let the user choose a place for the file, and write it there.
    PickSavePlace,
    /// Write the file that the form names; one that is there already only if it may be replaced.
    Save {
        /// Whether it may.
        replace: bool,
    },
    /// Close the form.
    CloseSave,
}

/// What workers tell about the prompt pool.
pub enum PoolEvent {
    /// How the library uses it now.
    Health(Option<Health>),
    /// The sets of a file, or why there are none.
    Benchmark(PathBuf, Result<Vec<Profile>, String>),
    /// A file with sets was chosen.
    BenchmarkChosen(PathBuf),
    /// An order is found.
    Arranged(ArrangedFor, Arrangement),
    /// A place for the file to be written was chosen; its dialog has asked whether it may be replaced.
    PlaceChosen(PathBuf),
    /// The file is written.
    Written(PathBuf),
    /// There is a file of this name.
    Occupied(PathBuf),
    /// It could not be written.
    NotWritten(String),
}
