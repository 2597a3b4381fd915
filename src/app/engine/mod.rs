//! The engine behind the window: one thread owns model, library and searcher; indexing runs on another.

mod answering;
mod background;
mod configure;
mod events;
mod eyes;
mod facts;
mod job;
mod listing;
mod passed_over;
mod previewing;
mod refreshing;
mod setup;
mod succession;
mod watching;
mod work;

pub(super) use answering::HITS;
pub use configure::Configured;
pub use events::{Ended, Event, Events, Failed};
pub use facts::{Answer, DomainSource, Failure, LibraryFacts, ModelFacts, RootFacts, Sample};
pub use listing::{Browse, Listing, Wanted};
pub use setup::Setup;

use super::query::Query;
use crate::pipeline::Control;
use crate::search::{Filter, LensRequest};
use crate::settings::Settings;
use background::Newest;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the threads may take to end when the window closes.
const PATIENCE_AT_END: Duration = Duration::from_secs(5);

/// What the engine thread is asked.
enum Request {
    /// Find the neighbours of a picture.
    Ask {
        /// Its number: only the newest is worth answering.
        generation: u64,
        /// The pictures.
        query: Query,
        /// Which photos may be found.
        filter: Filter,
    },
    /// List photos.
    List {
        /// Its number: only the newest is worth listing.
        generation: u64,
        /// Which.
        wanted: Wanted,
    },
    /// Look at an answer through a lens.
    Look {
        /// Its number: only the newest is worth the work.
        generation: u64,
        /// The answer and the lens.
        request: Box<LensRequest>,
    },
    /// Draw the map of the library.
    DrawMap {
        /// Its number: only the newest is worth the work.
        generation: u64,
        /// Whether a layout that is kept does not count.
        from_scratch: bool,
    },
    /// Index a folder, or look through all known ones again.
    Index {
        /// The folder, all, or what has changed.
        what: ToIndex,
        /// How to stop and pause it.
        control: Arc<Control>,
    },
    /// Take a folder out of the library.
    Forget(PathBuf),
    /// Take a folder of the library for the one that lies elsewhere now.
    Relink {
        /// As the library knows it.
        old: PathBuf,
        /// Where it lies now.
        new: PathBuf,
    },
    /// Take changed settings on.
    Configure(Box<Settings>),
    /// Let the next model answer with what it has looked at so far.
    UseNext,
    /// End.
    Quit,
}

/// What an indexing run looks through.
#[derive(Clone, Debug)]
enum ToIndex {
    /// All folders of the library.
    All,
    /// The same because the window opened, which nobody asked for.
    AtStart,
    /// A folder, which becomes one of the library's.
    Root(PathBuf),
    /// Folders in the library's that have changed.
    Changed(Vec<PathBuf>),
}

/// The window's hold on the engine thread. Nothing here waits.
pub struct Engine {
    requests: Sender<Request>,
    newest: Arc<AtomicU64>,
    newest_list: Arc<AtomicU64>,
    background: Newest,
    /// Of the run that was started last.
    control: Mutex<Arc<Control>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine thread, which loads the model and opens the library.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(setup: Setup, events: Events) -> std::io::Result<Engine> {
        let (requests, receiver) = unbounded();
        let [newest, newest_list] = [0; 2].map(|none| Arc::new(AtomicU64::new(none)));
        let background = Newest::new(Arc::clone(&newest));
        let thread = {
            let background = background.clone();
            let newest = [&newest, &newest_list].map(Arc::clone);
            std::thread::Builder::new()
                .name("puma-engine".to_owned())
                .spawn(move || work::run(&setup, &receiver, &newest, background, &events))?
        };
        Ok(Engine {
            requests,
            newest,
            newest_list,
            background,
            control: Mutex::default(),
            thread: Some(thread),
        })
    }

    /// Asks for the neighbours of a picture and gives the question's generation; older questions are dropped.
    pub fn ask(&self, query: Query, filter: Filter) -> u64 {
        let generation = self.newest.fetch_add(1, Ordering::SeqCst) + 1;
        self.send(Request::Ask {
            generation,
            query,
            filter,
        });
        generation
    }

    /// Wishes for a list of photos and gives the wish's generation; older ones are dropped.
    pub fn list(&self, wanted: Wanted) -> u64 {
        let generation = self.newest_list.fetch_add(1, Ordering::SeqCst) + 1;
        self.send(Request::List { generation, wanted });
        generation
    }

    /// Indexes a folder, or looks through all known ones again.
    pub fn index(&self, root: Option<PathBuf>) {
        self.start_run(root.map_or(ToIndex::All, ToIndex::Root));
    }

    /// Looks through all known folders as the window opens, when no other program writes the library.
    pub fn index_at_start(&self) {
        self.start_run(ToIndex::AtStart);
    }

    /// Looks through folders in known ones, which have changed.
    pub fn index_changed(&self, folders: Vec<PathBuf>) {
        self.start_run(ToIndex::Changed(folders));
    }

    fn start_run(&self, what: ToIndex) {
        let control = Arc::new(Control::new());
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&control);
        self.send(Request::Index { what, control });
    }

    /// Asks the run under way to look through folders again; what it does not come to is left for
    /// [`Engine::left_to_look`].
    pub fn look_again(&self, folders: Vec<PathBuf>) {
        self.control().look_again(folders);
    }

    /// The folders that the last run was asked to look through again and did not come to.
    pub fn left_to_look(&self) -> Vec<PathBuf> {
        self.control().take_changed()
    }

    /// Lets indexing wait, or go on.
    pub fn pause_indexing(&self, paused: bool) {
        let control = self.control();
        if paused {
            control.pause();
        } else {
            control.resume();
        }
    }

    /// Ends indexing after the batch under way.
    pub fn stop_indexing(&self) {
        self.control().stop();
    }

    /// Takes changed settings on, or says why they cannot be had.
    pub fn configure(&self, settings: Settings) {
        self.send(Request::Configure(Box::new(settings)));
    }

    /// Lets the next model answer at once.
    pub fn use_next(&self) {
        self.send(Request::UseNext);
    }

    /// Takes a folder out of the library.
    pub fn forget(&self, root: PathBuf) {
        self.send(Request::Forget(root));
    }

    /// Takes a folder of the library for the one that lies elsewhere now.
    pub fn relink(&self, old: PathBuf, new: PathBuf) {
        self.send(Request::Relink { old, new });
    }

    /// Ends the threads, keeping what is indexed; `arriving` is emptied meanwhile, so that none of them waits for it.
    ///
    /// A thread that is held up, as by a drive that does not answer, is left to itself after some seconds: what was
    /// stored is on the disk, and the decoding processes end with the program.
    pub fn stop(&mut self, arriving: &Receiver<Event>) {
        if !self.stop_within(PATIENCE_AT_END, arriving) {
            tracing::warn!("the engine does not end in time; what it was doing is given up");
        }
    }

    /// Does so for so long at most; whether the threads have ended.
    fn stop_within(&mut self, patience: Duration, arriving: &Receiver<Event>) -> bool {
        let start = Instant::now();
        self.newest.fetch_add(1, Ordering::SeqCst);
        self.background.end_all();
        self.stop_indexing();
        let Some(thread) = self.thread.take() else {
            return true;
        };
        let mut told = false;
        while !thread.is_finished() {
            if start.elapsed() >= patience {
                return false;
            }
            told = told || self.requests.try_send(Request::Quit).is_ok();
            let _ = arriving.recv_timeout(Duration::from_millis(20));
        }
        if thread.join().is_err() {
            tracing::error!("the engine thread failed");
        }
        true
    }

    fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands a wish on. None is dropped, since the window waits for what comes of it; stale ones are passed over there.
    fn send(&self, request: Request) {
        if self.requests.send(request).is_err() {
            tracing::warn!("the engine has ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An engine whose thread does as told by `work`, which gets its requests.
    fn engine(work: impl FnOnce(Receiver<Request>) + Send + 'static) -> Engine {
        let (requests, receiver) = unbounded();
        let newest = Arc::<AtomicU64>::default();
        Engine {
            requests,
            background: Newest::new(Arc::clone(&newest)),
            newest,
            newest_list: Arc::default(),
            control: Mutex::default(),
            thread: Some(std::thread::spawn(move || work(receiver))),
        }
    }

    #[test]
    fn a_thread_that_is_held_up_does_not_keep_the_window_open() {
        let (_events, arriving) = Events::channel(&egui::Context::default());
        let (release, held) = crossbeam_channel::bounded::<()>(0);
        // A drive that does not answer until the test is over.
        let mut stalled = engine(move |_| {
            let _ = held.recv();
        });
        let start = Instant::now();
        assert!(!stalled.stop_within(Duration::from_millis(60), &arriving));
        assert!(start.elapsed() < Duration::from_secs(30));
        drop(release);
        // One that listens ends as it is told.
        let mut sound = engine(
            |requests| {
                while !matches!(requests.recv(), Ok(Request::Quit) | Err(_)) {}
            },
        );
        assert!(sound.stop_within(Duration::from_secs(60), &arriving));
    }
}
