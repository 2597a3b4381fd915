//! PUMA: configuration, ViT, stochastic adapters, prompt pool, head, checkpoints and devices.

pub mod checkpoint;
pub mod device;
