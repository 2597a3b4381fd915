use super::Look;
use crate::app::command::Command;
use crate::app::wording;
use egui::{Id, Modal, Ui};

/// Asks whether a folder should leave the library.
pub fn forget(ui: &Ui, look: Look<'_>) {
    let Some(folder) = &look.state.forgetting else {
        return;
    };
    let shown = Modal::new(Id::unique("forget")).show(ui.ctx(), |ui| {
        ui.set_max_width(440.0);
        ui.heading(format!("Forget “{}”?", wording::file_name(folder)));
        ui.add_space(4.0);
        ui.weak(folder.display().to_string());
        ui.add_space(8.0);
        ui.label(
            "PUMA forgets what it knows of the photos in this folder, and they are no longer found. \
             The photos themselves stay untouched on the disk.",
        );
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            let keep = ui.button("Keep it");
            if ui.memory(|memory| memory.focused().is_none()) {
                keep.request_focus();
            }
            if keep.clicked() {
                look.commands.send(Command::KeepFolder);
            }
            let danger = egui::RichText::new("Forget folder").color(ui.visuals().error_fg_color);
            if ui.button(danger).clicked() {
                look.commands.send(Command::Forget(folder.clone()));
            }
        });
    });
    if shown.should_close() {
        look.commands.send(Command::KeepFolder);
    }
}
