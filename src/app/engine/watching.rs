use super::facts::is_denied;
use super::{Event, Events, Setup};
use crate::library::Library;
use crate::watch::{Mode, Watcher};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the thread looks whether it should end, or follow other folders.
const TICK: Duration = Duration::from_millis(300);

/// The thread that watches the library's folders; ends when it is dropped.
pub(super) struct Watching {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// Watches all folders of the library, those that are added later as well, and tells the window what changes.
    pub(super) fn start(setup: &Setup, events: &Events) -> anyhow::Result<Watching> {
        let (end, ended) = bounded(0);
        // The library lies beside its log, its lock and its caches, whose names begin like its own.
        let ignored = vec![setup.library.clone(), setup.thumbnails.clone()];
        let follower = Follower {
            library: Library::open(&setup.library)?,
            watcher: Watcher::new(ignored, setup.pace),
            events: events.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("puma-watch".to_owned())
            .spawn(move || follower.run(&ended))?;
        Ok(Watching {
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the watching thread failed");
        }
    }
}

struct Follower {
    library: Library,
    watcher: Watcher,
    events: Events,
}

impl Follower {
    fn run(mut self, ended: &Receiver<()>) {
        let (mut change, mut modes) = (None, Vec::new());
        while ended.try_recv() != Err(TryRecvError::Disconnected) {
            if let Err(error) = self.follow(&mut change) {
                tracing::warn!("the folders to watch are not known: {error}");
            }
            let changed = self.watcher.changed(TICK);
            let now = self.watcher.modes();
            if now != modes {
                let away = now.iter().filter(|(_, mode)| *mode == Mode::Away);
                let denied = away
                    .map(|(folder, _)| folder.clone())
                    .filter(|folder| is_denied(folder))
                    .collect();
                self.events.send(Event::Watching {
                    modes: now.clone(),
                    denied,
                });
                modes = now;
            }
            if !changed.is_empty() {
                self.events.send(Event::DiskChanged(changed));
            }
        }
    }

    /// Follows the folders of the library, if it has changed.
    fn follow(&mut self, seen: &mut Option<i64>) -> anyhow::Result<()> {
        let change = Some(self.library.change()?);
        if change != *seen {
            *seen = change;
            self.watcher.follow(&self.library.root_folders()?);
        }
        Ok(())
    }
}
