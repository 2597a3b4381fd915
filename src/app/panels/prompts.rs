use super::Look;
use super::figure3::{overlaid, small_multiples};
use super::why::scale;
use crate::figures::Chart;
use egui::Ui;

/// The Figure 3 view: the mean similarity of each domain of the library to each prompt.
pub fn prompts(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    ui.heading("Prompts and domains");
    ui.weak(
        "For each domain of the library, the mean similarity between its photos and each prompt of the model. \
         Prompts that all domains call are shared; prompts that one calls more than the others are its own.",
    );
    ui.add_space(6.0);
    ui.horizontal_wrapped(|ui| {
        let preferences = &state.preferences;
        for (chart, name) in [
            (Chart::SmallMultiples, "A chart for each domain"),
            (Chart::Lines, "All in one chart"),
        ] {
            if ui
                .selectable_label(preferences.chart == chart, name)
                .clicked()
            {
                look.commands
                    .prefer(preferences, |changed| changed.chart = chart);
            }
        }
        ui.separator();
        scale(ui, look);
    });
    ui.add_space(6.0);
    if state.profiles.iter().all(|profile| profile.mean.is_empty()) {
        ui.label(match state.profiles.len() {
            0 => "There is nothing to draw yet: add a folder of photos first.",
            _ => "This model has no prompt pool: it is a plain ViT.",
        });
        return;
    }
    match state.preferences.chart {
        Chart::SmallMultiples => small_multiples(ui, look),
        Chart::Lines | Chart::HeatMap => overlaid(ui, look),
    }
}
