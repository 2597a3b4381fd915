//! Tests of `eval`.
mod metrics;
mod photo_sets;
mod report;
