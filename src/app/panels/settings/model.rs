use super::{Look, SettingsPanel, change};
use crate::app::choices::SettingsCommand;
use crate::app::command::Command;
use crate::app::state::EngineState;
use egui::{Key, TextEdit, Ui};
use std::path::PathBuf;

/// Where the model may run, in the words of the settings file, and what a build has to be made for.
const DEVICES: [(&str, &str, bool, &str); 4] = [
    (
        "auto",
        "Automatic",
        true,
        "The graphics card where it can be used, else the processor",
    ),
    ("cpu", "Processor (CPU)", true, "Always works"),
    (
        "cuda",
        "NVIDIA graphics card (CUDA)",
        cfg!(feature = "cuda"),
        "This build cannot use CUDA; one made with `cargo build --release --features cuda` can",
    ),
    (
        "metal",
        "Apple graphics (Metal)",
        cfg!(feature = "metal"),
        "This build cannot use Metal; one made with `cargo build --release --features metal` can",
    ),
];

impl SettingsPanel {
    /// Which model answers, and where it runs.
    pub(super) fn model(&mut self, ui: &mut Ui, look: Look<'_>) {
        let choices = &look.state.choices;
        match (&choices.trying, &look.state.engine) {
            (Some(_), _) => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Trying the change…");
                });
            }
            (None, EngineState::Ready(facts)) => {
                ui.label(format!("{} answers, on the {}.", facts.model, facts.device));
                if let Some(note) = &facts.note {
                    ui.colored_label(ui.visuals().warn_fg_color, note);
                }
            }
            (None, EngineState::Starting) => {
                ui.label("The model is loading…");
            }
            (None, EngineState::Broken(reason)) => {
                ui.colored_label(ui.visuals().error_fg_color, reason);
            }
        }
        let idle = choices.trying.is_none();
        ui.add_enabled_ui(idle, |ui| {
            self.file(ui, look);
            devices(ui, look);
        });
    }

    fn file(&mut self, ui: &mut Ui, look: Look<'_>) {
        let file = &look.state.choices.settings.model;
        let shown = file.as_ref().map_or_else(
            || "Model: the one compiled in".to_owned(),
            |path| format!("Model: {}", path.display()),
        );
        ui.add(egui::Label::new(&shown).truncate())
            .on_hover_text(&shown);
        ui.horizontal_wrapped(|ui| {
            if ui
                .button("Choose a model file…")
                .on_hover_text("A checkpoint of PUMA, of the authors' trainer, or a plain ViT")
                .clicked()
            {
                look.commands
                    .send(Command::Settings(SettingsCommand::PickModel));
            }
            let field = TextEdit::singleline(&mut self.model)
                .hint_text("or type its path")
                .desired_width(220.0);
            let field = ui.add(field);
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            field.accessible_name("Path of a model file");
            if entered && !self.model.trim().is_empty() {
                let path = PathBuf::from(std::mem::take(&mut self.model).trim());
                let wish = SettingsCommand::UseModel(path);
                look.commands.send(Command::Settings(wish));
            }
            if ui
                .add_enabled(file.is_some(), egui::Button::new("Use the one compiled in"))
                .clicked()
            {
                change(look, |settings| settings.model = None);
            }
        });
        ui.weak(
            "Another model looks at all photos first; until then the present one goes on answering. What each said is kept.",
        );
    }
}

fn devices(ui: &mut Ui, look: Look<'_>) {
    let chosen = &look.state.choices.settings.device;
    ui.horizontal_wrapped(|ui| {
        ui.label("Runs on");
        for (word, name, possible, note) in DEVICES {
            let is_chosen = chosen == word || (word == "cuda" && chosen.starts_with("cuda:"));
            let radio = ui.add_enabled(possible, egui::RadioButton::new(is_chosen, name));
            let radio = radio.on_hover_text(note).on_disabled_hover_text(note);
            if radio.clicked() && !is_chosen {
                change(look, |settings| settings.device = word.to_owned());
            }
        }
    });
    for (_, _, possible, note) in DEVICES {
        if !possible {
            ui.weak(note);
        }
    }
}
