use crate::library::{Library, ModelKey};
use crate::photo::{Reader, Thumbnails, mtime_ns};
use crossbeam_channel::{Receiver, Sender, bounded};
use egui::ColorImage;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

type Loaded = (PathBuf, Result<ColorImage, String>);

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
    waiting: Vec<PathBuf>,
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

    pub(super) fn order(&self, path: PathBuf) {
        let mut state = lock(&self.orders);
        state.waiting.push(path);
        if state.waiting.len() > MOST_WAITING {
            let oldest = state.waiting.remove(0);
            state.given_up.push(oldest);
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

fn next(orders: &Orders) -> Option<PathBuf> {
    let mut state = lock(orders);
    loop {
        if state.closed {
            return None;
        }
        if let Some(path) = state.waiting.pop() {
            return Some(path);
        }
        state = orders
            .news
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

fn work(orders: &Orders, source: &Source, sender: &Sender<Loaded>, ctx: &egui::Context) {
    while let Some(path) = next(orders) {
        let result = source.load(&path);
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
    fn load(&self, path: &Path) -> Result<ColorImage, String> {
        let facts = match std::fs::metadata(path) {
            Ok(facts) => facts,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let gone = || Err("The file is no longer there.".to_owned());
                return self.away(path).unwrap_or_else(gone);
            }
            Err(error) => return Err(format!("The file cannot be read: {error}.")),
        };
        self.thumbnails
            .load_or_make(path, mtime_ns(&facts), facts.len(), || {
                self.reader.thumbnail(path)
            })
            .map(|image| super::color_image(&image))
            .map_err(|error| format!("{:#}", anyhow::Error::from(error)))
    }

    /// What was kept of a photo whose whole folder is away, as on a drive that is not connected; `None` for others.
    fn away(&self, path: &Path) -> Option<Result<ColorImage, String>> {
        let library = Library::open_existing(&self.library).ok()?;
        let photo = library.photo_at(path).ok()??;
        // What a model says of it is not asked.
        let photo = library.photo(photo, &ModelKey::new("")).ok()?;
        let steps = photo.relative.components().count();
        let root = photo.path.ancestors().nth(steps)?;
        if std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
            return None;
        }
        let kept = self
            .thumbnails
            .load(path, photo.mtime_ns, photo.size_bytes)
            .map(|image| super::color_image(&image));
        Some(kept.ok_or_else(|| "Its folder is not there now.".to_owned()))
    }
}
