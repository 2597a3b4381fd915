use super::Look;
use crate::app::command::Command;
use crate::app::messages::{Kind, Message};
use crate::app::wording::shortened;
use egui::{Align2, Area, Frame, Id, Order, Sides, Ui};

/// Widest card, in points.
const WIDEST_PX: f32 = 560.0;
/// Distance from the lower edge, so that the status bar stays free.
const ABOVE_EDGE_PX: f32 = 54.0;
/// So much more where a line stands above that.
const LINE_PX: f32 = 42.0;

/// Cards over the lower edge, each with a button that takes it away; nothing below them moves.
pub fn messages(ui: &Ui, look: Look<'_>) {
    if look.state.messages.shown().is_empty() {
        return;
    }
    let line_px = look.state.next_model.as_ref().map_or(0.0, |_| LINE_PX);
    Area::new(Id::unique("messages"))
        .order(Order::Middle)
        .anchor(Align2::CENTER_BOTTOM, [0.0, -ABOVE_EDGE_PX - line_px])
        .show(ui.ctx(), |ui| {
            ui.set_width(WIDEST_PX.min(ui.ctx().content_rect().width() - 32.0));
            for message in look.state.messages.shown() {
                card(ui, look, message);
            }
        });
}

fn card(ui: &mut Ui, look: Look<'_>, message: &Message) {
    let visuals = ui.visuals();
    let color = match message.kind {
        Kind::Info => visuals.text_color(),
        Kind::Error => visuals.error_fg_color,
    };
    Frame::popup(ui.style())
        .inner_margin(egui::Margin::symmetric(14, 10))
        .show(ui, |ui| {
            // As high as its text: a layout that fills its room would make the card grow over the window.
            Sides::new().shrink_left().wrap().show(
                ui,
                |ui| ui.colored_label(color, &message.text),
                |ui| {
                    let dismiss = ui.button("Dismiss");
                    let name = format!("Dismiss: {}", shortened(&message.text, 60));
                    if dismiss.accessible_name(name).clicked() {
                        look.commands.send(Command::Dismiss(message.id));
                    }
                },
            );
        });
}
