use super::{Look, SettingsPanel};
use crate::app::state::ZOOMS;
use egui::{Slider, ThemePreference, Ui};

impl SettingsPanel {
    /// Theme and sizes.
    pub(super) fn look(&mut self, ui: &mut Ui, look: Look<'_>) {
        let preferences = &look.state.preferences;
        ui.horizontal_wrapped(|ui| {
            ui.label("Theme");
            for (theme, name, meaning) in [
                (
                    ThemePreference::System,
                    "As the system",
                    "Theme as the system",
                ),
                (ThemePreference::Light, "Light", "Light theme"),
                (ThemePreference::Dark, "Dark", "Dark theme"),
            ] {
                let radio = ui.radio(preferences.theme == theme, name);
                if radio.accessible_name(meaning).clicked() {
                    look.commands
                        .prefer(preferences, |changed| changed.theme = theme);
                }
            }
        });
        ui.horizontal_wrapped(|ui| {
            ui.label("Text size");
            let mut percent = self.zoom.unwrap_or(preferences.zoom) * 100.0;
            let range = ZOOMS.start() * 100.0..=ZOOMS.end() * 100.0;
            let slider = Slider::new(&mut percent, range).step_by(5.0).suffix(" %");
            let response = ui
                .add(slider)
                .on_hover_text("Everything grows with it; Ctrl and plus or minus do the same");
            let held = response.dragged();
            let changed = response.changed();
            response.accessible_name("Text size");
            self.zoom = held.then_some(percent / 100.0);
            if !held && (changed || (percent / 100.0 - preferences.zoom).abs() > 1e-3) {
                look.commands
                    .prefer(preferences, |changed| changed.zoom = percent / 100.0);
            }
            if ui.button("Usual size").clicked() {
                look.commands
                    .prefer(preferences, |changed| changed.zoom = 1.0);
            }
        });
        ui.horizontal_wrapped(|ui| {
            ui.label("Size of the pictures in the grid");
            let mut tile_px = preferences.tile_px;
            let slider = Slider::new(&mut tile_px, 96.0..=320.0).show_value(false);
            ui.add(slider)
                .accessible_name("Size of the pictures in the grid");
            look.commands
                .prefer(preferences, |changed| changed.tile_px = tile_px);
        });
    }
}
