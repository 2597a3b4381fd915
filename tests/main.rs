//! The test suite: one binary, one module a room.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod app;
mod architecture;
mod benchmark;
mod cli;
mod eval;
mod figures;
mod index;
mod library;
mod model;
mod photo;
mod pictures;
mod pipeline;
mod search;
mod settings;
mod survival;
mod train;
mod watch;
#[cfg(target_os = "linux")]
mod window;
