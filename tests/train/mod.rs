//! Tests of `train`.

mod losses;
mod run;
mod step;
