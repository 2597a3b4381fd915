use super::Look;
use crate::app::command::Command;
use crate::app::wording::file_name;
use egui::{Align2, Area, Frame, Id, Order, Ui};

/// Cards that ask whether folders that were dropped or pasted should be indexed; nothing waits for the answer.
pub fn offers(ui: &Ui, look: Look<'_>) {
    let offers = &look.state.ask.offers;
    if offers.is_empty() {
        return;
    }
    Area::new(Id::unique("offers"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_TOP, [0.0, 70.0])
        .show(ui.ctx(), |ui| {
            for folder in offers {
                Frame::popup(ui.style())
                    .inner_margin(egui::Margin::symmetric(16, 12))
                    .show(ui, |ui| {
                        ui.set_width(440.0);
                        let name = file_name(folder);
                        ui.strong(format!("Add the folder “{name}” to the library?"));
                        ui.weak(folder.display().to_string());
                        ui.label("PUMA looks at every photo in it once, so that it can be found.");
                        ui.horizontal(|ui| {
                            let add = ui.button("Index it");
                            if ui.memory(|memory| memory.focused().is_none()) {
                                add.request_focus();
                            }
                            if add.accessible_name(format!("Index {name}")).clicked() {
                                look.commands
                                    .send(Command::AnswerOffer(folder.clone(), true));
                            }
                            let not = ui.button("Not now");
                            if not
                                .accessible_name(format!("Do not index {name}"))
                                .clicked()
                            {
                                look.commands
                                    .send(Command::AnswerOffer(folder.clone(), false));
                            }
                        });
                    });
            }
        });
}
