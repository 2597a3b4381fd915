//! Tests of `train`.

mod losses;
mod methods;
mod pair_losses;
pub mod run;
mod step;
