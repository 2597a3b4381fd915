//! The desktop around the window: its dialogs, viewers and file manager, each on a thread of its own.

use super::engine::{Event, Events};
use super::errand;
use super::pool::PoolEvent;
use super::query::Query;
use super::wording::file_name;
use crate::figures::Format;
use crate::photo;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A dialog that is gone this soon was never seen.
const NEVER_SEEN: Duration = Duration::from_millis(250);
const NO_DIALOG: &str = "No file dialog could be opened: this desktop offers neither a portal \
    (xdg-desktop-portal) nor zenity. Type or paste a path into the field at the top instead.";

/// Lets the user choose a picture to search with.
pub fn pick_picture(events: &Events) {
    let dialog = rfd::AsyncFileDialog::new()
        .set_title("Search with one picture, or with several together")
        .add_filter("Pictures", &picture_endings())
        .add_filter("All files", &["*"])
        .pick_files();
    pick(events, dialog, |files| {
        Event::Ask(Query::files(
            files.iter().map(|file| file.path().to_owned()),
        ))
    });
}

/// How names of pictures end, in both cases, since some dialogs tell them apart.
fn picture_endings() -> Vec<String> {
    photo::Format::all()
        .flat_map(photo::Format::endings)
        .flat_map(|ending| [(*ending).to_owned(), ending.to_uppercase()])
        .collect()
}

/// Lets the user choose a folder to add.
pub fn pick_folder(events: &Events) {
    let mut dialog = rfd::AsyncFileDialog::new().set_title("Add a folder of photos");
    if let Some(user) = directories::UserDirs::new()
        && let Some(pictures) = user.picture_dir()
    {
        dialog = dialog.set_directory(pictures);
    }
    pick(events, dialog.pick_folder(), |folder| {
        Event::AddFolder(folder.path().to_owned())
    });
}

/// Lets the user choose where a folder of the library lies now.
pub fn pick_place(events: &Events, old: &Path) {
    let title = format!("Where is “{}” now?", file_name(old));
    let dialog = rfd::AsyncFileDialog::new().set_title(title).pick_folder();
    pick(events, dialog, |folder| {
        Event::PlacePicked(folder.path().to_owned())
    });
}

/// Lets the user choose a file that `puma eval --json` wrote.
pub fn pick_benchmark(events: &Events) {
    let dialog = rfd::AsyncFileDialog::new()
        .set_title("Open benchmark sets, as puma eval --json wrote them")
        .add_filter("JSON", &["json"])
        .pick_file();
    pick(events, dialog, |path| {
        Event::Pool(PoolEvent::BenchmarkChosen(path.path().to_owned()))
    });
}

/// Lets the user choose where to write a file in one of the formats `known`; `path` is offered.
pub fn pick_save_place(events: &Events, title: &str, path: &Path, known: &[Format]) {
    let mut dialog = rfd::AsyncFileDialog::new()
        .set_title(title)
        .set_file_name(file_name(path));
    if let Some(folder) = path.parent().filter(|folder| folder.is_dir()) {
        dialog = dialog.set_directory(folder);
    }
    for format in known {
        dialog = dialog.add_filter(format.ending().to_uppercase(), &[format.ending()]);
    }
    pick(events, dialog.save_file(), |path| {
        Event::Pool(PoolEvent::PlaceChosen(path.path().to_owned()))
    });
}

/// Lets the user choose a model file.
pub fn pick_model(events: &Events) {
    let dialog = rfd::AsyncFileDialog::new()
        .set_title("Use another model")
        .add_filter("Checkpoints", &["safetensors", "pth", "pt"])
        .add_filter("All files", &["*"])
        .pick_file();
    pick(events, dialog, |file| {
        Event::ModelPicked(file.path().to_owned())
    });
}

/// Waits for a dialog on a thread; it was opened on the caller's, as macOS demands.
pub(super) fn pick<T>(
    events: &Events,
    dialog: impl Future<Output = Option<T>> + Send + 'static,
    found: impl FnOnce(T) -> Event + Send + 'static,
) {
    errand::run("dialog", events, move || {
        let start = Instant::now();
        match pollster::block_on(dialog) {
            Some(chosen) => Some(found(chosen)),
            None if start.elapsed() < NEVER_SEEN => Some(Event::Error(NO_DIALOG.to_owned())),
            None => None,
        }
    });
}

/// Opens a file in the system's viewer.
pub fn open(events: &Events, path: PathBuf) {
    errand::run("open", events, move || {
        let name = file_name(&path);
        match missing(&path).map_or_else(|| opener::open(&path).map_err(words), Err) {
            Ok(()) => None,
            Err(reason) => Some(Event::Error(format!(
                "{name} could not be opened: {reason}"
            ))),
        }
    });
}

/// Shows a file in the system's file manager.
pub fn reveal(events: &Events, path: PathBuf) {
    errand::run("reveal", events, move || {
        let name = file_name(&path);
        match missing(&path).map_or_else(|| opener::reveal(&path).map_err(words), Err) {
            Ok(()) => None,
            Err(reason) => Some(Event::Error(format!(
                "{name} could not be shown in a file manager: {reason}. It lies in {}.",
                path.parent().unwrap_or(&path).display()
            ))),
        }
    });
}

fn missing(path: &Path) -> Option<String> {
    let gone = std::fs::symlink_metadata(path).is_err();
    gone.then(|| format!("{} is not there any more", path.display()))
}

fn words(error: opener::OpenError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

/// Sorts what was dropped, typed or named on the command line into folders and pictures.
///
/// `offer` is handed on: whether folders should be asked about first.
pub fn sort(events: &Events, paths: Vec<PathBuf>, offer: bool) {
    errand::run("sort", events, move || Some(sorted(paths, offer)));
}

fn sorted(paths: Vec<PathBuf>, offer: bool) -> Event {
    let (mut folders, mut files, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let path = std::path::absolute(&path).unwrap_or(path);
        match std::fs::metadata(&path) {
            Ok(facts) if facts.is_dir() => folders.push(path),
            Ok(_) => files.push(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                refused.push(format!("There is no file or folder {}.", path.display()));
            }
            Err(error) => refused.push(format!("{} cannot be read: {error}.", path.display())),
        }
    }
    Event::Sorted {
        offer,
        folders,
        files,
        refused,
    }
}

/// The opaque pixels of a pasted picture, over white where it is transparent; `None` for an empty one.
pub fn rgb(image: &egui::ColorImage) -> Option<image::RgbImage> {
    let [width, height] = image.size;
    if width == 0 || height == 0 {
        return None;
    }
    let mut pixels = Vec::with_capacity(width * height * 3);
    for color in &image.pixels {
        // egui keeps colours multiplied by their opacity: what is missing to 255 is the white behind.
        let white = 255 - color.a();
        pixels.extend([color.r(), color.g(), color.b()].map(|part| part.saturating_add(white)));
    }
    image::RgbImage::from_raw(
        u32::try_from(width).ok()?,
        u32::try_from(height).ok()?,
        pixels,
    )
}
