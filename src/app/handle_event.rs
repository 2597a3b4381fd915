//! What news from the workers changes.

use super::choices::{self, SettingsCommand};
use super::command::Command;
use super::engine::{Answer, Ended, Event, HITS};
use super::handle_command::ask_again;
use super::messages::Kind;
use super::pool;
use super::puma_app::PumaApp;
use super::query::Query;
use super::results;
use super::state::{EngineState, Indexing};
use super::window;
use super::wording::{counted, file_name};
use super::{lens, map, watching};
use crate::figures;
use std::sync::Arc;
use std::time::Duration;

/// Changes the state as `event` says.
pub fn handle(app: &mut PumaApp, ctx: &egui::Context, event: Event) {
    let now_s = ctx.input(|input| input.time);
    let state = &mut app.state;
    match event {
        Event::Ready(facts) => {
            state.engine = EngineState::Ready(facts);
            // It is a map of what another model finds alike.
            state.map = Default::default();
            if state.indexing.is_none() {
                next_waiting(app);
            }
        }
        Event::Broken(reason) => {
            state.asking = None;
            // What was wished for at the start waits for settings that work.
            if let Some(root) = state.indexing.take().and_then(|indexing| indexing.root) {
                state.waiting_roots.insert(0, root);
            }
            state.messages.add(Kind::Error, reason.clone(), now_s);
            state.engine = EngineState::Broken(reason);
        }
        Event::Library(facts) => {
            let first = state.library.is_none();
            let only_read = facts.only_read_because.is_some();
            if first && only_read {
                let text = "This library can be searched, but not changed.";
                state.messages.add(Kind::Info, text, now_s);
            }
            // New photos since the last time, and what was left undone then.
            let look_through = first && !only_read && !facts.roots.is_empty();
            // A short answer grows with the library; a full one is left in peace until indexing ends.
            let possible = facts.embedded.min(HITS);
            let short = |answer: &Arc<Answer>| answer.hits.len() < possible;
            let grows = state.answer.as_ref().is_some_and(short);
            state.library = Some(facts);
            if look_through {
                watching::look_through_all(app);
            }
            if grows {
                ask_again(app, now_s);
            }
        }
        Event::Profiles(profiles) => {
            state.overall = figures::overall(&profiles);
            state.profiles = profiles;
            pool::profiles_changed(app);
        }
        Event::Pool(event) => pool::receive(app, event, now_s),
        Event::Answer(answer) => {
            if let Some(asking) = &mut state.asking
                && asking.generation == answer.generation
            {
                asking.early = Some(answer);
            }
        }
        Event::Lens(news) => lens::receive(app, news, now_s),
        Event::Map(news) => map::receive(app, news, now_s),
        Event::Preview { source, image } => app.previews.set(ctx, source, image),
        Event::Refused { generation, reason } => {
            if state.asking.as_ref().map(|asking| asking.generation) == Some(generation) {
                state.asking = None;
                state.messages.add(Kind::Error, reason, now_s);
            }
        }
        Event::Progress(progress) => {
            if let Some(indexing) = &mut state.indexing {
                indexing.progress = Some(progress);
            }
        }
        Event::IndexingEnded(result) => {
            let indexing = state.indexing.take();
            // A run that failed may have done something before.
            let changed = !matches!(&result, Ok(ended) if !ended.changed);
            let failed = result.is_err();
            match result {
                Ok(ended) => {
                    // Not where settings ended it, to go on with them.
                    let by_user = ended.stopped
                        && indexing.as_ref().is_some_and(|indexing| indexing.stopping);
                    if let Some(mut text) = summary(indexing.as_ref(), &ended) {
                        if by_user && state.choices.settings.watch {
                            text +=
                                " Changes in the folders are not followed until the next re-scan.";
                        }
                        state.messages.add(Kind::Info, text, now_s);
                    }
                    if by_user {
                        state.waiting_roots.clear();
                        state.watching.set_stopped(true);
                    }
                }
                Err(failed) => {
                    // Else the next change on the disk would fail in the same way.
                    if failed.lasting {
                        state.watching.set_stopped(true);
                    }
                    state.messages.add(Kind::Error, failed.reason, now_s);
                }
            }
            app.thumbnails.look_again();
            if changed {
                ask_again(app, now_s);
            }
            watching::run_ended(app, failed);
            results::look_for_the_gone(app);
            if std::mem::take(&mut app.state.rescan_waits) {
                app.commands.send(Command::Rescan(None));
            }
            next_waiting(app);
        }
        Event::Sorted {
            offer,
            folders,
            files,
            refused,
        } => {
            for reason in refused {
                state.messages.add(Kind::Error, reason, now_s);
            }
            for folder in folders {
                if offer {
                    app.state.ask.offer(folder);
                } else {
                    app.commands.send(Command::AddFolder(folder));
                }
            }
            let files = pool::without_benchmarks(app, files);
            if !files.is_empty() {
                app.commands.send(Command::Ask(Query::files(files)));
            }
        }
        Event::Results(news) => results::receive(app, ctx, news),
        Event::Configured(configured) => choices::handle_configured(app, configured, now_s),
        Event::ModelPicked(path) => app
            .commands
            .send(Command::Settings(SettingsCommand::UseModel(path))),
        Event::NextModel(next) => choices::handle_next_model(app, next, now_s),
        Event::Models(models) => state.choices.models = models,
        Event::ThumbnailsOnDisk { files, bytes } => {
            state.choices.thumbnails = Some((files, bytes));
        }
        Event::HandedOver(paths) => {
            window::to_front(ctx);
            if !paths.is_empty() {
                app.commands.send(Command::Take(paths));
            }
        }
        Event::Listed(listing) => app.state.show(listing),
        Event::Ask(query) => app.commands.send(Command::Ask(query)),
        Event::Watching { modes, denied } => watching::modes_changed(state, modes, &denied),
        Event::DiskChanged(folders) => watching::changed(app, folders),
        Event::PlacePicked(path) => {
            if let Some(relinking) = &mut state.relinking {
                relinking.chosen = Some(path);
            }
        }
        Event::AddFolder(folder) => app.commands.send(Command::AddFolder(folder)),
        Event::Info(text) => state.messages.add(Kind::Info, text, now_s),
        Event::Error(text) => state.messages.add(Kind::Error, text, now_s),
    }
}

/// Shows an answer that is there and whose time has come.
pub fn show_early_answer(app: &mut PumaApp, ctx: &egui::Context) {
    let now_s = ctx.input(|input| input.time);
    let state = &mut app.state;
    let Some(asking) = &mut state.asking else {
        return;
    };
    if asking.early.is_some() && now_s < asking.not_before_s {
        ctx.request_repaint_after(Duration::from_secs_f64(asking.not_before_s - now_s));
        return;
    }
    if let Some(answer) = asking.early.take() {
        state.history.visit(asking.query.clone());
        if !asking.again {
            state.compare_with = None;
            state.close_listing();
        }
        state.asking = None;
        state.answer = Some(answer);
    }
}

/// Goes on with the folder that has waited longest.
fn next_waiting(app: &mut PumaApp) {
    if !app.state.waiting_roots.is_empty() {
        let next = app.state.waiting_roots.remove(0);
        app.commands.send(Command::AddFolder(next));
    }
}

fn summary(indexing: Option<&Indexing>, ended: &Ended) -> Option<String> {
    let place = indexing
        .and_then(|indexing| indexing.root.as_deref())
        .map_or_else(|| "all folders".to_owned(), file_name);
    let follows_change = indexing.is_some_and(|indexing| indexing.follows_change);
    let mut text = match (ended.stopped, ended.embedded) {
        // It only waited for another program.
        (true, 0) if follows_change => return None,
        (true, done) => format!(
            "Stopped: {} indexed so far in {place}.",
            counted(done, "photo")
        ),
        // Nothing new is no news, unless something is wrong or gone.
        (false, 0) if ended.failed == 0 && ended.removed == 0 => return None,
        // Nor is what the user has just done elsewhere.
        (false, _) if follows_change => return None,
        (false, done) => format!("{} indexed in {place}.", counted(done, "photo")),
    };
    if ended.removed > 0 {
        text += &format!(" {} gone from the disk.", counted(ended.removed, "photo"));
    }
    if ended.failed > 0 {
        text += &format!(
            " {} could not be read; the list is in the folders panel.",
            counted(ended.failed, "file")
        );
    }
    Some(text)
}
