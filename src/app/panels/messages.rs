use super::Look;
use crate::app::command::Command;
use crate::app::messages::Kind;
use egui::{Align, Frame, Layout, Ui};

/// The cards above everything else in the middle, each with a button that takes it away.
pub fn messages(ui: &mut Ui, look: Look<'_>) {
    for message in look.state.messages.shown() {
        let visuals = ui.visuals();
        let (sign, color) = match message.kind {
            Kind::Info => ("ℹ", visuals.text_color()),
            Kind::Error => ("⚠", visuals.error_fg_color),
        };
        Frame::new()
            .fill(visuals.faint_bg_color)
            .stroke(visuals.widgets.noninteractive.bg_stroke)
            .corner_radius(8)
            .inner_margin(egui::Margin::symmetric(12, 8))
            .show(ui, |ui| {
                ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
                    if ui.button("Dismiss").clicked() {
                        look.commands.send(Command::Dismiss(message.id));
                    }
                    ui.with_layout(
                        Layout::left_to_right(Align::TOP).with_main_wrap(true),
                        |ui| {
                            ui.colored_label(color, sign);
                            ui.colored_label(color, &message.text);
                        },
                    );
                });
            });
        ui.add_space(6.0);
    }
}
