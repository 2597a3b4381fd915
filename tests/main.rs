//! The test suite: one binary, one module a room.
mod app;
mod cli;
mod eval;
mod figures;
mod index;
mod library;
mod model;
mod photo;
mod pipeline;
mod search;
mod settings;
mod train;
