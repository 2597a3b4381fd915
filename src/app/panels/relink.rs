use super::Look;
use crate::app::command::Command;
use crate::app::wording;
use egui::{Id, Modal, TextEdit, Ui};
use std::path::{Path, PathBuf};

/// Asks where a folder lies now, with what is being typed.
#[derive(Default)]
pub struct RelinkForm {
    /// The folder that is asked about.
    of: Option<PathBuf>,
    /// What was chosen in a dialog last.
    chosen: Option<PathBuf>,
    typed: String,
}

impl RelinkForm {
    /// Shows the question, if there is one.
    pub fn show(&mut self, ui: &Ui, look: Look<'_>) {
        let Some(relinking) = &look.state.relinking else {
            self.of = None;
            return;
        };
        let opened = self.of.as_ref() != Some(&relinking.folder);
        if opened {
            self.of = Some(relinking.folder.clone());
        }
        if opened || relinking.chosen != self.chosen {
            self.chosen.clone_from(&relinking.chosen);
            let chosen = self.chosen.as_deref();
            self.typed = chosen.map_or_else(String::new, |path| path.display().to_string());
        }
        let shown = Modal::new(Id::unique("relink")).show(ui.ctx(), |ui| {
            self.question(ui, look, &relinking.folder, opened);
        });
        if shown.should_close() {
            look.commands.send(Command::KeepPlace);
        }
    }

    fn question(&mut self, ui: &mut Ui, look: Look<'_>, folder: &Path, opened: bool) {
        ui.set_max_width(480.0);
        ui.heading(format!("Where is “{}” now?", wording::file_name(folder)));
        ui.add_space(4.0);
        ui.weak(format!("It was {}", folder.display()));
        ui.add_space(8.0);
        ui.label(
            "Name the folder that holds its photos now. All that PUMA knows of them is kept, and none is looked at anew.",
        );
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let choose = ui.button("Choose…");
            if choose.clicked() {
                look.commands.send(Command::PickPlace(folder.to_owned()));
            }
            let field = TextEdit::singleline(&mut self.typed)
                .hint_text("Path of the folder")
                .desired_width(f32::INFINITY);
            let field = ui.add(field).accessible_name("Where the folder is now");
            if opened {
                field.request_focus();
            }
        });
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            if ui.button("Leave it").clicked() {
                look.commands.send(Command::KeepPlace);
            }
            let named = !self.typed.trim().is_empty();
            let take = ui.add_enabled(named, egui::Button::new("It is there now"));
            if take.clicked() {
                look.commands.send(Command::Relink {
                    old: folder.to_owned(),
                    new: place(self.chosen.as_deref(), &self.typed),
                });
            }
        });
    }
}

/// The folder that the text names: the one that was chosen in the dialog, as long as its text is as it came, since a name
/// that is not UTF-8 has no text that leads back to it.
fn place(chosen: Option<&Path>, typed: &str) -> PathBuf {
    match chosen {
        Some(path) if path.display().to_string() == typed => path.to_owned(),
        _ => PathBuf::from(typed.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_chosen_folder_is_taken_as_it_is_until_its_text_is_edited() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let chosen = Path::new(OsStr::from_bytes(b"/photos/\xe9t\xe9 "));
        let text = chosen.display().to_string();
        assert_eq!(place(Some(chosen), &text), chosen);
        assert_eq!(place(Some(chosen), " /photos/b "), Path::new("/photos/b"));
        assert_eq!(place(None, "/photos/b"), Path::new("/photos/b"));
    }
}
