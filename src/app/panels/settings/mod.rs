//! The settings panel: how the window looks, which model answers and where it runs, what a scan takes in, and memory.

mod library;
mod look;
mod memory;
mod model;
mod models;

use super::Look;
use crate::app::choices::SettingsCommand;
use crate::app::command::Command;
use crate::settings::Settings;
use egui::{Align2, Key, Modifiers, RichText, ScrollArea, Ui, Window};

/// The panel, with what is being typed in it.
#[derive(Default)]
pub struct SettingsPanel {
    was_open: bool,
    /// Text size while the slider is held: text that grows under the pointer would run away from it.
    zoom: Option<f32>,
    model: String,
    excluded: String,
}

impl SettingsPanel {
    /// Shows it, if it is open.
    pub fn show(&mut self, ui: &Ui, look: Look<'_>) {
        let choices = &look.state.choices;
        let opened = choices.open && !self.was_open;
        self.was_open = choices.open;
        if !choices.open {
            return;
        }
        if opened {
            self.excluded = choices.settings.excluded.join("\n");
            self.model.clear();
        }
        let ctx = ui.ctx();
        let mut open = true;
        let tallest = (ctx.content_rect().height() - 120.0).max(200.0);
        Window::new("Settings")
            .open(&mut open)
            .collapsible(false)
            .default_size([620.0, tallest])
            .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
            .show(ctx, |ui| {
                if let Some(reason) = &choices.refused {
                    let color = ui.visuals().error_fg_color;
                    ui.colored_label(color, format!("All stays as it was: {reason}."));
                    ui.add_space(4.0);
                }
                // There is more below, and it should show.
                ui.spacing_mut().scroll = egui::style::ScrollStyle::solid();
                ScrollArea::vertical()
                    .auto_shrink([false, true])
                    .show(ui, |ui| {
                        heading(ui, "Look");
                        self.look(ui, look);
                        heading(ui, "Model");
                        self.model(ui, look);
                        models::show(ui, look);
                        heading(ui, "Library");
                        self.library(ui, look);
                        heading(ui, "Memory and disk");
                        memory::show(ui, look);
                    });
            });
        let escaped = !egui::Popup::is_any_open(ctx)
            && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        if !open || escaped {
            look.commands
                .send(Command::Settings(SettingsCommand::Open(false)));
        }
    }
}

/// Changes one of the settings that the command line shares.
fn change(look: Look<'_>, change: impl FnOnce(&mut Settings)) {
    let mut settings = look.state.choices.settings.clone();
    change(&mut settings);
    let wish = SettingsCommand::Change(Box::new(settings));
    look.commands.send(Command::Settings(wish));
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(8.0);
    ui.label(RichText::new(text).strong());
    ui.separator();
}
