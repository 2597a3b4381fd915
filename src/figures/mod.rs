//! Prompt profiles of domains as data, and the charts made of them.

mod axis;
mod export;
mod profile;
mod prompt_chart;
mod svg;

pub use export::{FigureError, check_ending, csv, json, save};
pub use profile::{Profile, View, overall, profiles};
pub use prompt_chart::prompt_chart;
