//! Tests of `model`.

pub mod golden;
mod gradients;

mod ablation;
mod checkpoint;
mod checkpoint_convert;
mod checkpoint_foreign;
mod device;
mod dinov2;
mod half;
mod hub;
mod memory;
mod products;
mod retreat;
mod rivals;
mod second_opinion;
