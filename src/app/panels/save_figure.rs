use super::Look;
use crate::app::command::Command;
use crate::app::pool::{PoolCommand, Saved};
use egui::{Id, Key, Modal, TextEdit, Ui};

/// The form that names the file to be written, while it is open.
pub fn save_figure(ui: &Ui, look: Look<'_>) {
    let Some(saving) = &look.state.pool.saving else {
        return;
    };
    let send = |command| look.commands.send(Command::Pool(command));
    let shown = Modal::new(Id::unique("save figure")).show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        ui.heading(match saving.what {
            Saved::Figure => "Save the figure",
            Saved::Health => "Save the table of prompts",
        });
        ui.add_space(6.0);
        let chosen = saving.format();
        ui.horizontal_wrapped(|ui| {
            for &format in saving.what.formats() {
                let name = format.ending().to_uppercase();
                if ui.radio(chosen == Some(format), name).clicked() {
                    send(PoolCommand::TypeSavePath(saving.with_format(format)));
                }
            }
        });
        ui.add_space(4.0);
        let mut path = saving.path.clone();
        let field = TextEdit::singleline(&mut path).desired_width(f32::INFINITY);
        let field = ui.add(field).accessible_name("File to write");
        if field.changed() {
            send(PoolCommand::TypeSavePath(path));
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if chosen.is_none() {
            let endings: Vec<String> = saving
                .what
                .formats()
                .iter()
                .map(|format| format!(".{}", format.ending()))
                .collect();
            let text = format!("The name must end in {}.", endings.join(", "));
            ui.colored_label(ui.visuals().warn_fg_color, text);
        }
        if saving.occupied {
            let text = "There is a file of this name already.";
            ui.colored_label(ui.visuals().warn_fg_color, text);
        }
        if let Some(reason) = &saving.reason {
            ui.colored_label(ui.visuals().error_fg_color, reason);
        }
        ui.add_space(10.0);
        ui.horizontal(|ui| {
            let name = if saving.occupied {
                "Replace it"
            } else {
                "Save"
            };
            let save = ui.add_enabled(chosen.is_some(), egui::Button::new(name));
            if save.clicked() || (entered && chosen.is_some() && !saving.occupied) {
                send(PoolCommand::Save {
                    replace: saving.occupied,
                });
            }
            if ui.button("Choose a place…").clicked() {
                send(PoolCommand::PickSavePlace);
            }
            if ui.button("Cancel").clicked() {
                send(PoolCommand::CloseSave);
            }
        });
    });
    if shown.should_close() {
        send(PoolCommand::CloseSave);
    }
}
