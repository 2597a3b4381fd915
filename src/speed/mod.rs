//! How fast this program is on this machine: what it does with photos, measured on made ones.
//!
//! [`measure`] embeds, decodes and searches in rounds and gives the medians as a [`Report`]; [`timed`] and [`median`] are
//! what else measures times, and [`made`] makes what is measured, without anything of others.

mod clock;
mod embedding;
mod error;
mod hardware;
pub mod made;
mod photo;
mod report;
mod searching;

pub use clock::{Taken, median, processor_s, timed};
pub use embedding::Embedding;
pub use error::SpeedError;
pub use hardware::Hardware;
pub use photo::Photo;
pub use report::{ModelFacts, Options, Report, measure};
pub use searching::Search;
