//! Tests of `library`.
