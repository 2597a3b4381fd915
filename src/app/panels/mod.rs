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
