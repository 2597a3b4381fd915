use super::Look;
use crate::app::command::Command;
use crate::app::engine::RootFacts;
use crate::app::state::Indexing;
use crate::app::wording::{self, count, counted};
use crate::pipeline::{Phase, Progress};
use egui::{Align, Frame, Layout, ProgressBar, ScrollArea, Ui};

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
    if let Some(indexing) = &look.state.indexing {
        job(ui, look, indexing);
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
            row(ui, look, root);
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

fn row(ui: &mut Ui, look: Look<'_>, root: &RootFacts) {
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
                if root.offline {
                    let color = ui.visuals().warn_fg_color;
                    ui.colored_label(color, format!("{facts} · not there now"))
                        .on_hover_text(
                            "The folder cannot be reached. Its photos are kept in the library.",
                        );
                } else {
                    ui.weak(facts);
                }
            });
        });
    });
    ui.separator();
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
    ui.separator();
    let forget = ui.add_enabled(idle, egui::Button::new("Forget this folder…"));
    let forget = forget.on_disabled_hover_text("Possible when indexing has ended or was stopped.");
    if forget.clicked() {
        look.commands.send(Command::AskToForget(root.path.clone()));
        ui.close();
    }
}

/// The running job: how far, how fast, how long still, and its two buttons.
fn job(ui: &mut Ui, look: Look<'_>, indexing: &Indexing) {
    let visuals = ui.visuals();
    Frame::new()
        .fill(visuals.faint_bg_color)
        .stroke(visuals.widgets.noninteractive.bg_stroke)
        .corner_radius(8)
        .inner_margin(10)
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.add(egui::Label::new(headline(indexing)).truncate());
            let share = indexing.progress.as_ref().map_or(0.0, share);
            let bar = ui.add(
                ProgressBar::new(share)
                    .desired_height(8.0)
                    .fill(crate::app::theme::accent(ui.visuals())),
            );
            bar.accessible_name("Indexing progress");
            ui.weak(detail(indexing));
            ui.horizontal(|ui| {
                let running = !indexing.stopping;
                let (text, command) = if indexing.paused {
                    ("Resume", Command::ResumeIndexing)
                } else {
                    ("Pause", Command::PauseIndexing)
                };
                if ui.add_enabled(running, egui::Button::new(text)).clicked() {
                    look.commands.send(command);
                }
                let stop = ui.add_enabled(running, egui::Button::new("Stop"));
                if stop
                    .on_hover_text("What is indexed so far is kept; a re-scan goes on from there")
                    .clicked()
                {
                    look.commands.send(Command::StopIndexing);
                }
            });
        });
    ui.add_space(6.0);
}

/// How much is done, from 0 to 1; 0 while folders are still being read.
fn share(progress: &Progress) -> f32 {
    match progress.phase {
        Phase::Scanning => 0.0,
        _ if progress.found == 0 => 1.0,
        _ => progress.done as f32 / progress.found as f32,
    }
}

fn headline(indexing: &Indexing) -> String {
    let place = indexing
        .root
        .as_deref()
        .map_or_else(|| "all folders".to_owned(), wording::file_name);
    let scanning = |progress: &Progress| progress.phase == Phase::Scanning && progress.done == 0;
    if indexing.stopping {
        "Stopping…".to_owned()
    } else if indexing.paused {
        format!("Paused: {place}")
    } else if indexing.progress.as_ref().is_none_or(scanning) {
        format!("Looking for photos in {place}")
    } else {
        format!("Indexing {place}")
    }
}

fn detail(indexing: &Indexing) -> String {
    let Some(progress) = &indexing.progress else {
        return "Starting…".to_owned();
    };
    let mut text = format!("{} of {}", count(progress.done), count(progress.found));
    if progress.phase == Phase::Scanning {
        text += " found so far";
    }
    if !indexing.paused && progress.pictures_per_s > 0.0 {
        text += &format!(" · {:.1} a second", progress.pictures_per_s);
        if let Some(left) = progress.eta {
            text += &format!(" · {} left", wording::duration(left));
        }
    }
    if progress.failed > 0 {
        text += &format!(" · {} not readable", count(progress.failed));
    }
    text
}
