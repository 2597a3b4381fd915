//! What wishes about the results change, and what news from their workers do.

use super::{News, Preview, Source, Wish, exporting, trash};
use crate::app::command::{Command, Commands};
use crate::app::engine::{Event, Events, Sample};
use crate::app::errand;
use crate::app::messages::Kind;
use crate::app::puma_app::PumaApp;
use crate::app::query::Query;
use crate::app::state::State;
use crate::app::thumbnails::color_image;
use crate::app::wording::{counted, file_name};
use crate::photo::{self, Part, Reader};
use egui::{Key, Modifiers};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest side of a picture on the clipboard, which is encoded while the window waits.
const CLIPBOARD_PX: u32 = 2048;

/// Carries out `wish`.
pub fn handle(app: &mut PumaApp, ctx: &egui::Context, wish: Wish) {
    let now_s = ctx.input(|input| input.time);
    let results = &mut app.state.results;
    let all = results.len();
    match wish {
        Wish::Go(to) => results.selection.go(to.min(all.saturating_sub(1))),
        Wish::Extend(to) => results.selection.extend(to.min(all.saturating_sub(1)), all),
        Wish::Toggle(at) if at < all => results.selection.toggle(at, all),
        Wish::Toggle(_) => {}
        Wish::ChooseAll => results.selection.choose_all(all),
        Wish::ChooseNone => results.selection.clear(),
        Wish::Preview(at) => {
            if let Some(path) = results.path(at).map(Path::to_owned) {
                results.preview = Some(Preview::new(path, Some(at)));
                results.selection.go(at);
            }
            // The first click of a double click has asked already; its answer was held back.
            let waits = |asking: &crate::app::state::Asking| asking.not_before_s > now_s;
            if app.state.asking.as_ref().is_some_and(waits) {
                app.state.asking = None;
            }
        }
        Wish::ClosePreview => {
            // The grid scrolls to what was looked at last and takes the keys again.
            if let Some(at) = results.preview.take().and_then(|preview| preview.at) {
                results.selection.go(at);
            }
        }
        Wish::OpenGroup(at) => {
            if let Some(path) = results.path(at).map(Path::to_owned) {
                results.opened.insert(path);
                results.arrange_again(None);
            }
        }
        Wish::Load(order) => app.pictures.order(order),
        Wish::SearchWith(paths) => search_with(app, paths),
        Wish::CopyPaths(paths) => copy_paths(app, ctx, &paths, now_s),
        Wish::CopyPicture(path) => copy_picture(&app.events, app.reader.clone(), path),
        Wish::AskToTrash(paths) if !paths.is_empty() => results.trashing.asked = Some(paths),
        Wish::AskToTrash(_) => {}
        Wish::KeepFiles => results.trashing.asked = None,
        Wish::Trash => {
            if let Some(paths) = results.trashing.asked.take() {
                results.trashing.busy = true;
                trash::trash(&app.events, paths);
            }
        }
        Wish::LeaveInTrash => results.trashing.last.clear(),
        Wish::OpenExport(open) => results.export.open(open),
        Wish::PickExport(format) => exporting::pick(app, format),
        Wish::Export {
            format,
            path,
            replace,
        } => exporting::start(app, ctx, format, path, replace),
        Wish::StopExport => results.export.stop(),
        Wish::Untrash if !results.trashing.busy => {
            results.trashing.busy = true;
            trash::take_back(&app.events, results.trashing.last.clone());
        }
        Wish::Untrash => {}
    }
}

/// Changes the state as `news` say.
pub fn receive(app: &mut PumaApp, ctx: &egui::Context, news: News) {
    let now_s = ctx.input(|input| input.time);
    match news {
        News::Shot(shot) => app.pane.take(ctx, shot),
        News::Picture { path, picture } => {
            if let Some(preview) = &mut app.state.results.preview
                && preview.path == path
            {
                preview.picture = Some(picture);
            }
        }
        News::Copy {
            name,
            image,
            smaller,
        } => {
            let [width, height] = image.size;
            ctx.copy_image((*image).clone());
            let how = if smaller { ", made smaller for it" } else { "" };
            let text = format!("{name} is on the clipboard: {width} × {height} pixels{how}.");
            app.state.messages.add(Kind::Info, text, now_s);
        }
        News::ExportTo {
            format,
            path,
            replace,
        } => exporting::start(app, ctx, format, path, replace),
        News::ExportGoesOn { done, of } => {
            if let Some(progress) = &mut app.state.results.export.progress {
                *progress = (done, of);
            }
        }
        News::Exported { path, outcome } => exporting::ended(app, path, outcome, now_s),
        News::Trashed { gone, kept } => trashed(app, gone, &kept, now_s),
        News::BackAgain(paths) => {
            let gone = &mut app.state.results.gone;
            gone.retain(|path| !paths.contains(path));
            app.state.results.arrange_again(None);
        }
        News::Untrashed { back, reason } => {
            let trashing = &mut app.state.results.trashing;
            trashing.busy = false;
            trashing.last.retain(|path| !back.contains(path));
            for path in &back {
                app.state.results.gone.remove(path);
            }
            if !back.is_empty() {
                let text = format!("{} taken back from the trash.", counted(back.len(), "file"));
                app.state.messages.add(Kind::Info, text, now_s);
                rescan(app, &back);
                app.state.results.arrange_again(None);
                app.thumbnails.look_again();
            }
            if let Some(reason) = reason {
                let text = format!(
                    "Not everything could be taken back: {reason}. The trash of the file manager may still hold it."
                );
                app.state.messages.add(Kind::Error, text, now_s);
            }
        }
    }
}

fn search_with(app: &mut PumaApp, paths: Vec<PathBuf>) {
    app.state.results.preview = None;
    app.state.results.selection.clear();
    if !paths.is_empty() {
        app.commands.send(Command::Ask(Query::files(paths)));
    }
}

fn copy_paths(app: &mut PumaApp, ctx: &egui::Context, paths: &[PathBuf], now_s: f64) {
    let text = match paths {
        [] => return,
        [path] => format!("The path of {} is on the clipboard.", file_name(path)),
        paths => format!("{} are on the clipboard.", counted(paths.len(), "path")),
    };
    let lines: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    ctx.copy_text(lines.join("\n"));
    app.state.messages.add(Kind::Info, text, now_s);
}

fn copy_picture(events: &Events, reader: Reader, path: PathBuf) {
    errand::run("copy", events, move || {
        let name = file_name(&path);
        match reader.read(&path) {
            Ok(image) => {
                let all = Part::all(image.width(), image.height());
                let copy = photo::part(&image, all, [CLIPBOARD_PX; 2]);
                Some(Event::Results(News::Copy {
                    name,
                    smaller: copy.dimensions() != image.dimensions(),
                    image: Arc::new(color_image(&copy)),
                }))
            }
            Err(error) => {
                let reason = format!("{:#}", anyhow::Error::from(error));
                Some(Event::Error(format!(
                    "{name} could not be copied: {reason}."
                )))
            }
        }
    });
}

fn trashed(app: &mut PumaApp, gone: Vec<PathBuf>, kept: &[(PathBuf, String)], now_s: f64) {
    let results = &mut app.state.results;
    results.trashing.busy = false;
    if let Some((path, reason)) = kept.first() {
        let others = match kept.len() {
            1 => String::new(),
            more => format!(" The same goes for {} more.", more - 1),
        };
        let text = format!(
            "{} could not be moved to the trash: {reason}. Nothing was deleted.{others} \
             It can still be deleted in the file manager.",
            file_name(path)
        );
        app.state.messages.add(Kind::Error, text, now_s);
    }
    if gone.is_empty() {
        return;
    }
    let text = format!("{} moved to the trash.", counted(gone.len(), "file"));
    app.state.messages.add(Kind::Info, text, now_s);
    let results = &mut app.state.results;
    let shown = results.preview.as_ref();
    if shown.is_some_and(|preview| gone.contains(&preview.path)) {
        results.preview = None;
    }
    results.gone.extend(gone.iter().cloned());
    // What was chosen meanwhile stays so; the keys go to the tile that took the place.
    results.arrange_again(None);
    results.selection.go(results.selection.current());
    rescan(app, &gone);
    app.state.results.trashing.last = gone;
}

/// Finds out which files of the trash are in their places again, whoever put them there.
pub fn look_for_the_gone(app: &PumaApp) {
    let gone = app.state.results.gone.clone();
    if gone.is_empty() {
        return;
    }
    errand::run("gone files", &app.events, move || {
        let back: Vec<PathBuf> = gone.into_iter().filter(|path| path.exists()).collect();
        (!back.is_empty()).then_some(Event::Results(News::BackAgain(back)))
    });
}

/// Looks through the folders that hold these files again, so that the catalogue follows.
fn rescan(app: &PumaApp, paths: &[PathBuf]) {
    let Some(library) = &app.state.library else {
        return;
    };
    for root in &library.roots {
        if paths.iter().any(|path| path.starts_with(&root.path)) {
            app.commands.send(Command::Rescan(Some(root.path.clone())));
        }
    }
}

/// Takes up what is to be shown now, if it has changed.
pub fn follow(state: &mut State) {
    let joined = state.preferences.join_duplicates;
    if state.results.joined != joined {
        state.results.joined = joined;
        state.results.opened.clear();
        state.results.arrange_again(None);
    }
    if let Some(source) = changed(state) {
        state.results.show(source);
    }
}

fn changed(state: &State) -> Option<Source> {
    let shown = &state.results.source;
    let source = match (&state.listing, &state.answer, &state.library) {
        (Some(listing), ..) => Source::Listing(Arc::clone(listing)),
        (None, Some(answer), _) => Source::Answer(Arc::clone(answer)),
        (None, None, Some(library)) => {
            let readable = |sample: &&Sample| {
                !library
                    .failures
                    .iter()
                    .any(|failure| failure.path == sample.path)
            };
            let samples = || library.samples.iter().filter(readable);
            match shown {
                Source::Samples(shown) if shown.iter().eq(samples()) => return None,
                _ => Source::Samples(samples().cloned().collect()),
            }
        }
        (None, None, None) => Source::Nothing,
    };
    (!source.is(shown)).then_some(source)
}

/// What Escape means for the results, before it takes the query away; true when it was used up or is another's.
pub fn escape(ctx: &egui::Context, state: &State, commands: &Commands) -> bool {
    let results = &state.results;
    if results.preview.is_some() || results.trashing.asked.is_some() {
        return true;
    }
    if results.selection.is_empty() {
        return false;
    }
    if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        commands.send(Command::Results(Wish::ChooseNone));
    }
    true
}
