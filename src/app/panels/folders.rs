use super::Look;
use super::job_card::job_card;
use crate::app::command::Command;
use crate::app::engine::RootFacts;
use crate::app::wording::{self, count, counted};
use crate::watch::{Mode, Pace};
use egui::{Align, Layout, ScrollArea, Ui};

/// The library's folders, what indexing does, and how to add one.
pub fn folders(ui: &mut Ui, look: Look<'_>) {
    ui.horizontal(|ui| {
        ui.heading("Folders");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let idle = look.state.indexing.is_none();
            let filled = look
                .state
                .library
                .as_ref()
                .is_some_and(|facts| !facts.roots.is_empty());
            let rescan = ui.add_enabled(idle && filled, egui::Button::new("Re-scan"));
            let rescan =
                rescan.on_hover_text("Look for new, changed and vanished photos everywhere");
            if rescan.clicked() {
                look.commands.send(Command::Rescan(None));
            }
        });
    });
    ui.add_space(4.0);
    let add = egui::Button::new("Add a folder…").min_size(egui::vec2(ui.available_width(), 34.0));
    if ui
        .add(add)
        .on_hover_text("Take the photos of a folder into the library (Ctrl+Shift+O)")
        .clicked()
    {
        look.commands.send(Command::PickFolder);
    }
    ui.add_space(6.0);
    let indexing = look.state.indexing.as_ref();
    if let Some(indexing) = indexing.filter(|indexing| indexing.is_worth_showing()) {
        job_card(ui, look, indexing);
    }
    for folder in &look.state.waiting_roots {
        ui.weak(format!("{} is next", wording::file_name(folder)));
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let Some(library) = &look.state.library else {
            ui.weak("Opening the library…");
            return;
        };
        for root in &library.roots {
            row(ui, look, root, library.only_read_because.is_none());
        }
        if !library.failures.is_empty() {
            ui.add_space(4.0);
            let text = format!(
                "{} could not be read",
                counted(library.failures.len(), "file")
            );
            if ui
                .button(text)
                .on_hover_text("Which ones, and why")
                .clicked()
            {
                look.commands.send(Command::ShowFailures(true));
            }
        }
    });
}

fn row(ui: &mut Ui, look: Look<'_>, root: &RootFacts, changeable: bool) {
    let name = wording::file_name(&root.path);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let menu = ui.menu_button("…", |ui| menu(ui, look, root));
            menu.response.accessible_name(format!("More about {name}"));
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.set_min_width(ui.available_width());
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add(egui::Label::new(egui::RichText::new(&name).strong()).truncate())
                    .on_hover_text(root.path.display().to_string());
                let mut facts = counted(root.photos, "photo");
                if root.failed > 0 {
                    facts += &format!(" · {} not readable", count(root.failed));
                }
                if root.denied {
                    ui.label(format!("{facts} · may not be read"))
                        .on_hover_text("The system gives this program no permission to read it.");
                } else if root.offline {
                    away(ui, look, root, &facts);
                } else {
                    ui.weak(facts);
                    if changeable {
                        watched(ui, look, root);
                    }
                }
            });
        });
    });
    ui.separator();
}

/// What can be done about a folder that is not there.
fn away(ui: &mut Ui, look: Look<'_>, root: &RootFacts, facts: &str) {
    let color = ui.visuals().warn_fg_color;
    ui.colored_label(color, format!("{facts} · not there now"))
        .on_hover_text(
            "The folder cannot be reached, as on a drive that is not connected. Its photos are kept in the library, and it is looked through when it is back.",
        );
    ui.add_space(3.0);
    let find = ui.small_button("It is elsewhere now…");
    if find
        .on_hover_text("Show where the folder lies now; all that is known of its photos is kept")
        .clicked()
    {
        look.commands.send(Command::AskForPlace(root.path.clone()));
    }
}

/// How the folder is watched for changes.
fn watched(ui: &mut Ui, look: Look<'_>, root: &RootFacts) {
    let every = wording::duration(Pace::default().every);
    match look.state.watching.mode(&root.path) {
        Some(Mode::Watched) => {
            ui.weak("watched for changes");
        }
        Some(Mode::Periodic(reason)) => {
            let text = format!("looked through every {every}, because {reason}");
            ui.add(egui::Label::new(egui::RichText::new(&text).weak()).truncate())
                .on_hover_text(text);
        }
        Some(Mode::Away) | None => {}
    }
}

fn menu(ui: &mut Ui, look: Look<'_>, root: &RootFacts) {
    let idle = look.state.indexing.is_none();
    if ui
        .add_enabled(idle, egui::Button::new("Re-scan this folder"))
        .clicked()
    {
        look.commands.send(Command::Rescan(Some(root.path.clone())));
        ui.close();
    }
    if ui.button("Show in file manager").clicked() {
        look.commands.send(Command::Reveal(root.path.clone()));
        ui.close();
    }
    let relink = ui.add_enabled(idle, egui::Button::new("It is elsewhere now…"));
    if relink
        .on_hover_text("Show where the folder lies now; all that is known of its photos is kept")
        .clicked()
    {
        look.commands.send(Command::AskForPlace(root.path.clone()));
        ui.close();
    }
    ui.separator();
    let forget = ui.add_enabled(idle, egui::Button::new("Forget this folder…"));
    let forget = forget.on_disabled_hover_text("Possible when indexing has ended or was stopped.");
    if forget.clicked() {
        look.commands.send(Command::AskToForget(root.path.clone()));
        ui.close();
    }
}
