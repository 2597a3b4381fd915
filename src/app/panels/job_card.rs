use super::Look;
use crate::app::command::Command;
use crate::app::state::Indexing;
use crate::app::wording::{self, count};
use crate::pipeline::{Phase, Progress};
use egui::{Frame, ProgressBar, Ui};

/// The running job: how far, how fast, how long still, and its two buttons.
pub fn job_card(ui: &mut Ui, look: Look<'_>, indexing: &Indexing) {
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
