//! Sampler, augmentation, losses, optimiser groups and the trainer.

mod config;
mod error;
pub mod loss;
mod optimizer;
mod parameters;
mod schedule;
mod seed;
mod start;
pub use start::start_tensors;
mod step;
mod workers;
pub use config::*;
pub use error::TrainError;
pub use optimizer::{AdamW, Group};
pub use parameters::*;
pub use step::*;
pub use workers::Workers;
