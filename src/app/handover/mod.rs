//! One window for each library: a second start hands its pictures to the window that is open, over a local socket.
//!
//! The first window holds a lock beside the socket for as long as it lives; the system lets go of it after a crash, so
//! a socket that was left behind is told from one that is served. Only this user can reach the socket, and nothing of
//! it is on the network.

mod message;
mod place;

pub use place::Place;

use super::engine::{Event, Events};
use interprocess::local_socket::traits::{ListenerExt, Stream as _};
use interprocess::local_socket::{Listener, ListenerOptions, Stream};
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a window that was just started may take until it answers.
const WINDOW_STARTS: Duration = Duration::from_secs(20);
/// How long one message may take to come in.
const MESSAGE: Duration = Duration::from_secs(5);
const TAKEN: &[u8] = b"taken\n";

/// What a start finds.
pub enum Found {
    /// No window on this library: this start is to become it. `None` where the system gives no socket.
    NoWindow(Option<Door>),
    /// An open window, which has taken the paths.
    Window,
}

/// The place where a window takes what later starts hand over.
pub struct Door {
    listener: Listener,
    guard: Guard,
}

/// Keeps other starts from becoming a second window; takes the socket away when the window ends.
pub struct Guard {
    place: Place,
    /// Whether the window ends and takes nothing any more.
    closed: Arc<AtomicBool>,
    /// Locked as long as it is open.
    _lock: File,
}

impl Guard {
    /// Takes nothing any more, while other starts are still kept from becoming a second window: what they bring now, no
    /// window would show, so they wait until this guard is dropped.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.place.remove_socket();
    }
}

/// Hands `paths` to the window that is open on the library of `place`, or becomes ready to be that window.
///
/// `alone` wants a window of its own even beside another.
pub fn find(place: Place, paths: &[PathBuf], alone: bool) -> Found {
    let start = Instant::now();
    loop {
        match place.lock() {
            Ok(Some(lock)) => return Found::NoWindow(Door::open(place, lock)),
            Ok(None) if alone => return Found::NoWindow(None),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!("other starts cannot hand their pictures to this window: {error}");
                return Found::NoWindow(None);
            }
        }
        match hand_over(&place, paths) {
            Ok(()) => return Found::Window,
            Err(error) if start.elapsed() > WINDOW_STARTS => {
                tracing::warn!("the open window does not answer ({error}); this is another one");
                return Found::NoWindow(None);
            }
            // Just starting, or just ending.
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn hand_over(place: &Place, paths: &[PathBuf]) -> std::io::Result<()> {
    let mut stream = Stream::connect(place.socket_name()?)?;
    stream.set_send_timeout(Some(MESSAGE))?;
    stream.set_recv_timeout(Some(WINDOW_STARTS))?;
    stream.write_all(&message::to_bytes(paths))?;
    stream.flush()?;
    let mut answer = [0; TAKEN.len()];
    stream.read_exact(&mut answer)?;
    if answer != TAKEN {
        return Err(std::io::Error::other("the open window refused the paths"));
    }
    Ok(())
}

impl Door {
    fn open(place: Place, lock: File) -> Option<Door> {
        // We hold the lock: a socket that is still there was left by a crash.
        place.remove_socket();
        match listen(&place) {
            Ok(listener) => Some(Door {
                listener,
                guard: Guard {
                    place,
                    closed: Arc::default(),
                    _lock: lock,
                },
            }),
            Err(error) => {
                tracing::warn!("other starts cannot hand their pictures to this window: {error}");
                None
            }
        }
    }

    /// Takes what later starts hand over, on a thread of its own, until the guard is closed.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn serve(self, events: Events) -> std::io::Result<Guard> {
        let Door { listener, guard } = self;
        let closed = Arc::clone(&guard.closed);
        std::thread::Builder::new()
            .name("puma-handover".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    match stream.and_then(|stream| take(stream, &closed, &events)) {
                        Ok(()) => {}
                        Err(error) => tracing::warn!("a start handed over nothing of use: {error}"),
                    }
                }
            })?;
        Ok(guard)
    }
}

fn listen(place: &Place) -> std::io::Result<Listener> {
    let options = ListenerOptions::new().name(place.socket_name()?);
    #[cfg(target_os = "linux")]
    let options = {
        use interprocess::os::unix::local_socket::ListenerOptionsExt;
        options.mode(0o600)
    };
    // The guard takes the socket away: the thread that listens is not waited for.
    options.reclaim_name(false).create_sync()
}

fn take(mut stream: Stream, closed: &AtomicBool, events: &Events) -> std::io::Result<()> {
    stream.set_recv_timeout(Some(MESSAGE))?;
    stream.set_send_timeout(Some(MESSAGE))?;
    let paths = message::read(&mut stream)?;
    if closed.load(Ordering::SeqCst) {
        return Err(std::io::Error::other("the window ends"));
    }
    tracing::debug!("another start handed over {} paths", paths.len());
    events.send(Event::HandedOver(paths));
    stream.write_all(TAKEN)?;
    stream.flush()
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.place.remove_socket();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn place(folder: &Path, library: &str) -> Place {
        Place::of(&folder.join("run"), &folder.join(library))
    }

    fn door(found: Found) -> Door {
        match found {
            Found::NoWindow(Some(door)) => door,
            Found::NoWindow(None) => panic!("no socket"),
            Found::Window => panic!("a window"),
        }
    }

    #[test]
    fn a_second_start_hands_its_paths_over() {
        let folder = tempfile::tempdir().unwrap();
        let (events, arriving) = Events::channel(&egui::Context::default());
        let first = door(find(place(folder.path(), "a.sqlite"), &[], false));
        let guard = first.serve(events).unwrap();
        let paths = [folder.path().join("写真 1.jpg"), folder.path().join("b")];
        let found = find(place(folder.path(), "a.sqlite"), &paths, false);
        assert!(matches!(found, Found::Window));
        match arriving.recv_timeout(WINDOW_STARTS).unwrap() {
            Event::HandedOver(taken) => assert_eq!(taken, paths),
            _ => panic!("other news"),
        }
        // Another library has a window of its own.
        drop(door(find(place(folder.path(), "b.sqlite"), &paths, false)));
        drop(guard);
        drop(door(find(place(folder.path(), "a.sqlite"), &paths, false)));
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_left_by_a_crash_is_taken_over_and_only_the_user_reaches_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let here = place(folder.path(), "a.sqlite");
        let first = door(find(here.clone(), &[], false));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("run")), 0o700);
        #[cfg(target_os = "linux")]
        assert_eq!(mode(here.socket_file()), 0o600);
        // A crash: the lock is let go of, the socket stays.
        let Door { listener, guard } = first;
        let Guard { _lock: lock, .. } = &guard;
        lock.unlock().unwrap();
        drop(listener);
        assert!(here.socket_file().exists());
        drop(door(find(here.clone(), &[], false)));
        assert!(!here.socket_file().exists());
    }

    #[test]
    fn a_window_that_ends_takes_nothing_and_the_next_start_becomes_the_window() {
        let folder = tempfile::tempdir().unwrap();
        let (events, arriving) = Events::channel(&egui::Context::default());
        let here = place(folder.path(), "a.sqlite");
        let guard = door(find(here.clone(), &[], false)).serve(events).unwrap();
        let paths = [folder.path().join("late.jpg")];
        // One has come in already, the other one has not.
        let mut early = Stream::connect(here.socket_name().unwrap()).unwrap();
        guard.close();
        early.write_all(&message::to_bytes(&paths)).unwrap();
        let mut answer = Vec::new();
        let _ = early.read_to_end(&mut answer);
        assert!(answer.is_empty());
        assert!(hand_over(&here, &paths).is_err());
        assert!(arriving.try_recv().is_err());
        // No second window beside the one that ends.
        assert!(here.lock().unwrap().is_none());
        drop(guard);
        drop(door(find(here, &paths, false)));
    }

    #[test]
    fn nonsense_reaches_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let (events, arriving) = Events::channel(&egui::Context::default());
        let here = place(folder.path(), "a.sqlite");
        let guard = door(find(here.clone(), &[], false)).serve(events).unwrap();
        let mut stream = Stream::connect(here.socket_name().unwrap()).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty());
        assert!(arriving.try_recv().is_err());
        drop(guard);
    }
}
