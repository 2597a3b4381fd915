//! Tests of `train`.

mod losses;
mod pair_losses;
mod run;
mod step;
