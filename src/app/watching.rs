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
    /// Folders of the run under way that nobody asked for.
    under_way: Vec<PathBuf>,
    /// Folders of runs that failed; they are looked through with the next that change.
    missed: Vec<PathBuf>,
    /// Whether the user stopped indexing, or it cannot succeed, so that nothing starts by itself until asked for.
    stopped: bool,
}

impl Watching {
    /// How a folder is watched, if it is and what changes in it is taken in.
    pub fn mode(&self, folder: &Path) -> Option<&Mode> {
        if self.stopped {
            return None;
        }
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

/// Takes in how the folders are watched, and with it which of them are away; those in `denied` are there and may not be
/// read.
pub fn modes_changed(state: &mut State, modes: Vec<(PathBuf, Mode)>, denied: &[PathBuf]) {
    for root in state.library.iter_mut().flat_map(|facts| &mut facts.roots) {
        if let Some((_, mode)) = modes.iter().find(|(path, _)| *path == root.path) {
            root.denied = denied.contains(&root.path);
            root.offline = *mode == Mode::Away && root.photos > 0 && !root.denied;
        }
    }
    state.watching.modes = modes;
}

/// Has all folders looked through as the window opens. Nobody asked for it, so it waits while another program writes.
pub fn look_through_all(app: &mut PumaApp) {
    let roots = app.state.library.iter().flat_map(|facts| &facts.roots);
    let roots: Vec<PathBuf> = roots.map(|root| root.path.clone()).collect();
    if app.state.indexing.is_some() {
        app.engine.look_again(roots);
        return;
    }
    app.engine.index_at_start();
    app.state.watching.under_way = roots;
    app.state.indexing = Some(Indexing::of(None));
}

/// Has changed folders looked through: by the run under way, or else by one of their own.
pub fn changed(app: &mut PumaApp, mut folders: Vec<PathBuf>) {
    let ready = matches!(app.state.engine, EngineState::Ready(_));
    let library = app.state.library.as_ref();
    let only_read = library.is_some_and(|library| library.only_read_because.is_some());
    if app.state.watching.stopped || only_read || !ready {
        return;
    }
    let watching = &mut app.state.watching;
    folders.append(&mut watching.missed);
    if app.state.indexing.is_some() {
        app.engine.look_again(folders);
        return;
    }
    watching.under_way.clone_from(&folders);
    app.engine.index_changed(folders);
    app.state.indexing = Some(Indexing {
        follows_change: true,
        ..Indexing::of(None)
    });
}

/// After a run: follows up what it did not come to, unless another one is about to start.
///
/// What one that `failed` should have looked through waits for the next change: at once it would only fail again.
pub fn run_ended(app: &mut PumaApp, failed: bool) {
    let left = app.engine.left_to_look();
    let watching = &mut app.state.watching;
    let under_way = std::mem::take(&mut watching.under_way);
    if failed {
        watching.missed.extend(under_way);
        watching.missed.extend(left);
        watching.missed.append(&mut watching.waiting);
        watching.missed.sort();
        watching.missed.dedup();
        return;
    }
    watching.waiting.extend(left);
    if app.state.waiting_roots.is_empty() {
        let waiting = std::mem::take(&mut app.state.watching.waiting);
        if !waiting.is_empty() {
            changed(app, waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::{LibraryFacts, RootFacts};

    fn state(folders: &[&str]) -> State {
        let root = |folder: &&str| RootFacts {
            path: PathBuf::from(*folder),
            photos: 3,
            failed: 0,
            offline: false,
            denied: false,
        };
        let library = LibraryFacts {
            roots: folders.iter().map(root).collect(),
            ..LibraryFacts::default()
        };
        State {
            library: Some(library),
            ..State::default()
        }
    }

    #[test]
    fn a_folder_that_may_not_be_read_is_not_called_away() {
        let mut state = state(&["/drive", "/private"]);
        let modes = ["/drive", "/private"].map(|folder| (PathBuf::from(folder), Mode::Away));
        modes_changed(&mut state, modes.into(), &["/private".into()]);
        let roots = &state.library.as_ref().unwrap().roots;
        let marks: Vec<_> = roots
            .iter()
            .map(|root| (root.offline, root.denied))
            .collect();
        assert_eq!(marks, [(true, false), (false, true)]);
    }

    #[test]
    fn while_nothing_is_followed_no_folder_is_called_watched() {
        let mut state = state(&["/photos"]);
        let folder = PathBuf::from("/photos");
        modes_changed(&mut state, vec![(folder.clone(), Mode::Watched)], &[]);
        assert_eq!(state.watching.mode(&folder), Some(&Mode::Watched));
        state.watching.set_stopped(true);
        assert_eq!(state.watching.mode(&folder), None);
        state.watching.set_stopped(false);
        assert_eq!(state.watching.mode(&folder), Some(&Mode::Watched));
    }
}
