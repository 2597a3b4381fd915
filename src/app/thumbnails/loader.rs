use crate::library::{Library, ModelKey};
use crate::photo::{Reader, Thumbnails, mtime_ns};
use crossbeam_channel::{Receiver, Sender, bounded};
use egui::ColorImage;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

type Loaded = (PathBuf, Result<Picture, String>);

/// Which state of a file a picture shows: its modification time and its size.
pub(super) type Stamp = (i64, u64);

/// A thumbnail, and which state of its file it shows.
pub(super) struct Picture {
    pub(super) image: ColorImage,
    pub(super) stamp: Stamp,
}

/// A file whose thumbnail is wanted.
struct Order {
    path: PathBuf,
    /// What is shown of it already: nothing is loaded while the file is still the same.
    shown: Option<Stamp>,
}

/// Threads that load thumbnails, the one ordered last first: that is what the user looks at.
pub(super) struct Loader {
    orders: Arc<Orders>,
    loaded: Receiver<Loaded>,
}

#[derive(Default)]
struct Orders {
    state: Mutex<OrderState>,
    news: Condvar,
}

#[derive(Default)]
struct OrderState {
    waiting: Vec<Order>,
    given_up: Vec<PathBuf>,
    closed: bool,
}

const THREADS: usize = 2;
/// Orders beyond this give up the oldest ones, which lie far from what is seen.
const MOST_WAITING: usize = 256;
/// Loaded pictures that may wait for the window, at 256 KiB each.
const MOST_LOADED: usize = 64;

impl Loader {
    pub(super) fn start(
        ctx: &egui::Context,
        folder: &Path,
        library: &Path,
        reader: &Reader,
    ) -> std::io::Result<Loader> {
        let orders = Arc::new(Orders::default());
        let (sender, loaded) = bounded(MOST_LOADED);
        for number in 0..THREADS {
            let orders = Arc::clone(&orders);
            let source = Source {
                thumbnails: Thumbnails::new(folder),
                library: library.to_owned(),
                reader: reader.clone(),
            };
            let sender = sender.clone();
            let ctx = ctx.clone();
            std::thread::Builder::new()
                .name(format!("puma-thumbnail-{number}"))
                .spawn(move || work(&orders, &source, &sender, &ctx))?;
        }
        Ok(Loader { orders, loaded })
    }

    pub(super) fn order(&self, path: PathBuf, shown: Option<Stamp>) {
        let mut state = lock(&self.orders);
        state.waiting.push(Order { path, shown });
        if state.waiting.len() > MOST_WAITING {
            let oldest = state.waiting.remove(0);
            state.given_up.push(oldest.path);
        }
        drop(state);
        self.orders.news.notify_one();
    }

    pub(super) fn loaded(&self) -> impl Iterator<Item = Loaded> + '_ {
        self.loaded.try_iter()
    }

    pub(super) fn given_up(&self) -> Vec<PathBuf> {
        std::mem::take(&mut lock(&self.orders).given_up)
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        lock(&self.orders).closed = true;
        self.orders.news.notify_all();
    }
}

fn lock(orders: &Orders) -> std::sync::MutexGuard<'_, OrderState> {
    // A list of paths is sound whatever a panicking thread did to it.
    orders.state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next(orders: &Orders) -> Option<Order> {
    let mut state = lock(orders);
    loop {
        if state.closed {
            return None;
        }
        if let Some(order) = state.waiting.pop() {
            return Some(order);
        }
        state = orders
            .news
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

fn work(orders: &Orders, source: &Source, sender: &Sender<Loaded>, ctx: &egui::Context) {
    while let Some(Order { path, shown }) = next(orders) {
        let Some(result) = source.load(&path, shown) else {
            continue;
        };
        if sender.send((path, result)).is_err() {
            return;
        }
        ctx.request_repaint();
    }
}

/// Where thumbnails come from.
struct Source {
    thumbnails: Thumbnails,
    /// The library's file, which knows photos that cannot be reached.
    library: PathBuf,
    reader: Reader,
}

impl Source {
    /// The thumbnail of a file; `None` where the one that is shown need not be replaced.
    fn load(&self, path: &Path, shown: Option<Stamp>) -> Option<Result<Picture, String>> {
        let facts = match std::fs::metadata(path) {
            Ok(facts) => facts,
            // What is away or gone stays shown as it was.
            Err(_) if shown.is_some() => return None,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let gone = || Err("The file is no longer there.".to_owned());
                return Some(self.away(path).unwrap_or_else(gone));
            }
            Err(error) => return Some(Err(format!("The file cannot be read: {error}."))),
        };
        let stamp = (mtime_ns(&facts), facts.len());
        if shown == Some(stamp) {
            return None;
        }
        let made = self
            .thumbnails
            .load_or_make(path, stamp.0, stamp.1, || self.reader.thumbnail(path))
            .map(|image| picture(&image, stamp))
            .map_err(|error| format!("{:#}", anyhow::Error::from(error)));
        Some(made)
    }

    /// What was kept of a photo whose whole folder is away, as on a drive that is not connected; `None` for others.
    fn away(&self, path: &Path) -> Option<Result<Picture, String>> {
        let library = Library::open_existing(&self.library).ok()?;
        let photo = library.photo_at(path).ok()??;
        // What a model says of it is not asked.
        let photo = library.photo(photo, &ModelKey::new("")).ok()?;
        let steps = photo.relative.components().count();
        let root = photo.path.ancestors().nth(steps)?;
        if std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
            return None;
        }
        let stamp = (photo.mtime_ns, photo.size_bytes);
        let kept = self
            .thumbnails
            .load(path, stamp.0, stamp.1)
            .map(|image| picture(&image, stamp));
        Some(kept.ok_or_else(|| "Its folder is not there now.".to_owned()))
    }
}

fn picture(image: &image::RgbImage, stamp: Stamp) -> Picture {
    Picture {
        image: super::color_image(image),
        stamp,
    }
}
