use super::Look;
use crate::app::choices::SettingsCommand;
use crate::app::command::Command;
use crate::app::state::EngineState;
use crate::app::wording::{count, counted};
use egui::{Sides, Ui};

/// One line at the bottom: what the library holds, and what answers.
pub fn status_bar(ui: &mut Ui, look: Look<'_>) {
    // Two sides, so that what comes and goes on the left leaves the button on the right the same to a click.
    Sides::new().shrink_left().truncate().show(
        ui,
        |ui| library_side(ui, look),
        |ui| model_side(ui, look),
    );
}

fn library_side(ui: &mut Ui, look: Look<'_>) {
    ui.label(library(look));
    only_read(ui, look);
    if let Some(asking) = &look.state.asking {
        ui.separator();
        ui.spinner();
        ui.weak(format!(
            "Looking for neighbours of {}…",
            asking.query.name()
        ));
    } else if let Some(answer) = &look.state.answer {
        ui.separator();
        ui.weak(match answer.took.as_millis() {
            0 => "answered in under 1 ms".to_owned(),
            ms => format!("answered in {ms} ms"),
        });
    }
}

fn model_side(ui: &mut Ui, look: Look<'_>) {
    if ui
        .button("Settings")
        .on_hover_text("Look, model, library, memory (Ctrl+,)")
        .clicked()
    {
        let open = SettingsCommand::Open(!look.state.choices.open);
        look.commands.send(Command::Settings(open));
    }
    engine(ui, look);
}

fn library(look: Look<'_>) -> String {
    let Some(library) = &look.state.library else {
        return "Opening the library…".to_owned();
    };
    let mut text = format!(
        "{} in {}",
        counted(library.photos, "photo"),
        counted(library.roots.len(), "folder")
    );
    let waiting = library
        .photos
        .saturating_sub(library.embedded + library.failures.len());
    if waiting > 0 {
        text += &format!(", {} not indexed yet", count(waiting));
    }
    if !library.failures.is_empty() {
        text += &format!(", {} not readable", count(library.failures.len()));
    }
    text
}

/// Says that the library cannot be changed, where that is so.
fn only_read(ui: &mut Ui, look: Look<'_>) {
    let library = look.state.library.as_ref();
    if let Some(reason) = library.and_then(|library| library.only_read_because.as_ref()) {
        ui.separator();
        ui.weak("read only").on_hover_text(format!(
            "{} can be searched, but not changed: {reason}. To index, make the file and its folder writable.",
            look.state.choices.library.display()
        ));
    }
}

fn engine(ui: &mut Ui, look: Look<'_>) {
    match &look.state.engine {
        EngineState::Starting => {
            ui.weak("Loading the model…");
            ui.spinner();
        }
        EngineState::Broken(reason) => {
            let color = ui.visuals().error_fg_color;
            ui.colored_label(color, "The model does not answer")
                .on_hover_text(reason);
        }
        EngineState::Ready(facts) => {
            let prompts = match facts.prompts {
                0 => "no prompt pool".to_owned(),
                prompts => counted(prompts, "prompt"),
            };
            ui.label(format!("{} · {prompts} · {}", facts.model, facts.device));
            if let Some(note) = &facts.note {
                let color = ui.visuals().warn_fg_color;
                let note = egui::RichText::new(note).color(color);
                ui.add(egui::Label::new(note).truncate());
            }
        }
    }
}
