use super::save::{self, Content};
use super::state::ArrangedFor;
use super::{Benchmark, PoolCommand, PoolEvent, Saved, Saving};
use crate::app::command::Command;
use crate::app::engine::Event;
use crate::app::messages::Kind;
use crate::app::puma_app::PumaApp;
use crate::app::state::View;
use crate::app::{desktop, errand};
use crate::figures::{self, Arrangement, Format, Sort};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Carries out what the user asked.
pub fn handle(app: &mut PumaApp, command: PoolCommand) {
    let pool = &mut app.state.pool;
    match command {
        PoolCommand::PickBenchmark => desktop::pick_benchmark(&app.events),
        PoolCommand::ReadBenchmark(path) => read_benchmark(app, path),
        PoolCommand::CloseBenchmark => {
            pool.benchmark = None;
            pool.source += 1;
        }
        PoolCommand::OpenSave(what) => {
            pool.saving = Some(Saving::new(what, app.state.preferences.pool.format));
        }
        PoolCommand::TypeSavePath(path) => {
            if let Some(saving) = &mut pool.saving {
                saving.path = path;
                saving.occupied = false;
                saving.reason = None;
            }
        }
        PoolCommand::PickSavePlace => {
            if let Some(saving) = &pool.saving {
                let path = PathBuf::from(saving.path.trim());
                let known = saving.what.formats();
                desktop::pick_save_place(&app.events, save::title(saving.what), &path, known);
            }
        }
        PoolCommand::Save { replace } => {
            if let Some(saving) = &pool.saving {
                let path = PathBuf::from(saving.path.trim());
                write(app, path, replace);
            }
        }
        PoolCommand::CloseSave => pool.saving = None,
    }
}

/// Takes in what a worker tells.
pub fn receive(app: &mut PumaApp, event: PoolEvent, now_s: f64) {
    let state = &mut app.state;
    match event {
        PoolEvent::Health(health) => state.pool.health = health.map(Arc::new),
        PoolEvent::BenchmarkChosen(path) => read_benchmark(app, path),
        PoolEvent::Benchmark(path, Ok(profiles)) => {
            state.pool.benchmark = Some(Benchmark {
                path,
                overall: figures::overall(&profiles),
                profiles,
            });
            state.pool.source += 1;
            state.preferences.view = View::Prompts;
            state.preferences.pool.tab = super::PromptsTab::Profiles;
        }
        PoolEvent::Benchmark(_, Err(reason)) => state.messages.add(Kind::Error, reason, now_s),
        PoolEvent::Arranged(wanted, arrangement) => {
            if wanted == state.pool.arranged_for {
                state.pool.arrangement = arrangement;
            }
        }
        PoolEvent::PlaceChosen(path) => {
            if let Some(saving) = &mut state.pool.saving {
                let named = with_ending(path.clone(), saving);
                saving.path = named.display().to_string();
                // The dialog asked about the name as it was typed.
                let asked = named == path;
                write(app, named, asked);
            }
        }
        PoolEvent::Written(path) => {
            let text = format!("Saved as {}.", path.display());
            if let Some(saving) = state.pool.saving.take()
                && let Some(format) = saving.format()
            {
                state.preferences.pool.format = format;
            }
            state.messages.add(Kind::Info, text, now_s);
        }
        PoolEvent::Occupied(path) => {
            if let Some(saving) = &mut state.pool.saving {
                saving.occupied = Path::new(saving.path.trim()) == path;
            }
        }
        PoolEvent::NotWritten(reason) => match &mut state.pool.saving {
            Some(saving) => saving.reason = Some(reason),
            None => state.messages.add(Kind::Error, reason, now_s),
        },
    }
}

/// Dialogs give the name as typed, which may have no ending.
fn with_ending(path: PathBuf, saving: &Saving) -> PathBuf {
    if Format::of(&path, saving.what.formats()).is_ok() {
        return path;
    }
    let format = saving.format().unwrap_or(saving.what.formats()[0]);
    let mut name = path.into_os_string();
    name.push(format!(".{}", format.ending()));
    PathBuf::from(name)
}

fn write(app: &mut PumaApp, path: PathBuf, replace: bool) {
    let state = &app.state;
    let Some(saving) = &state.pool.saving else {
        return;
    };
    let content = match saving.what {
        Saved::Figure => Content::Figure(state.figure()),
        Saved::Health => match &state.pool.health {
            Some(health) => Content::Health(Arc::clone(health)),
            None => return,
        },
    };
    save::write(&app.events, content, path, replace);
}

fn read_benchmark(app: &PumaApp, path: PathBuf) {
    errand::run("benchmark", &app.events, move || {
        let read = figures::read_profiles(&path)
            .map_err(|error| format!("{:#}.", anyhow::Error::from(error)));
        Some(Event::Pool(PoolEvent::Benchmark(path, read)))
    });
}

/// Opens what can only be benchmark sets among files that were dropped, typed or named, and gives the others.
pub fn without_benchmarks(app: &PumaApp, files: Vec<PathBuf>) -> Vec<PathBuf> {
    let is_json = |path: &PathBuf| Format::of(path, &[Format::Json]).is_ok();
    let (sets, others): (Vec<_>, Vec<_>) = files.into_iter().partition(is_json);
    if let Some(path) = sets.into_iter().next_back() {
        app.commands
            .send(Command::Pool(PoolCommand::ReadBenchmark(path)));
    }
    others
}

/// Notes that the library's profiles have changed.
pub fn profiles_changed(app: &mut PumaApp) {
    app.state.pool.source += 1;
}

/// Brings what follows from the profiles, the answer and the preferences up to date; cheap when nothing has changed.
pub fn keep_up(app: &mut PumaApp) {
    let state = &mut app.state;
    state.pool.reasons.keep_up(
        state.answer.as_deref(),
        state.overall.as_ref(),
        state.pool.source,
    );
    let preferences = &state.preferences;
    let wanted = ArrangedFor {
        source: state.pool.source,
        view: Some(preferences.scale.view()),
        sort: preferences.pool.sort,
        sort_prompts: preferences.pool.sort_prompts,
    };
    if wanted == state.pool.arranged_for {
        return;
    }
    state.pool.arranged_for = wanted.clone();
    let profiles = state.shown_profiles().profiles;
    let view = preferences.scale.view();
    let quick = wanted.sort != Sort::Likeness && !wanted.sort_prompts;
    let prompts = profiles.first().map_or(0, |profile| profile.mean.len());
    let old = &state.pool.arrangement;
    let fits = old.domains.len() == profiles.len() && old.prompts.len() == prompts;
    let at_once = quick.then(|| Arrangement::new(profiles, view, wanted.sort, false));
    if !quick {
        // Likeness of many domains takes its time; meanwhile the old order stands, if it fits.
        let profiles = profiles.to_vec();
        errand::run("order", &app.events, move || {
            let (sort, prompts) = (wanted.sort, wanted.sort_prompts);
            let arrangement = Arrangement::new(&profiles, view, sort, prompts);
            Some(Event::Pool(PoolEvent::Arranged(wanted, arrangement)))
        });
    }
    if let Some(arrangement) = at_once {
        state.pool.arrangement = arrangement;
    } else if !fits {
        state.pool.arrangement = Arrangement::plain(state.shown_profiles().profiles);
    }
}
