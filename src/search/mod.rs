//! From a query to ranked hits, and profiles of the domains of a library.
//!
//! A [`Searcher`] holds the model and a snapshot of the library's embeddings in memory. It is cheap to clone, answers
//! from any thread, and goes on answering from the old snapshot while [`Searcher::refresh`] reads what is new.

mod answer;
mod calibration;
mod combine;
mod duplicates;
mod error;
mod facts;
mod filter;
mod graph;
mod histogram;
mod kept;
mod lens;
mod listing;
mod map;
mod refreshing;
mod searcher;
mod segment;
mod snapshot;

pub use answer::{Answer, Hit, Request};
pub use combine::combine;
pub use duplicates::NEAR_DUPLICATE;
pub use error::SearchError;
pub use filter::Filter;
pub use histogram::Histogram;
pub use kept::KEPT_FROM;
pub use lens::{
    Lens, LensAnswer, LensPart, LensRequest, LensSource, LensSummary, Reranked, Unread,
};
pub use listing::{Listing, Order, Section};
pub use map::{Islands, Layout, MapPhotos, Pca, SavedLayout};
pub use searcher::Searcher;

/// What is known of a photo besides what the model says.
pub use crate::library::PhotoFacts;
