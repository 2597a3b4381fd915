use super::name_field::NameField;
use super::recent::recent;
use super::{Look, next_group};
use crate::app::command::Command;
use crate::app::previews::Previews;
use crate::app::state::View;
use crate::app::thumbnails::ThumbnailCache;
use egui::{Slider, ThemePreference, Ui};

/// Room for the choice of a view, and for that of the size of tiles.
const VIEWS_PX: f32 = 240.0;
const SIZE_PX: f32 = 140.0;

/// The line at the top: ways to ask, and how answers are shown. Holds what is being typed.
#[derive(Default)]
pub struct QueryBar {
    name: NameField,
}

impl QueryBar {
    /// Shows the line.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        thumbnails: &mut ThumbnailCache,
        previews: &Previews,
    ) {
        ui.horizontal_wrapped(|ui| {
            steps(ui, look);
            recent(ui, look, thumbnails, previews);
            if ui
                .button("Open a picture…")
                .on_hover_text(
                    "Search with a picture from the disk, or with several together (Ctrl+O)",
                )
                .clicked()
            {
                look.commands.send(Command::PickPicture);
            }
            if ui
                .button("Paste")
                .on_hover_text(
                    "Search with the picture, or the path of one, on the clipboard (Ctrl+V)",
                )
                .clicked()
            {
                look.commands.send(Command::Paste);
            }
            self.name.show(ui, look);
            next_group(ui, VIEWS_PX);
            views(ui, look);
            next_group(ui, SIZE_PX);
            tile_size(ui, look);
            ui.menu_button("View", |ui| view_menu(ui, look));
        });
    }
}

fn steps(ui: &mut Ui, look: Look<'_>) {
    let history = &look.state.history;
    let back = ui.add_enabled(history.can_go_back(), egui::Button::new("Back"));
    let back = back.on_hover_text("The query before (Alt+Left)");
    if back.clicked() {
        look.commands.send(Command::Back);
    }
    let forward = ui.add_enabled(history.can_go_forward(), egui::Button::new("Forward"));
    let forward = forward.on_hover_text("The query after (Alt+Right)");
    if forward.clicked() {
        look.commands.send(Command::Forward);
    }
}

fn views(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    for (view, name, hint) in [
        (
            View::Neighbours,
            "Neighbours",
            "The photos nearest to the query",
        ),
        (
            View::Prompts,
            "Prompts",
            "Which prompts each domain of the library calls (Figure 3)",
        ),
        (
            View::Map,
            "Map",
            "All photos on a plane, near those the model finds alike",
        ),
    ] {
        let button = ui.selectable_label(preferences.view == view, name);
        if button.on_hover_text(hint).clicked() {
            look.commands
                .prefer(preferences, |changed| changed.view = view);
        }
    }
}

fn tile_size(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    let mut tile_px = preferences.tile_px;
    ui.label("Size");
    let slider = Slider::new(&mut tile_px, 96.0..=320.0).show_value(false);
    let response = ui
        .add(slider)
        .on_hover_text("Size of the pictures in the grid");
    response.accessible_name("Tile size");
    look.commands
        .prefer(preferences, |changed| changed.tile_px = tile_px);
}

fn view_menu(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    let (mut folders, mut why) = (preferences.folders_open, preferences.why_open);
    ui.checkbox(&mut folders, "Folders panel");
    ui.checkbox(&mut why, "Why panel");
    look.commands.prefer(preferences, |changed| {
        changed.folders_open = folders;
        changed.why_open = why;
    });
    ui.separator();
    for (theme, name) in [
        (ThemePreference::System, "Theme of the system"),
        (ThemePreference::Light, "Light theme"),
        (ThemePreference::Dark, "Dark theme"),
    ] {
        if ui.radio(preferences.theme == theme, name).clicked() {
            look.commands
                .prefer(preferences, |changed| changed.theme = theme);
        }
    }
}
