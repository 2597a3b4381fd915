//! Tests of `eval`.
mod command;
mod embed_files;
mod metrics;
mod photo_sets;
mod published;
mod report;
