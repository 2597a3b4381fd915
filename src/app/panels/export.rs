use super::Look;
use crate::app::command::Command;
use crate::app::export::Format;
use crate::app::results::Wish;
use crate::app::wording::{counted, file_name};
use egui::{Id, Key, Modal, ProgressBar, TextEdit, Ui};
use std::path::PathBuf;

/// The question where and as what results are saved. Holds what is being typed.
#[derive(Default)]
pub struct ExportForm {
    format: Format,
    typed: String,
    open: bool,
    /// The file whose replacement was asked about last.
    asked: Option<PathBuf>,
}

impl ExportForm {
    /// Asks, if the user wants to export.
    pub fn show(&mut self, ui: &Ui, look: Look<'_>) {
        let export = &look.state.results.export;
        if !export.open {
            self.open = false;
            return;
        }
        let opened = !std::mem::replace(&mut self.open, true);
        if opened {
            self.suggest();
        }
        if export.asks_to_replace != self.asked {
            // The place that is meant, whole: the name may have been typed in short, or chosen in a dialog.
            self.asked.clone_from(&export.asks_to_replace);
            if let Some(path) = &self.asked {
                self.typed = path.display().to_string();
            }
        }
        let send = |wish: Wish| look.commands.send(Command::Results(wish));
        let shown = Modal::new(Id::unique("export")).show(ui.ctx(), |ui| {
            ui.set_width(500.0);
            ui.heading("Export");
            ui.label(match look.state.results.selection.len() {
                0 => format!(
                    "All that is shown: {}.",
                    counted(look.state.results.len(), "photo")
                ),
                chosen => format!("What is selected: {}.", counted(chosen, "photo")),
            });
            ui.add_space(8.0);
            for format in Format::ALL {
                if ui.radio(self.format == format, format.name()).clicked() {
                    self.format = format;
                    self.set_ending();
                }
            }
            ui.add_space(8.0);
            ui.label("Save as");
            let response = ui
                .horizontal(|ui| {
                    let field = TextEdit::singleline(&mut self.typed).desired_width(370.0);
                    let response = ui.add(field);
                    let choose = ui
                        .button("Choose…")
                        .on_hover_text("Pick the place in a dialog");
                    if choose.clicked() {
                        send(Wish::PickExport(self.format));
                    }
                    response
                })
                .inner;
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if opened {
                response.request_focus();
            }
            response.accessible_name("Export to this file");
            ui.add_space(10.0);
            let path = PathBuf::from(self.typed.trim());
            let asks = export.asks_to_replace.as_ref() == Some(&path);
            if asks {
                let text = format!("{} is there already.", file_name(&path));
                ui.colored_label(ui.visuals().warn_fg_color, text);
            }
            ui.horizontal(|ui| {
                let named = !self.typed.trim().is_empty();
                let save = if asks { "Replace it" } else { "Save" };
                let save = ui.add_enabled(named, egui::Button::new(save));
                // Enter alone never replaces a file.
                if save.clicked() || (entered && named && !asks) {
                    send(Wish::Export {
                        format: self.format,
                        path: path.clone(),
                        replace: asks,
                    });
                }
                if ui.button("Cancel").clicked() {
                    send(Wish::OpenExport(false));
                }
            });
        });
        if shown.should_close() {
            send(Wish::OpenExport(false));
        }
    }

    /// A name in the folder of documents, or at home.
    fn suggest(&mut self) {
        if self.typed.is_empty() {
            let folder = directories::UserDirs::new().map_or_else(PathBuf::new, |user| {
                user.document_dir().unwrap_or(user.home_dir()).to_owned()
            });
            self.typed = folder.join("puma results").display().to_string();
        }
        self.set_ending();
    }

    fn set_ending(&mut self) {
        let mut path = PathBuf::from(self.typed.trim());
        let ours = |ending: &str| Format::ALL.iter().any(|format| format.ending() == ending);
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_none_or(ours) && path.file_name().is_some() {
            path.set_extension(self.format.ending());
            self.typed = path.display().to_string();
        }
    }
}

/// How far an export is, and the way to end it.
pub fn export_progress(ui: &mut Ui, look: Look<'_>) {
    let Some((done, of)) = look.state.results.export.progress else {
        return;
    };
    ui.horizontal(|ui| {
        let share = done as f32 / of.max(1) as f32;
        let bar = ProgressBar::new(share).desired_width(220.0);
        ui.add(bar.text(format!("Exporting {done} of {of}")));
        let stop = ui.button("Stop").accessible_name("Stop the export");
        if stop.clicked() {
            look.commands.send(Command::Results(Wish::StopExport));
        }
    });
}
