//! What the window knows of the prompt pool beyond the profiles: its health, benchmark sets, orders, reasons of matches.

mod command;
mod handle;
mod reasons;
mod save;
mod state;

pub use command::{PoolCommand, PoolEvent};
pub use handle::{handle, keep_up, profiles_changed, receive, without_benchmarks};
pub use reasons::Reasons;
pub use save::{Saved, Saving};
pub use state::{Benchmark, HealthColumn, Pool, PoolPreferences, PromptsTab, Shown};
