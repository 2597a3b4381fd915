//! PUMA finds pictures by looking: one metric for everything in a photo collection, and the reasons for a match.
//!
//! The rooms, each importing only what its own duty needs:
//!
//! | room | duty |
//! |---|---|
//! | [`settings`] | what the user chose and where things lie |
//! | [`files`] | files that are written whole or not at all |
//! | [`photo`] | one file in: decode, orientation, limits, the one preprocessing, thumbnails |
//! | [`model`] | PUMA itself: config, ViT, stochastic adapters, prompt pool, head, checkpoints, devices; weights from the hub |
//! | [`figures`] | prompt profiles of domains as data and as charts |
//! | [`library`] | roots, scanning, the catalogue at rest |
//! | [`watch`] | folders under watch: what changes in them is told |
//! | [`index`] | nearest neighbours: exact scan and HNSW |
//! | [`search`] | a query to ranked hits |
//! | [`pipeline`] | indexing as one job |
//! | [`eval`] | metrics and benchmark sets, the published ones in their own layouts |
//! | [`train`] | sampler, augmentation, losses, optimiser, trainer |
//! | [`speed`] | how fast all this is on this machine |
//! | [`benchmark`] | methods trained and measured side by side, one report |
//! | [`app`] | the window |
//! | [`cli`] | arguments to configurations, one file a subcommand |
//!
//! The way of one photo: `library` finds the file, `photo` decodes it and cuts the one `[3, 224, 224]` crop, `model`
//! gives its embedding `[192]` and its prompt similarities `[20]`, `library` stores both, `index` makes them
//! searchable, `search` ranks them for a query, and `app` or `cli` shows the answer.

pub mod app;
pub mod benchmark;
pub mod cli;
pub mod eval;
pub mod figures;
pub mod files;
pub mod index;
pub mod library;
pub mod model;
pub mod photo;
pub mod pipeline;
pub mod search;
pub mod settings;
pub mod speed;
pub mod train;
pub mod watch;
