//! What the window makes of changes on the disk: runs that follow them up without being asked for, and folders that lie
//! elsewhere now.

use super::puma_app::PumaApp;
use super::state::{EngineState, Indexing, State};
use crate::watch::Mode;
use std::path::{Path, PathBuf};

/// How the library's folders are watched.
#[derive(Debug, Default)]
pub struct Watching {
    /// How each is watched; none while that is switched off.
    pub modes: Vec<(PathBuf, Mode)>,
    /// Folders that changed during a run and wait for its end.
    waiting: Vec<PathBuf>,
    /// Whether the user stopped indexing, so that nothing starts by itself until asked for.
    stopped: bool,
}

impl Watching {
    /// How a folder is watched, if it is.
    pub fn mode(&self, folder: &Path) -> Option<&Mode> {
        let found = self.modes.iter().find(|(path, _)| path == folder);
        found.map(|(_, mode)| mode)
    }

    /// Notes whether the user wishes indexing to go on.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
    }
}

/// A folder of the library that lies elsewhere now.
#[derive(Debug)]
pub struct Relinking {
    /// The folder as the library knows it.
    pub folder: PathBuf,
    /// What the user chose in the system's dialog.
    pub chosen: Option<PathBuf>,
}

/// Takes in how the folders are watched, and with it which of them are away.
pub fn modes_changed(state: &mut State, modes: Vec<(PathBuf, Mode)>) {
    for root in state.library.iter_mut().flat_map(|facts| &mut facts.roots) {
        if let Some((_, mode)) = modes.iter().find(|(path, _)| *path == root.path) {
            root.offline = *mode == Mode::Away && root.photos > 0;
        }
    }
    state.watching.modes = modes;
}

/// Has changed folders looked through: by the run under way, or else by one of their own.
pub fn changed(app: &mut PumaApp, folders: Vec<PathBuf>) {
    let ready = matches!(app.state.engine, EngineState::Ready(_));
    let library = app.state.library.as_ref();
    let only_read = library.is_some_and(|library| library.only_read_because.is_some());
    if app.state.watching.stopped || only_read || !ready {
        return;
    }
    if app.state.indexing.is_some() {
        app.engine.look_again(folders);
        return;
    }
    app.engine.index_changed(folders);
    app.state.indexing = Some(Indexing {
        follows_change: true,
        ..Indexing::of(None)
    });
}

/// After a run: follows up what it did not come to, unless another one is about to start.
pub fn run_ended(app: &mut PumaApp) {
    let left = app.engine.left_to_look();
    app.state.watching.waiting.extend(left);
    if app.state.waiting_roots.is_empty() {
        let waiting = std::mem::take(&mut app.state.watching.waiting);
        if !waiting.is_empty() {
            changed(app, waiting);
        }
    }
}
