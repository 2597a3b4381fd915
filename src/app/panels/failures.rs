use super::Look;
use crate::app::command::Command;
use crate::app::engine::Failure;
use crate::app::input::is_typing;
use crate::app::wording;
use egui::{Key, Modifiers, Popup, ScrollArea, Ui, Window};

/// The files that could not be read, each with its reason.
pub fn failures(ui: &Ui, look: Look<'_>) {
    let Some(library) = &look.state.library else {
        return;
    };
    if !look.state.failures_open {
        return;
    }
    let mut open = true;
    Window::new("Files that could not be read")
        .open(&mut open)
        .default_size([620.0, 380.0])
        .show(ui.ctx(), |ui| {
            if library.failures.is_empty() {
                ui.label("Every file could be read.");
                return;
            }
            ui.weak("They are tried again when they change. All other photos can be found.");
            if ui
                .button("Copy the list")
                .on_hover_text("Paths and reasons, a line for each file")
                .clicked()
            {
                look.commands.send(Command::CopyFailures);
            }
            ui.add_space(4.0);
            let line_px = ui.text_style_height(&egui::TextStyle::Body);
            let row_px = 2.0 * line_px + ui.spacing().item_spacing.y + 8.0;
            ScrollArea::vertical().auto_shrink(false).show_rows(
                ui,
                row_px,
                library.failures.len(),
                |ui, rows| {
                    for failure in &library.failures[rows] {
                        ui.allocate_ui(egui::vec2(ui.available_width(), row_px), |ui| {
                            row(ui, look, failure);
                        });
                    }
                },
            );
        });
    let escaped = !Popup::is_any_open(ui.ctx())
        && !look.state.asks_something()
        && !is_typing(ui.ctx())
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    if !open || escaped {
        look.commands.send(Command::ShowFailures(false));
    }
}

fn row(ui: &mut Ui, look: Look<'_>, failure: &Failure) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
        let name = wording::file_name(&failure.path);
        let show = ui
            .button("Show")
            .on_hover_text("Show it in the file manager");
        if show.accessible_name(format!("Show {name}")).clicked() {
            look.commands.send(Command::Reveal(failure.path.clone()));
        }
        ui.vertical(|ui| {
            ui.set_min_width(ui.available_width());
            ui.add(egui::Label::new(name).truncate())
                .on_hover_text(failure.path.display().to_string());
            let reason = egui::RichText::new(&failure.reason).color(ui.visuals().error_fg_color);
            ui.add(egui::Label::new(reason).truncate())
                .on_hover_text(&failure.reason);
        });
    });
}
