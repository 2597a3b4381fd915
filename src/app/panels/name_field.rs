use super::Look;
use crate::app::command::Command;
use crate::app::pasted::is_path;
use egui::{Key, KeyboardShortcut, Modifiers, TextEdit, Ui};

/// The accessible name of the field.
const NAME: &str = "File name, folder, or path of a picture";

/// Width of the empty field, and of the button that stands beside it otherwise.
const WIDTH_PX: f32 = 250.0;
const CLEAR_PX: f32 = 62.0;

/// The field at the top: what is typed filters by file names and folders, and a path is asked with.
#[derive(Default)]
pub struct NameField {
    typed: String,
    /// The words that were last sent as a filter.
    sent: String,
}

impl NameField {
    /// Shows the field, and what it does now.
    pub fn show(&mut self, ui: &mut Ui, look: Look<'_>) {
        let filter = &look.state.filter;
        if filter.name != self.sent {
            // Cleared or set elsewhere.
            self.sent = filter.name.clone();
            self.typed = filter.name.clone();
        }
        let field = TextEdit::singleline(&mut self.typed)
            .hint_text("Filter by file name, or type a path")
            .desired_width(if self.sent.is_empty() {
                WIDTH_PX
            } else {
                // The button beside it must not push what follows to a line of its own.
                WIDTH_PX - CLEAR_PX
            });
        let response = ui.add(field).on_hover_text(
            "Words here show only photos whose file name or folders contain them: this model searches by \
             pictures, not by text. The path of a picture or folder, and Enter, asks with it (Ctrl+L)",
        );
        let at_hand = KeyboardShortcut::new(Modifiers::COMMAND, Key::L);
        if ui.input_mut(|input| input.consume_shortcut(&at_hand)) {
            response.request_focus();
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let changed = response.changed();
        response.accessible_name(NAME);
        let path = is_path(&self.typed);
        if entered && path {
            let text = std::mem::take(&mut self.typed);
            self.filter(look, "");
            look.commands.send(Command::TakeText(text));
        } else if changed {
            let words = if path {
                String::new()
            } else {
                self.typed.clone()
            };
            self.filter(look, words.trim());
        }
        if !self.sent.is_empty() {
            let clear = ui
                .button("Clear")
                .on_hover_text("Show photos of any name again");
            if clear.accessible_name("Clear the name filter").clicked() {
                self.typed.clear();
                self.filter(look, "");
            }
        }
    }

    fn filter(&mut self, look: Look<'_>, words: &str) {
        if self.sent == words {
            return;
        }
        self.sent = words.to_owned();
        let mut filter = look.state.filter.clone();
        filter.name = words.to_owned();
        look.commands.send(Command::SetFilter(Box::new(filter)));
    }
}
