//! Tests of `figures`.
