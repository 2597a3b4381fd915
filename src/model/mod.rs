//! PUMA: configuration, ViT, stochastic adapters, prompt pool, head, checkpoints and devices.

pub mod checkpoint;
pub mod config;
pub mod device;
pub mod error;

pub use checkpoint::Checkpoint;
pub use config::Config;
pub use device::{ChosenDevice, DeviceChoice, choose_device};
pub use error::ModelError;
