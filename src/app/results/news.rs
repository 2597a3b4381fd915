use super::{Picture, Shot};
use crate::app::export::{Format, Outcome};
use std::path::PathBuf;
use std::sync::Arc;

/// What the workers behind the results have to tell.
pub enum News {
    /// A picture of the preview, or a part of one.
    Shot(Shot),
    /// What is known of the file in the preview, or why it cannot be shown.
    Picture {
        /// The file.
        path: PathBuf,
        /// Facts, or the reason in words.
        picture: Result<Picture, String>,
    },
    /// Files that had gone into the trash are in their places again.
    BackAgain(Vec<PathBuf>),
    /// A picture is ready for the clipboard.
    Copy {
        /// The name of its file.
        name: String,
        /// Its pixels.
        image: Arc<egui::ColorImage>,
        /// Whether it had to be made smaller.
        smaller: bool,
    },
    /// The user chose where to export to.
    ExportTo {
        /// As what.
        format: Format,
        /// Where.
        path: PathBuf,
        /// Whether the dialog asked before a file is replaced.
        replace: bool,
    },
    /// An export went on.
    ExportGoesOn {
        /// Photos done.
        done: usize,
        /// Photos in all.
        of: usize,
    },
    /// An export ended.
    Exported {
        /// The file.
        path: PathBuf,
        /// How.
        outcome: Outcome,
    },
    /// Files went into the trash.
    Trashed {
        /// Those that did.
        gone: Vec<PathBuf>,
        /// Those that did not, with the reason.
        kept: Vec<(PathBuf, String)>,
    },
    /// Files came back from the trash.
    Untrashed {
        /// Those that did.
        back: Vec<PathBuf>,
        /// Why others did not.
        reason: Option<String>,
    },
}
