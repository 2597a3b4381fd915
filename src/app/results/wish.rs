use super::Order;
use crate::app::export::Format;
use std::path::PathBuf;

/// What the user can ask of the results; tiles are counted from 0.
#[derive(Debug)]
pub enum Wish {
    /// Move the keys to a tile.
    Go(usize),
    /// Choose everything between the anchor and this tile.
    Extend(usize),
    /// Choose a tile, or no longer.
    Toggle(usize),
    /// Choose all.
    ChooseAll,
    /// Choose none.
    ChooseNone,
    /// Show the photos that this tile stands for, each as a tile of its own.
    OpenGroup(usize),
    /// Show a tile large.
    Preview(usize),
    /// Show the grid again.
    ClosePreview,
    /// Load a picture, or a part of it, for the preview.
    Load(Order),
    /// Search with these files as one query.
    SearchWith(Vec<PathBuf>),
    /// Put the paths of these files on the clipboard, one a line.
    CopyPaths(Vec<PathBuf>),
    /// Put the picture in this file on the clipboard.
    CopyPicture(PathBuf),
    /// Ask whether these files should go into the trash.
    AskToTrash(Vec<PathBuf>),
    /// Leave them.
    KeepFiles,
    /// Move the files that were asked about into the trash.
    Trash,
    /// Leave what went into the trash last there.
    LeaveInTrash,
    /// Ask where to save the results, or no longer.
    OpenExport(bool),
    /// Let the user choose the place in a dialog.
    PickExport(Format),
    /// Save what is chosen, else all that is shown.
    Export {
        /// As what.
        format: Format,
        /// Where.
        path: PathBuf,
        /// Whether a file that is there may be replaced.
        replace: bool,
    },
    /// End the export that runs.
    StopExport,
    /// Take back what went into the trash last.
    Untrash,
}
