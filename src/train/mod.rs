//! Sampler, augmentation, losses, optimiser groups and the trainer.

pub mod loss;
