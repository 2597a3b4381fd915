use super::Pace;
use super::news::{News, blindness, folder_of, sorted};
use super::pace::Waiting;
use super::remote;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// News that may wait; what comes on top of them is lost, and everything is looked through.
const MOST_NEWS: usize = 1 << 16;

/// How a folder is kept an eye on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The system tells of every change.
    Watched,
    /// It is looked through from time to time, for this reason, in words that go on after "because".
    Periodic(String),
    /// It is not there now, as on a drive that is not mounted; it is watched again when it comes back.
    Away,
}

/// A folder that is followed.
#[derive(Debug)]
struct Folder {
    mode: Mode,
    /// When it was looked through last, as far as this watcher knows.
    looked: Instant,
}

/// Follows folders and tells which of them, or of those inside them, should be looked through.
pub struct Watcher {
    system: Result<RecommendedWatcher, String>,
    news: Receiver<News>,
    lost: Arc<AtomicBool>,
    /// What the program itself writes: paths that begin like this.
    ignored: Vec<PathBuf>,
    pace: Pace,
    folders: BTreeMap<PathBuf, Folder>,
    waiting: Waiting,
    /// When it was last asked which folders are there.
    asked: Instant,
}

impl Watcher {
    /// A watcher that follows nothing yet; changes of paths that begin like one of `ignored` are no news.
    pub fn new(ignored: Vec<PathBuf>, pace: Pace) -> Watcher {
        let (sender, news) = bounded(MOST_NEWS);
        let lost = Arc::new(AtomicBool::new(false));
        let system = start(sender, Arc::clone(&lost));
        Watcher {
            system: system.map_err(|error| blindness(&error)),
            news,
            lost,
            ignored,
            pace,
            folders: BTreeMap::new(),
            waiting: Waiting::default(),
            asked: Instant::now(),
        }
    }

    /// Follows these folders and no others.
    pub fn follow(&mut self, folders: &[PathBuf]) {
        let ended: Vec<PathBuf> = self
            .folders
            .keys()
            .filter(|known| !folders.contains(known))
            .cloned()
            .collect();
        for folder in ended {
            self.unwatch(&folder);
            self.folders.remove(&folder);
        }
        for folder in folders {
            if !self.folders.contains_key(folder) {
                let mode = self.mode_of(folder);
                let looked = Instant::now();
                self.folders.insert(folder.clone(), Folder { mode, looked });
            }
        }
    }

    /// How each folder is followed.
    pub fn modes(&self) -> Vec<(PathBuf, Mode)> {
        self.folders
            .iter()
            .map(|(path, folder)| (path.clone(), folder.mode.clone()))
            .collect()
    }

    /// Waits for `patience` at most and gives the folders that should be looked through now: those in which something
    /// changed, those that came back, and those that are looked through from time to time.
    pub fn changed(&mut self, patience: Duration) -> Vec<PathBuf> {
        let end = Instant::now() + patience;
        loop {
            let due = self.waiting.due(&self.pace).unwrap_or(end).min(end);
            match self.news.recv_deadline(due) {
                Ok(news) => self.take(news),
                Err(_) => break,
            }
            if Instant::now() >= end {
                break;
            }
        }
        if self.lost.swap(false, Ordering::Relaxed) {
            self.take(News::Lost);
        }
        let now = Instant::now();
        let mut changed = self.waiting.take_if_due(&self.pace, now);
        changed.extend(self.ask_for_all(now));
        changed.extend(self.take_their_turn(now));
        changed
    }

    fn take(&mut self, news: News) {
        let now = Instant::now();
        match news {
            News::Changed(path) => {
                let root = self.folders.keys().find(|root| path.starts_with(root));
                if let Some(root) = root
                    && let Some(folder) = folder_of(path, root, &self.ignored)
                {
                    self.waiting.add(folder, root, now);
                }
            }
            News::Lost => {
                for root in self.folders.keys() {
                    self.waiting.add(root.clone(), root, now);
                }
            }
            News::Blind(paths, reason) => {
                for (root, folder) in &mut self.folders {
                    let concerned =
                        paths.is_empty() || paths.iter().any(|path| path.starts_with(root));
                    if concerned && folder.mode == Mode::Watched {
                        folder.mode = Mode::Periodic(reason.clone());
                        self.waiting.add(root.clone(), root, now);
                    }
                }
            }
        }
    }

    /// Asks, now and then, whether the folders are there; gives those that came back.
    fn ask_for_all(&mut self, now: Instant) -> Vec<PathBuf> {
        if now - self.asked < self.pace.look {
            return Vec::new();
        }
        self.asked = now;
        let is_away = |folder: &Folder| folder.mode == Mode::Away;
        let turned: Vec<PathBuf> = self
            .folders
            .iter()
            .filter(|(path, folder)| is_there(path) == is_away(folder))
            .map(|(path, _)| path.clone())
            .collect();
        let mut back = Vec::new();
        for path in turned {
            self.unwatch(&path);
            let mode = self.mode_of(&path);
            if mode != Mode::Away {
                back.push(path.clone());
            }
            self.folders.insert(path, Folder { mode, looked: now });
        }
        back
    }

    /// The folders whose turn it is to be looked through.
    fn take_their_turn(&mut self, now: Instant) -> Vec<PathBuf> {
        let every = self.pace.every;
        self.folders
            .iter_mut()
            .filter(|(_, folder)| {
                matches!(folder.mode, Mode::Periodic(_)) && now - folder.looked >= every
            })
            .map(|(path, folder)| {
                folder.looked = now;
                path.clone()
            })
            .collect()
    }

    /// Has a folder watched, as far as that goes.
    fn mode_of(&mut self, folder: &Path) -> Mode {
        if !is_there(folder) {
            return Mode::Away;
        }
        let watched = match &mut self.system {
            Ok(system) => system
                .watch(folder, RecursiveMode::Recursive)
                .map_err(|error| blindness(&error)),
            Err(reason) => Err(reason.clone()),
        };
        match watched {
            Ok(()) => remote::reason(folder).map_or(Mode::Watched, Mode::Periodic),
            Err(reason) => {
                // What is half watched would only take watches from other programs.
                self.unwatch(folder);
                Mode::Periodic(reason)
            }
        }
    }

    fn unwatch(&mut self, folder: &Path) {
        if let Ok(system) = &mut self.system {
            // Of what is gone, the system has let go by itself.
            let _gone = system.unwatch(folder);
        }
    }
}

/// The system's watcher; what it tells goes to `news`, and `lost` says when that is full.
fn start(news: Sender<News>, lost: Arc<AtomicBool>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |told| {
        for one in sorted(told) {
            if let Err(TrySendError::Full(_)) = news.try_send(one) {
                lost.store(true, Ordering::Relaxed);
            }
        }
    })
}

/// Whether a folder is there and holds something; an empty one is taken for a drive that is not mounted.
fn is_there(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
