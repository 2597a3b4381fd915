//! From a query to ranked hits, and profiles of the domains of a library.
//!
//! A [`Searcher`] holds the model and a snapshot of the library's embeddings in memory. It is cheap to clone, answers
//! from any thread, and goes on answering from the old snapshot while [`Searcher::refresh`] reads a new one.

mod answer;
mod error;
mod searcher;
mod snapshot;

pub use answer::{Answer, Hit, Request};
pub use error::SearchError;
pub use searcher::Searcher;
