//! What the user's wishes change.

use super::command::Command;
use super::engine::Wanted;
use super::messages::Kind;
use super::pasted::paths_in;
use super::puma_app::{AUTO_SAVE, PumaApp};
use super::query::{LESS, MORE, MOST_PARTS, Query};
use super::state::{Asking, EngineState, Indexing, View};
use super::watching::Relinking;
use super::{choices, desktop, lens, map, pool, refine, results, wording};
use std::path::PathBuf;

/// Carries out `command`.
pub fn handle(app: &mut PumaApp, ctx: &egui::Context, command: Command) {
    let now_s = ctx.input(|input| input.time);
    match command {
        Command::Ask(query) => ask(app, query, now_s),
        Command::AskOnClick(path) => {
            let double_click_s =
                ctx.options(|options| options.input_options.max_double_click_delay);
            ask(app, Query::file(path), now_s);
            if let Some(asking) = &mut app.state.asking {
                asking.not_before_s = now_s + double_click_s;
            }
        }
        Command::Back => step(app, now_s, |history| history.back()),
        Command::Forward => step(app, now_s, |history| history.forward()),
        Command::ClearQuery => {
            app.state.asking = None;
            app.state.answer = None;
            app.state.close_listing();
        }
        Command::Browse(browse) => refine::list(app, Wanted::Browse(browse)),
        Command::ShowStrongest { domain, prompt } => {
            refine::list(app, Wanted::Strongest { domain, prompt });
        }
        Command::ShowPhotos { title, photos } => {
            refine::list(app, Wanted::Photos { title, photos });
        }
        Command::CloseListing => app.state.close_listing(),
        Command::SetFilter(filter) => refine::filter(app, *filter, now_s),
        Command::MoreLike(path) => refine::like(app, &path, MORE, now_s),
        Command::LessLike(path) => refine::like(app, &path, LESS, now_s),
        Command::ChoosePart(choice) => app.state.ask.choosing = choice,
        Command::Lens(wish) => lens::handle(app, wish),
        Command::Map(wish) => map::handle(app, ctx, wish),
        Command::Take(paths) => desktop::sort(&app.events, paths, false),
        Command::TakeDropped(paths) => desktop::sort(&app.events, paths, true),
        Command::TakeText(text) => take_text(app, &text, false, now_s),
        Command::TakePasted(text) => take_text(app, &text, true, now_s),
        Command::AnswerOffer(folder, yes) => {
            app.state.ask.offers.retain(|offered| *offered != folder);
            if yes {
                index(app, Some(folder), now_s);
            }
        }
        Command::TakePixels(image) => take_pixels(app, &image, now_s),
        Command::PickPicture => desktop::pick_picture(&app.events),
        Command::PickFolder => desktop::pick_folder(&app.events),
        Command::Paste => ctx.send_viewport_cmd(egui::ViewportCommand::RequestPaste),
        Command::AddFolder(path) => index(app, Some(path), now_s),
        Command::Rescan(path) => index(app, path, now_s),
        Command::AskForPlace(folder) => {
            let chosen = None;
            app.state.relinking = Some(Relinking { folder, chosen });
        }
        Command::PickPlace(folder) => desktop::pick_place(&app.events, &folder),
        Command::KeepPlace => app.state.relinking = None,
        Command::Relink { old, new } => {
            app.state.relinking = None;
            app.engine.relink(old, new);
        }
        Command::AskToForget(path) => app.state.forgetting = Some(path),
        Command::KeepFolder => app.state.forgetting = None,
        Command::Forget(path) => {
            app.state.forgetting = None;
            app.engine.forget(path);
        }
        Command::UseNextModel => app.engine.use_next(),
        Command::PauseIndexing => pause(app, true),
        Command::ResumeIndexing => pause(app, false),
        Command::StopIndexing => {
            if let Some(indexing) = &mut app.state.indexing {
                indexing.stopping = true;
                app.engine.stop_indexing();
            }
        }
        Command::Open(path) => desktop::open(&app.events, path),
        Command::Reveal(path) => desktop::reveal(&app.events, path),
        Command::Results(wish) => results::handle(app, ctx, wish),
        Command::CopyPath(path) => {
            ctx.copy_text(path.display().to_string());
            let text = format!(
                "The path of {} is on the clipboard.",
                wording::file_name(&path)
            );
            app.state.messages.add(Kind::Info, text, now_s);
        }
        Command::CopyFailures => {
            if let Some(library) = &app.state.library {
                ctx.copy_text(wording::list_of_failures(&library.failures));
                let text = "The list of unreadable files is on the clipboard.";
                app.state.messages.add(Kind::Info, text, now_s);
            }
        }
        Command::ShowFailures(open) => app.state.failures_open = open,
        Command::Dismiss(id) => app.state.messages.dismiss(id),
        Command::CompareWith(domain) => app.state.compare_with = domain,
        Command::Pool(command) => pool::handle(app, command),
        Command::Settings(command) => choices::handle_command(app, command),
        Command::Prefer(preferences) => {
            preferences.apply(ctx);
            app.thumbnails.set_budget(preferences.cache_bytes());
            // Saving is part of a frame, and the next one may be long in coming.
            ctx.request_repaint_after(AUTO_SAVE);
            app.state.preferences = *preferences;
        }
    }
}

pub(super) fn ask(app: &mut PumaApp, mut query: Query, now_s: f64) {
    if let EngineState::Broken(reason) = &app.state.engine {
        let text = format!("Nothing can be asked: {reason}");
        app.state.messages.add(Kind::Error, text, now_s);
        return;
    }
    if query.shorten() {
        let text =
            format!("One question takes {MOST_PARTS} pictures: the first of them are asked with.");
        app.state.messages.add(Kind::Info, text, now_s);
    }
    app.state.preferences.view = View::Neighbours;
    let generation = app.engine.ask(query.clone(), app.state.filter.clone());
    app.state.asking = Some(Asking {
        generation,
        query,
        not_before_s: now_s,
        again: false,
        early: None,
    });
}

/// Asks the shown question again, because the library has changed; what is open beside it stays open.
pub fn ask_again(app: &mut PumaApp, now_s: f64) {
    if let Some(listing) = &app.state.listing {
        refine::list(app, listing.wanted.clone());
    }
    if app.state.asking.is_some() {
        return;
    }
    if let Some(query) = app.state.answer.as_ref().map(|answer| answer.query.clone()) {
        let view = app.state.preferences.view;
        ask(app, query, now_s);
        app.state.preferences.view = view;
        if let Some(asking) = &mut app.state.asking {
            asking.again = true;
        }
    }
}

fn step(
    app: &mut PumaApp,
    now_s: f64,
    step: impl FnOnce(&mut super::history::History) -> Option<Query>,
) {
    if let Some(query) = step(&mut app.state.history) {
        ask(app, query, now_s);
    }
}

fn take_text(app: &mut PumaApp, text: &str, offer: bool, now_s: f64) {
    let paths = paths_in(text);
    if paths.is_empty() {
        let shown = wording::shortened(text.trim(), 60);
        let text = format!(
            "“{shown}” names no file or folder. PUMA searches by pictures: give it one, or the path of one."
        );
        app.state.messages.add(Kind::Error, text, now_s);
    } else {
        desktop::sort(&app.events, paths, offer);
    }
}

fn take_pixels(app: &mut PumaApp, image: &egui::ColorImage, now_s: f64) {
    app.pasted += 1;
    match desktop::rgb(image) {
        Some(image) => {
            let number = app.pasted;
            let image = std::sync::Arc::new(image);
            ask(app, Query::pasted(number, image), now_s);
        }
        None => {
            app.state
                .messages
                .add(Kind::Error, "The picture on the clipboard is empty.", now_s)
        }
    }
}

fn pause(app: &mut PumaApp, paused: bool) {
    if let Some(indexing) = &mut app.state.indexing {
        indexing.paused = paused;
        app.engine.pause_indexing(paused);
    }
}

/// Indexes one folder, or all; while another run is on, a folder waits for its turn.
fn index(app: &mut PumaApp, root: Option<PathBuf>, now_s: f64) {
    if app.state.indexing.is_some() {
        match root {
            Some(root) if app.state.waiting_roots.contains(&root) => {}
            Some(root) => app.state.waiting_roots.push(root),
            None => {
                let roots = app.state.library.iter().flat_map(|facts| &facts.roots);
                app.engine
                    .look_again(roots.map(|root| root.path.clone()).collect());
            }
        }
        return;
    }
    if matches!(app.state.engine, EngineState::Broken(_)) {
        let text = "Nothing can be indexed while the model does not answer.";
        app.state.messages.add(Kind::Error, text, now_s);
        return;
    }
    app.state.watching.set_stopped(false);
    app.engine.index(root.clone());
    app.state.indexing = Some(Indexing::of(root));
}
