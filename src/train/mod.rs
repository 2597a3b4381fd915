//! Sampler, augmentation, losses, optimiser groups and the trainer.
//!
//! A run is reproducible from its seed: every random number is drawn from a generator named by the seed, its purpose
//! and the step or sample it is for, so that a resumed run needs no generator state.

mod augment;
mod best;
mod clusters;
mod config;
mod data;
mod error;
mod event;
mod event_file;
mod keep;
mod loader;
pub mod loss;
mod method;
mod optimizer;
mod pace;
mod parameters;
mod prepare;
mod queries;
mod run;
mod sampler;
mod schedule;
mod seed;
mod start;
mod state;
mod step;
mod trainer;
mod validation;
mod workers;

pub use config::{HeadStart, KeyStart, PromptStart, ProxyStart, Sampling, Schedule, TrainConfig};
pub use data::{Sample, TrainingData};
pub use error::TrainError;
pub use event::{Event, Outcome};
pub use method::Method;
pub use optimizer::{AdamW, Group};
pub use parameters::Parameters;
pub use start::start_tensors;
pub use step::{Losses, StepInput, TrainStep, prompt_penalty};
pub use trainer::Trainer;
pub use workers::Workers;
