//! The parts of the window, one file each: they show the state and send commands.

mod bars;
mod chart;
mod drop_zone;
mod export;
mod failures;
mod figure3;
mod filter_words;
mod filters;
mod folders;
mod forget;
mod grid;
mod health;
mod heat_map;
mod job_card;
mod lens;
mod lines;
mod map;
mod messages;
mod name_field;
mod next_model;
mod offers;
mod part_editor;
mod part_picture;
mod pointed;
mod preview;
mod preview_facts;
mod preview_view;
mod prompts;
mod query_bar;
mod query_parts;
mod recent;
mod relink;
mod results_bar;
mod rows;
mod save_figure;
mod settings;
mod status_bar;
mod tile;
mod tile_menu;
mod trash;
mod welcome;
mod why;
mod why_match;

pub use drop_zone::drop_zone;
pub use export::{ExportForm, export_progress};
pub use failures::failures;
pub use filters::Filters;
pub use folders::folders;
pub use forget::forget;
pub use grid::results;
pub use lens::{lens, lens_result};
pub use map::MapView;
pub use messages::messages;
pub use next_model::next_model;
pub use offers::offers;
pub use preview::PreviewPane;
pub use prompts::prompts;
pub use query_bar::QueryBar;
pub use query_parts::QueryParts;
pub use recent::of_source;
pub use relink::RelinkForm;
pub use results_bar::{browse_button, results_bar};
pub use settings::SettingsPanel;
pub use status_bar::status_bar;
pub use trash::trash;
pub use welcome::{no_query, welcome};
pub use why::why;

use super::command::Commands;
use super::state::State;

/// What every panel gets: the state to read, and the way for commands.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// What to show.
    pub state: &'a State,
    /// Where wishes go.
    pub commands: &'a Commands,
}

/// Begins a new row of a wrapped layout where a caption and its widget, so wide together, would be torn apart.
fn keep_together(ui: &mut egui::Ui, width_px: f32) {
    if ui.available_size_before_wrap().x < width_px {
        ui.end_row();
        ui.set_row_height(ui.spacing().interact_size.y);
    }
}

/// Room that the line between two groups takes, without the gaps beside it.
const LINE_PX: f32 = 6.0;

/// Sets the next group of a wrapped layout, or so much of it as belongs together, off from what stands before it: by a
/// line where both fit on the row, or else by a row of its own.
fn next_group(ui: &mut egui::Ui, width_px: f32) {
    let line_px = LINE_PX + ui.spacing().item_spacing.x;
    if ui.available_size_before_wrap().x < line_px + width_px {
        ui.end_row();
        ui.set_row_height(ui.spacing().interact_size.y);
        // What follows keeps its focus and its open menus, with a line before it or without.
        ui.skip_ahead_auto_ids(1);
    } else {
        ui.separator();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A line at the end of a row would set off nothing.
    #[test]
    fn a_line_stands_only_between_groups_on_one_row() {
        let place = |width_px: f32| {
            let found = Cell::new(None);
            let mut harness = egui_kittest::Harness::builder()
                .with_size(egui::vec2(width_px, 200.0))
                .build_ui(|ui| {
                    ui.horizontal_wrapped(|ui| {
                        let first = ui.add_sized([100.0, 20.0], egui::Label::new("first"));
                        let before = ui.cursor().left();
                        next_group(ui, 100.0);
                        let moved = ui.cursor().left() - before;
                        let second = ui.add_sized([100.0, 20.0], egui::Label::new("second"));
                        found.set(Some((first.rect, second.rect, moved)));
                    });
                });
            harness.run_steps(2);
            drop(harness);
            found.get().unwrap()
        };
        let (first, second, moved) = place(400.0);
        assert_eq!(first.center().y, second.center().y);
        assert!(moved >= LINE_PX, "no room for a line: {moved}");
        let (first, second, _) = place(220.0);
        assert!(second.top() >= first.bottom());
        assert_eq!(second.left(), first.left());
    }
}
