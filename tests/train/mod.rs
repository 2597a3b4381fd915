//! Tests of `train`.
mod losses;
