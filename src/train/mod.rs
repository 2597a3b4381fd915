//! Sampler, augmentation, losses, optimiser groups and the trainer.

pub mod loss;
mod workers;
mod step;
mod error;
mod config;mod optimizer;mod parameters;mod schedule;mod seed;
pub use error::TrainError;pub use optimizer::{AdamW, Group};pub use step::*;pub use workers::Workers;pub use config::*;pub use parameters::*;