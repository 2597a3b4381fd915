//! The window: state, commands, panels, textures, and the threads that work behind it.
//!
//! [`PumaApp`] runs a frame in three steps: news from the workers and wishes of the user change the [`State`]
//! (`logic`), panels show it and hand in new wishes (`ui`), and nothing else writes it. Work that may take its time runs
//! on named threads: the engine (model, library and searcher), one indexing job, thumbnail loaders, and errands such as
//! dialogs. Their events wake the window; answers of an older generation are dropped.

mod ask_state;
mod choices;
mod command;
mod desktop;
mod engine;
mod errand;
mod export;
mod frames;
mod handle_command;
mod handle_event;
mod handover;
mod history;
mod input;
mod lens;
mod map;
mod messages;
mod panels;
mod pasted;
mod pool;
mod previews;
mod puma_app;
mod query;
mod refine;
mod results;
mod state;
mod theme;
mod thumbnails;
mod watching;
mod window;
mod wording;

pub use command::{Command, Commands};
pub use engine::{Answer, Browse, LibraryFacts, Listing, Setup, Wanted};
pub use lens::{LensChoice, RankMove};
pub use map::MapKind;
pub use puma_app::PumaApp;
pub use query::{MOST_PARTS, Part, Query, Source};
pub use state::State;
pub use window::open;
