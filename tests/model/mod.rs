//! Tests of `model`.

pub mod golden;

mod checkpoint;
