//! Tests of `photo`.
mod preprocessing;
