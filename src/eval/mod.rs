//! Metrics, benchmark sets, tables and prompt profiles over data sets.
