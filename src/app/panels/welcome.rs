use super::Look;
use super::grid::grid;
use crate::app::command::Command;
use crate::app::state::EngineState;
use crate::app::thumbnails::ThumbnailCache;
use egui::{Button, RichText, Ui};

/// What a new user sees: what this is, in three lines, and the first step.
pub fn welcome(ui: &mut Ui, look: Look<'_>) {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.16).max(16.0));
        ui.label(RichText::new("Find pictures by looking").size(30.0).strong());
        ui.add_space(14.0);
        for line in [
            "Add a folder of photos: PUMA looks at each one once, and nothing leaves this computer.",
            "Show it any picture, and the photos that look most alike come up.",
            "It also shows why: which prompts of its model the picture calls.",
        ] {
            ui.label(RichText::new(line).size(17.0));
        }
        ui.add_space(22.0);
        let first = Button::new(RichText::new("Add a folder…").size(18.0))
            .fill(ui.visuals().selection.bg_fill)
            .min_size(egui::vec2(260.0, 44.0));
        // Named apart from the button of the folders panel, which does the same.
        if ui.add(first).accessible_name("Add the first folder").clicked() {
            look.commands.send(Command::PickFolder);
        }
        if let Some(pictures) = &look.state.pictures_folder {
            ui.add_space(6.0);
            let text = format!("Use {}", pictures.display());
            if ui
                .button(text)
                .on_hover_text("The pictures folder of this system")
                .accessible_name("Use the pictures folder")
                .clicked()
            {
                look.commands.send(Command::AddFolder(pictures.clone()));
            }
        }
        ui.add_space(14.0);
        ui.weak(ways(look, "Or drop a folder on this window, paste its path, or type it above."));
        broken(ui, look);
    });
}

/// What the middle shows while nothing is asked: how to ask, and photos to start from.
pub fn no_query(ui: &mut Ui, look: Look<'_>, thumbnails: &mut ThumbnailCache) {
    ui.vertical_centered(|ui| {
        ui.add_space(10.0);
        ui.label(RichText::new("Show PUMA a picture").size(24.0).strong());
        ui.weak(ways(
            look,
            "Drop one on this window, open or paste one, or type its path above.",
        ));
        broken(ui, look);
    });
    if look.state.results.is_empty() {
        return;
    }
    ui.add_space(14.0);
    ui.horizontal(|ui| {
        ui.label("Or start from one of your own. A click searches with it, a double click shows it large.");
        super::browse_button(ui, look);
    });
    grid(ui, look, thumbnails);
}

/// How to hand something in: by `drop` and more where drops arrive, else by the other ways.
fn ways<'a>(look: Look<'_>, drop: &'a str) -> &'a str {
    if look.state.drops_arrive {
        drop
    } else {
        "This desktop (Wayland) does not hand dropped files to this window: use the buttons, paste a picture or a \
         path, type a path above, or start with `puma PICTURE`."
    }
}

fn broken(ui: &mut Ui, look: Look<'_>) {
    if let EngineState::Broken(reason) = &look.state.engine {
        ui.add_space(12.0);
        ui.colored_label(ui.visuals().error_fg_color, reason);
    }
}
