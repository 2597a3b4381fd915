//! Tests of `figures`.
mod chart;
mod profiles;
