//! PUMA: configuration, ViT, stochastic adapters, prompt pool, head, checkpoints and devices.
//!
//! S. Kim, D. Kim, S. Kwak, "Learning Unified Distance Metric Across Diverse Data Distributions with
//! Parameter-Efficient Transfer Learning", WACV 2025, arXiv 2309.08944. [`Network`] is the model with both of its
//! forward passes, [`Puma`] the model as everything else uses it.

mod ablation;
mod adapter;
mod block;
pub mod checkpoint;
pub mod config;
pub mod device;
pub mod error;
mod half;
pub mod hub;
mod linear;
mod memory;
mod network;
mod norm;
pub mod ops;
mod pass;
mod placed;
mod position;
mod prompt_pool;
mod puma;
mod retreat;
mod rivals;
mod vit;
mod weights;

pub use ablation::Ablation;
pub use adapter::ADAPTER_SCALE;
pub use checkpoint::Checkpoint;
pub use config::{Config, RivalConfig, VitConfig};
pub use device::{ChosenDevice, DeviceChoice, choose_device};
pub use error::ModelError;
pub use memory::Footprint;
pub use network::{Network, Output, normalise};
pub use pass::{Gates, Pass, Products};
pub use position::resize_matrix;
pub use puma::{Embedded, Puma, pixels};
pub use retreat::Retreat;
