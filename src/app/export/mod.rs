//! Results as files: a table for other programs, or a sheet of small pictures for people.

mod sheet;
mod table;

use super::engine::{Event, Events};
use super::errand;
use super::results::{News, Source};
use crate::files;
use crate::photo::Reader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What results are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Format {
    /// A table, one line a photo.
    #[default]
    Csv,
    /// The same for programs, with the query and the prompt similarities.
    Json,
    /// A picture of thumbnails with names and scores.
    Sheet,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Format; 3] = [Format::Csv, Format::Json, Format::Sheet];

    /// What the user calls it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "Table (CSV)",
            Format::Json => "JSON",
            Format::Sheet => "Contact sheet (PNG)",
        }
    }

    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Sheet => "png",
        }
    }
}

/// Photos to be written: some of a source, in order.
pub struct Chosen {
    /// Where they come from.
    pub source: Source,
    /// Which, counted from 0.
    pub items: Vec<u32>,
}

/// One export.
pub struct Job {
    /// What is written.
    pub chosen: Chosen,
    /// As what.
    pub format: Format,
    /// Where to.
    pub path: PathBuf,
    /// Whether a file that is there may be replaced.
    pub replace: bool,
    /// Where small copies of photos lie.
    pub thumbnails: PathBuf,
    /// What decodes photos that have none yet.
    pub reader: Reader,
    /// What names are written with on a sheet.
    pub fonts: egui::FontDefinitions,
    /// Raised by the user to end it.
    pub stop: Arc<AtomicBool>,
}

/// How an export ended.
#[derive(Debug)]
pub enum Outcome {
    /// So many photos are in the file; the rest did not fit on a sheet.
    Written {
        /// Photos in the file.
        photos: usize,
        /// Photos that were left out.
        left_out: usize,
    },
    /// The file is there already, and nobody said that it may be replaced.
    Exists,
    /// The user ended it; nothing was written.
    Stopped,
    /// It could not be written; the reason in words.
    Failed(String),
}

/// Writes on a thread of its own, with news of how far it is.
pub fn run(events: &Events, job: Job) {
    let progress = events.clone();
    errand::run("export", events, move || {
        let outcome = write(&job, &|done, of| {
            progress.send(Event::Results(News::ExportGoesOn { done, of }));
        });
        Some(Event::Results(News::Exported {
            path: job.path,
            outcome,
        }))
    });
}

fn write(job: &Job, progress: &dyn Fn(usize, usize)) -> Outcome {
    if !job.replace && job.path.symlink_metadata().is_ok() {
        return Outcome::Exists;
    }
    let photos = job.chosen.items.len();
    let (bytes, left_out) = match job.format {
        Format::Csv => (table::csv(&job.chosen), 0),
        Format::Json => (table::json(&job.chosen), 0),
        Format::Sheet => match sheet::png(job, progress) {
            Ok((bytes, shown)) => (Ok(bytes), photos - shown),
            Err(error) => (Err(error), 0),
        },
    };
    if job.stop.load(Ordering::Relaxed) {
        return Outcome::Stopped;
    }
    let written = bytes.and_then(|bytes| Ok(place(&job.path, &bytes, job.replace)?));
    match written {
        Ok(true) => Outcome::Written {
            photos: photos - left_out,
            left_out,
        },
        Ok(false) => Outcome::Exists,
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// Puts the file in its place; false where one is there that must stay.
fn place(path: &Path, bytes: &[u8], replace: bool) -> std::io::Result<bool> {
    if replace {
        files::replace(path, &[bytes]).map(|()| true)
    } else {
        files::create(path, &[bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_where_that_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        assert!(place(&path, b"first", false).unwrap());
        assert!(!place(&path, b"second", false).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert!(place(&path, b"third", true).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"third");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(place(&folder.path().join("no/such/folder.csv"), b"", false).is_err());
    }
}
