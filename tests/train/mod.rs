//! Tests of `train`.

mod losses;
mod methods;
mod pair_losses;
mod pool;
pub mod run;
mod step;
