//! Tests of `model`.

mod checkpoint;
