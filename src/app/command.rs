//! What the user can ask the window to do. Panels send commands; one handler carries them out.

use super::ask_state::PartChoice;
use super::choices::SettingsCommand;
use super::engine::Browse;
use super::lens::LensWish;
use super::map::MapWish;
use super::pool::PoolCommand;
use super::query::Query;
use super::results::Wish;
use super::state::Preferences;
use crate::library::PhotoId;
use crate::search::Filter;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

/// One wish of the user.
#[derive(Debug)]
pub enum Command {
    /// Search with this picture.
    Ask(Query),
    /// Search with a neighbour that was clicked; the answer waits until a double click is ruled out.
    AskOnClick(PathBuf),
    /// Show the query before.
    Back,
    /// Show the query after.
    Forward,
    /// Show no query.
    ClearQuery,
    /// Show photos without a question.
    Browse(Browse),
    /// Show the photos of a domain, or of all, that call a prompt (counted from 0) most.
    ShowStrongest {
        /// The domain; `None` for the whole library.
        domain: Option<String>,
        /// The prompt's number, from 0.
        prompt: usize,
    },
    /// Show these photos, such as those chosen on the map.
    ShowPhotos {
        /// What they are, in words.
        title: String,
        /// Their numbers.
        photos: Vec<PhotoId>,
    },
    /// Show no such list.
    CloseListing,
    /// Let only these photos be found and browsed.
    SetFilter(Box<Filter>),
    /// Ask for more like this as well; asks with it alone where nothing is asked yet.
    MoreLike(PathBuf),
    /// Ask for less like this as well.
    LessLike(PathBuf),
    /// Let the user choose a part of an asked picture, or end that.
    ChoosePart(Option<PartChoice>),
    /// Look at the answer through a lens.
    Lens(LensWish),
    /// Something about the map of the library.
    Map(MapWish),
    /// Files and folders that were dropped, typed or pasted: folders are added, a picture is asked.
    Take(Vec<PathBuf>),
    /// The same dropped on the window: folders are only offered.
    TakeDropped(Vec<PathBuf>),
    /// Index a folder that was offered, or not.
    AnswerOffer(PathBuf, bool),
    /// Text that was pasted and should name a file or folder; a folder is only offered.
    TakePasted(String),
    /// Text that was typed or pasted and should name a file or folder.
    TakeText(String),
    /// A picture from the clipboard.
    TakePixels(Arc<egui::ColorImage>),
    /// Let the user choose a picture to search with.
    PickPicture,
    /// Let the user choose a folder to add.
    PickFolder,
    /// Read the clipboard.
    Paste,
    /// Take a folder into the library and index it.
    AddFolder(PathBuf),
    /// Look for new, changed and vanished files in one folder, or in all.
    Rescan(Option<PathBuf>),
    /// Ask where a folder of the library lies now.
    AskForPlace(PathBuf),
    /// Let the user choose it in the system's dialog.
    PickPlace(PathBuf),
    /// Take a folder of the library for the one that lies elsewhere now.
    Relink {
        /// As the library knows it.
        old: PathBuf,
        /// Where it lies now.
        new: PathBuf,
    },
    /// Leave it where it was.
    KeepPlace,
    /// Ask whether a folder should leave the library.
    AskToForget(PathBuf),
    /// Take it out.
    Forget(PathBuf),
    /// Leave it in.
    KeepFolder,
    /// Let the next model answer, though it has not looked at all photos.
    UseNextModel,
    /// Let indexing wait.
    PauseIndexing,
    /// Let it go on.
    ResumeIndexing,
    /// End it; what is done is kept.
    StopIndexing,
    /// Open a file in the system's viewer.
    Open(PathBuf),
    /// Show a file in the system's file manager.
    Reveal(PathBuf),
    /// Do something with what the grid shows.
    Results(Wish),
    /// Put a path on the clipboard.
    CopyPath(PathBuf),
    /// Put the list of unreadable files, with the reasons, on the clipboard.
    CopyFailures,
    /// Open or close the list of unreadable files.
    ShowFailures(bool),
    /// Take a message away.
    Dismiss(u64),
    /// Compare the query with this domain, or with its own.
    CompareWith(Option<String>),
    /// Something about the prompt pool.
    Pool(PoolCommand),
    /// What the settings panel wishes.
    Settings(SettingsCommand),
    /// The user set something that is kept.
    Prefer(Box<Preferences>),
}

/// The way of commands from the panels to the handler, emptied every frame.
#[derive(Default)]
pub struct Commands(RefCell<Vec<Command>>);

impl Commands {
    /// Hands in a wish.
    pub fn send(&self, command: Command) {
        self.0.borrow_mut().push(command);
    }

    /// Changes one of the preferences.
    pub fn prefer(&self, current: &Preferences, change: impl FnOnce(&mut Preferences)) {
        let mut changed = current.clone();
        change(&mut changed);
        if changed != *current {
            self.send(Command::Prefer(Box::new(changed)));
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All wishes since the last call, in order.
    pub fn take(&self) -> Vec<Command> {
        self.0.take()
    }
}
