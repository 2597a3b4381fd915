use super::Look;
use crate::app::command::Command;
use crate::app::results::Wish;
use crate::app::wording::{self, counted};
use egui::{Id, Modal, Ui};

/// Most names that the question lists.
const MOST_NAMED: usize = 8;

/// Asks whether files should go into the trash.
pub fn trash(ui: &Ui, look: Look<'_>) {
    let Some(paths) = &look.state.results.trashing.asked else {
        return;
    };
    let send = |wish: Wish| look.commands.send(Command::Results(wish));
    let shown = Modal::new(Id::unique("trash")).show(ui.ctx(), |ui| {
        ui.set_max_width(460.0);
        let what = match paths.as_slice() {
            [path] => format!("“{}”", wording::file_name(path)),
            paths => counted(paths.len(), "file"),
        };
        ui.heading(format!("Move {what} to the trash?"));
        ui.add_space(4.0);
        for path in paths.iter().take(MOST_NAMED) {
            ui.add(egui::Label::new(egui::RichText::new(path.display().to_string()).weak()).truncate());
        }
        if paths.len() > MOST_NAMED {
            ui.weak(format!("and {} more", wording::count(paths.len() - MOST_NAMED)));
        }
        ui.add_space(8.0);
        ui.label("The files leave their folder. They can be taken back from the trash of this computer until it is emptied.");
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            let keep = ui.button("Keep");
            if ui.memory(|memory| memory.focused().is_none()) {
                keep.request_focus();
            }
            if keep.clicked() {
                send(Wish::KeepFiles);
            }
            let danger = egui::RichText::new("Move to trash").color(ui.visuals().error_fg_color);
            if ui.button(danger).clicked() {
                send(Wish::Trash);
            }
        });
    });
    if shown.should_close() {
        send(Wish::KeepFiles);
    }
}
