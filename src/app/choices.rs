//! What the settings panel shows and changes: the settings themselves, and where their change stands.

use super::command::Command;
use super::engine::{Configured, Event, ModelFacts};
use super::messages::Kind;
use super::puma_app::PumaApp;
use super::state::EngineState;
use super::wording::counted;
use super::{desktop, errand};
use crate::library::{Library, LibraryError, ModelKey, ModelUse};
use crate::photo::Thumbnails;
use crate::settings::Settings;
use std::path::PathBuf;

/// The settings panel's part of the state.
#[derive(Debug, Default)]
pub struct Choices {
    /// Whether the panel is open.
    pub open: bool,
    /// What holds now.
    pub settings: Settings,
    /// What is being tried, as a model that is loading.
    pub trying: Option<Settings>,
    /// Why the last change was refused.
    pub refused: Option<String>,
    /// Files and bytes of the small copies on disk, once they are counted.
    pub thumbnails: Option<(usize, u64)>,
    /// The folder of the small copies.
    pub thumbnails_folder: PathBuf,
    /// The library's file.
    pub library: PathBuf,
    /// The models that photos are embedded with, once they are counted.
    pub models: Vec<ModelUse>,
}

/// What the user does in the settings panel.
#[derive(Debug)]
pub enum SettingsCommand {
    /// Open or close it.
    Open(bool),
    /// Take these settings on, if they can be had.
    Change(Box<Settings>),
    /// Let the user choose a model file.
    PickModel,
    /// Use this model file.
    UseModel(PathBuf),
    /// Delete the small copies on disk; they are made again when they are needed.
    ClearThumbnails,
    /// Remove what a model that is no longer used said of the photos.
    ForgetModel(ModelKey),
}

/// Carries out a wish of the settings panel.
pub fn handle_command(app: &mut PumaApp, command: SettingsCommand) {
    match command {
        SettingsCommand::Open(open) => {
            app.state.choices.open = open;
            app.state.choices.refused = None;
            if open {
                measure(app);
                count_models(app);
            }
        }
        SettingsCommand::Change(settings) => change(app, *settings),
        SettingsCommand::PickModel => desktop::pick_model(&app.events),
        SettingsCommand::UseModel(path) => {
            let mut settings = app.state.choices.settings.clone();
            settings.model = Some(path);
            change(app, settings);
        }
        SettingsCommand::ClearThumbnails => clear(app),
        SettingsCommand::ForgetModel(model) => forget_model(app, model),
    }
}

fn change(app: &mut PumaApp, settings: Settings) {
    let choices = &mut app.state.choices;
    choices.refused = None;
    if settings == choices.settings {
        return;
    }
    choices.trying = Some(settings.clone());
    app.engine.configure(settings);
}

fn measure(app: &PumaApp) {
    let thumbnails = Thumbnails::new(&app.state.choices.thumbnails_folder);
    errand::run("measure", &app.events, move || {
        let (files, bytes) = thumbnails.usage();
        Some(Event::ThumbnailsOnDisk { files, bytes })
    });
}

fn clear(app: &PumaApp) {
    let thumbnails = Thumbnails::new(&app.state.choices.thumbnails_folder);
    errand::run("clear", &app.events, move || {
        if let Err(error) = thumbnails.clear() {
            return Some(Event::Error(format!(
                "Not all thumbnails could be deleted: {error}."
            )));
        }
        let (files, bytes) = thumbnails.usage();
        Some(Event::ThumbnailsOnDisk { files, bytes })
    });
}

fn count_models(app: &PumaApp) {
    let library = app.state.choices.library.clone();
    errand::run("models", &app.events, move || {
        let models = Library::open_existing(&library).and_then(|library| library.models());
        models.ok().map(Event::Models)
    });
}

fn forget_model(app: &PumaApp, model: ModelKey) {
    let (library, events) = (app.state.choices.library.clone(), app.events.clone());
    errand::run("forget-model", &app.events, move || {
        let forget = || -> Result<usize, LibraryError> {
            let library = Library::open_existing(&library)?;
            let photos = library.forget_model(&model)?;
            events.send(Event::Models(library.models()?));
            Ok(photos)
        };
        Some(match forget() {
            Ok(photos) => Event::Info(format!(
                "What the other model said of {} is removed.",
                counted(photos, "photo")
            )),
            Err(error) => Event::Error(format!("Nothing was removed: {error}.")),
        })
    });
}

/// Takes in which model is to answer next, or that none is.
pub fn handle_next_model(app: &mut PumaApp, next: Option<ModelFacts>, now_s: f64) {
    let before = std::mem::replace(&mut app.state.next_model, next);
    if let (Some(before), None, EngineState::Ready(answers)) =
        (before, &app.state.next_model, &app.state.engine)
    {
        if before.key == answers.key {
            let text = format!("{} answers from now on.", answers.model);
            app.state.messages.add(Kind::Info, text, now_s);
        }
        super::handle_command::ask_again(app, now_s);
    }
    count_models(app);
}

/// Takes in what became of changed settings.
pub fn handle_configured(app: &mut PumaApp, configured: Configured, now_s: f64) {
    let choices = &mut app.state.choices;
    choices.trying = None;
    match configured {
        Configured::InForce { settings, rescan } => {
            let other_model = settings.model != choices.settings.model;
            choices.settings = settings;
            if rescan && app.state.indexing.is_some() {
                // The run under way goes by the settings it began with.
                app.state.rescan_waits = true;
            } else if rescan {
                app.commands.send(Command::Rescan(None));
            }
            if other_model {
                super::handle_command::ask_again(app, now_s);
            }
        }
        Configured::Refused(reason) => {
            if !choices.open {
                let text = format!("The settings stay as they were: {reason}.");
                app.state.messages.add(Kind::Error, text, now_s);
            }
            app.state.choices.refused = Some(reason);
        }
    }
}
