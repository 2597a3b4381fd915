use super::{News, Results};
use crate::app::desktop;
use crate::app::engine::Event;
use crate::app::export::{self, Chosen, Format, Job, Outcome};
use crate::app::messages::Kind;
use crate::app::puma_app::PumaApp;
use crate::app::wording::{counted, file_name};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the user is exporting.
#[derive(Default)]
pub struct Exporting {
    /// Whether the question where to is open.
    pub open: bool,
    /// A file that is there already and must not be replaced unasked.
    pub asks_to_replace: Option<PathBuf>,
    /// Photos done and to be done, while it runs.
    pub progress: Option<(usize, usize)>,
    stop: Arc<AtomicBool>,
}

impl Exporting {
    /// Opens the question, or closes it.
    pub fn open(&mut self, open: bool) {
        self.open = open;
        self.asks_to_replace = None;
    }

    /// Ends what runs.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Begins to write.
pub fn start(app: &mut PumaApp, ctx: &egui::Context, format: Format, path: PathBuf, replace: bool) {
    let results = &mut app.state.results;
    if results.export.progress.is_some() {
        return;
    }
    let chosen = chosen(results);
    results.export.stop = Arc::default();
    results.export.progress = Some((0, chosen.items.len()));
    let job = Job {
        chosen,
        format,
        path: std::path::absolute(&path).unwrap_or(path),
        replace,
        thumbnails: app.thumbnails.folder().to_owned(),
        reader: app.reader.clone(),
        fonts: ctx.fonts(|fonts| fonts.definitions().clone()),
        stop: Arc::clone(&results.export.stop),
    };
    export::run(&app.events, job);
}

fn chosen(results: &Results) -> Chosen {
    let item = |at: usize| match &results.tiles {
        Some(tiles) => tiles.get(at).map(|tile| tile.item),
        None => u32::try_from(at).ok(),
    };
    let items = if results.selection.is_empty() {
        (0..results.len()).filter_map(item).collect()
    } else {
        results.selection.iter().filter_map(item).collect()
    };
    Chosen {
        source: results.source.clone(),
        items,
    }
}

/// Lets the user choose the place in the system's dialog, which asks by itself before a file is replaced.
pub fn pick(app: &PumaApp, format: Format) {
    let dialog = rfd::AsyncFileDialog::new()
        .set_title("Export")
        .set_file_name(format!("puma results.{}", format.ending()))
        .add_filter(format.name(), &[format.ending()])
        .save_file();
    desktop::pick(&app.events, dialog, move |file| {
        let mut path = file.path().to_owned();
        let mut replace = true;
        if path.extension().is_none() {
            // The dialog asked about another name.
            path.set_extension(format.ending());
            replace = false;
        }
        Event::Results(News::ExportTo {
            format,
            path,
            replace,
        })
    });
}

/// Says how an export ended.
pub fn ended(app: &mut PumaApp, path: PathBuf, outcome: Outcome, now_s: f64) {
    let export = &mut app.state.results.export;
    export.progress = None;
    let name = file_name(&path);
    let folder = path.parent().unwrap_or(&path).display().to_string();
    let (kind, text) = match outcome {
        Outcome::Written { photos, left_out } => {
            export.open(false);
            let mut text = format!("{} saved in {name}, in {folder}.", counted(photos, "photo"));
            if left_out > 0 {
                text += &format!(
                    " {} did not fit on the sheet: select fewer, or export a table.",
                    counted(left_out, "photo")
                );
            }
            (Kind::Info, text)
        }
        Outcome::Exists => {
            export.open = true;
            export.asks_to_replace = Some(path);
            return;
        }
        Outcome::Stopped => (
            Kind::Info,
            "The export was stopped; nothing was saved.".to_owned(),
        ),
        Outcome::Failed(reason) => {
            let text = format!("{name} could not be saved: {reason}. Choose another place.");
            (Kind::Error, text)
        }
    };
    app.state.messages.add(kind, text, now_s);
}
