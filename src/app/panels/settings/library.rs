use super::{Look, SettingsPanel, change};
use egui::{TextEdit, Ui};

impl SettingsPanel {
    /// What makes a domain, what is left out, and how neighbours are looked for.
    pub(super) fn library(&mut self, ui: &mut Ui, look: Look<'_>) {
        let choices = &look.state.choices;
        let idle = choices.trying.is_none();
        ui.add_enabled_ui(idle, |ui| {
            one_of(
                ui,
                "A domain is",
                &choices.settings.domain_rule,
                &[
                    ("folder", "each folder in an added folder", "Albums side by side are domains"),
                    ("root", "each added folder", "All that lies in an added folder is one domain"),
                ],
                |word| change(look, |settings| settings.domain_rule = word),
            );
            one_of(
                ui,
                "Neighbours are looked for",
                &choices.settings.index_kind,
                &[
                    ("auto", "automatically", "Exactly, which was the fastest at every size up to a million photos"),
                    ("exact", "exactly", "Every photo is compared"),
                    ("hnsw", "in a graph", "HNSW, nearly exact; built in the background, which takes its time in a large library"),
                ],
                |word| change(look, |settings| settings.index_kind = word),
            );
            let mut thumbnails = choices.settings.thumbnails;
            if ui
                .checkbox(&mut thumbnails, "Make small copies while indexing")
                .on_hover_text("Scrolling is smoother from the start; else they are made when first seen")
                .changed()
            {
                change(look, |settings| settings.thumbnails = thumbnails);
            }
            let mut watch = choices.settings.watch;
            if ui
                .checkbox(&mut watch, "Watch the folders for changes")
                .on_hover_text("Else they are looked through at each start, and when you re-scan")
                .changed()
            {
                change(look, |settings| settings.watch = watch);
            }
            ui.add_space(4.0);
            let label = ui.label(
                "Leave out files and folders with these names, one a line; * stands for any letters, ? for one. \
                 Hidden ones are left out anyway, and folders with a file called .nomedia, with all below them:",
            );
            let field = TextEdit::multiline(&mut self.excluded)
                .hint_text("Screenshots\n*.tmp.jpg")
                .desired_rows(3)
                .desired_width(f32::INFINITY);
            ui.add(field).labelled_by(label.id).accessible_name("Names left out");
            let wished: Vec<String> = lines(&self.excluded);
            let differs = wished != choices.settings.excluded;
            let apply = egui::Button::new("Apply and re-scan");
            if ui.add_enabled(differs, apply).clicked() {
                change(look, |settings| settings.excluded = wished);
            }
        });
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn one_of(
    ui: &mut Ui,
    question: &str,
    chosen: &str,
    answers: &[(&str, &str, &str)],
    choose: impl Fn(String),
) {
    ui.horizontal_wrapped(|ui| {
        ui.label(question);
        for &(word, name, note) in answers {
            let radio = ui.radio(chosen == word, name).on_hover_text(note);
            let radio = radio.accessible_name(format!("{question} {name}"));
            if radio.clicked() && chosen != word {
                choose(word.to_owned());
            }
        }
    });
}
