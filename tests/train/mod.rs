//! Tests of `train`.

mod losses;
mod step;
