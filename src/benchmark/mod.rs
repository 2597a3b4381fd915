//! Methods trained and measured side by side on the same sets: the paper's comparison as one command.
//!
//! [`BenchmarkConfig`] names the methods, [`run`] trains and measures those that have no result yet, and [`Comparison`]
//! is what came out, written as one report.

mod averaged;
mod bench;
mod comparison;
mod config;
mod effort;
mod error;
mod grid;
mod html;
mod markdown;
mod measured;
mod memory;
mod photos;
mod run;
mod stored;
mod telling;

pub use averaged::average;
pub use comparison::{Comparison, MeasuredSet};
pub use config::{BenchmarkConfig, MethodConfig, Subject};
pub use error::BenchmarkError;
pub use grid::{Grid, GridRow, Neighbour};
pub use measured::{MethodResult, SeedResult};
pub use run::{BenchmarkEvent, BenchmarkOutcome, Files, run};
pub use telling::sets_told_apart;
