//! What the settings panel shows and changes: the settings themselves, and where their change stands.

use super::command::Command;
use super::engine::{Configured, Event};
use super::messages::Kind;
use super::puma_app::PumaApp;
use super::{desktop, errand};
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
}

/// Carries out a wish of the settings panel.
pub fn handle_command(app: &mut PumaApp, command: SettingsCommand) {
    match command {
        SettingsCommand::Open(open) => {
            app.state.choices.open = open;
            app.state.choices.refused = None;
            if open {
                measure(app);
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

/// Takes in what became of changed settings.
pub fn handle_configured(app: &mut PumaApp, configured: Configured, now_s: f64) {
    let choices = &mut app.state.choices;
    choices.trying = None;
    match configured {
        Configured::InForce { settings, rescan } => {
            let other_model = settings.model != choices.settings.model;
            choices.settings = settings;
            if rescan {
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
