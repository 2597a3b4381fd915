//! Tests of `train`.

mod choices;
mod losses;
mod methods;
mod pair_losses;
mod pool;
mod resuming;
pub mod run;
mod step;
