//! Prompt profiles of domains as data, what they tell of the pool, and the charts made of them.

mod arrangement;
mod axis;
mod colour_map;
mod export;
mod figure;
mod health;
mod heat_map;
mod likeness;
mod line_chart;
mod png;
mod profile;
mod round;
mod seriation;
mod small_multiples;
mod stored;
mod svg;

pub use arrangement::{Arrangement, Sort};
pub use colour_map::{ColourMap, ColourScale};
pub use export::{FigureError, Format, check_ending, csv, json};
pub use figure::{Chart, Figure};
pub use health::{Health, PromptHealth, Usage, entropy_bits, health};
use heat_map::heat_map;
pub use likeness::{ALIKE_BY_CHANCE, agreeing, cosine, far_profiles, opposing};
use line_chart::line_chart;
pub use profile::{Profile, View, overall, profiles};
pub use round::{decimals, multiples, round_step};
pub use seriation::seriation;
use small_multiples::small_multiples;
pub use stored::{StoredProfiles, read_profiles};
