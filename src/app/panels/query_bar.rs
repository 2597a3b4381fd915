use super::Look;
use crate::app::command::Command;
use crate::app::state::View;
use egui::{Key, KeyboardShortcut, Modifiers, Slider, TextEdit, ThemePreference, Ui};

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
            ui.menu_button("View", |ui| view_menu(ui, look));
        });
    }

    fn path_field(&mut self, ui: &mut Ui, look: Look<'_>) {
        let field = TextEdit::singleline(&mut self.typed)
            .hint_text("or type the path of a picture or folder")
            .desired_width(300.0);
        let response = ui.add(field);
        let at_hand = KeyboardShortcut::new(Modifiers::COMMAND, Key::L);
        if ui.input_mut(|input| input.consume_shortcut(&at_hand)) {
            response.request_focus();
        }
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
