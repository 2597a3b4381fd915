use super::Look;
use crate::app::command::Command;
use crate::app::state::View;
use egui::{Key, Slider, TextEdit, ThemePreference, Ui};

/// The line at the top: ways to ask, and how answers are shown. Holds what is being typed.
#[derive(Default)]
pub struct QueryBar {
    typed: String,
}

impl QueryBar {
    /// Shows the line.
    pub fn show(&mut self, ui: &mut Ui, look: Look<'_>) {
        ui.horizontal_wrapped(|ui| {
            steps(ui, look);
            if ui
                .button("Open a picture…")
                .on_hover_text("Search with a picture from the disk (Ctrl+O)")
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
            self.path_field(ui, look);
            ui.separator();
            views(ui, look);
            ui.separator();
            tile_size(ui, look);
            ui.separator();
            themes(ui, look);
        });
    }

    fn path_field(&mut self, ui: &mut Ui, look: Look<'_>) {
        let field = TextEdit::singleline(&mut self.typed)
            .hint_text("or type the path of a picture or folder")
            .desired_width(250.0);
        let response = ui.add(field);
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        response.accessible_name("Path of a picture or folder");
        if entered && !self.typed.trim().is_empty() {
            let text = std::mem::take(&mut self.typed);
            look.commands.send(Command::TakeText(text));
        }
    }
}

fn steps(ui: &mut Ui, look: Look<'_>) {
    let history = &look.state.history;
    let back = ui.add_enabled(history.can_go_back(), egui::Button::new("⏴"));
    let back = back.on_hover_text("The query before (Alt+Left)");
    if back.accessible_name("Back").clicked() {
        look.commands.send(Command::Back);
    }
    let forward = ui.add_enabled(history.can_go_forward(), egui::Button::new("⏵"));
    let forward = forward.on_hover_text("The query after (Alt+Right)");
    if forward.accessible_name("Forward").clicked() {
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
    let caption = ui.label("Size");
    let slider = Slider::new(&mut tile_px, 96.0..=320.0).show_value(false);
    let response = ui
        .add(slider)
        .on_hover_text("Size of the pictures in the grid");
    response.accessible_name("Tile size");
    let _ = caption;
    look.commands
        .prefer(preferences, |changed| changed.tile_px = tile_px);
}

fn themes(ui: &mut Ui, look: Look<'_>) {
    let preferences = &look.state.preferences;
    for (theme, sign, name) in [
        (ThemePreference::Light, "☀", "Light theme"),
        (ThemePreference::Dark, "🌙", "Dark theme"),
        (ThemePreference::System, "💻", "Theme of the system"),
    ] {
        let button = ui.selectable_label(preferences.theme == theme, sign);
        let button = button.on_hover_text(name).accessible_name(name);
        if button.clicked() {
            look.commands
                .prefer(preferences, |changed| changed.theme = theme);
        }
    }
}
