use super::{Filter, Histogram, PhotoFacts};
use crate::index::Kind;
use crate::library::PhotoId;
use crate::model::Embedded;
use std::ops::Deref;
use std::time::Duration;

/// What is asked of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// How many hits at most.
    pub k: usize,
    /// Which photos may be found.
    pub filter: Filter,
    /// Photos that are left out, such as the query itself.
    pub without: Vec<PhotoId>,
}

impl Default for Request {
    fn default() -> Request {
        Request::top(20)
    }
}

impl Request {
    /// The `k` nearest photos of the whole library.
    pub fn top(k: usize) -> Request {
        Request {
            k,
            filter: Filter::default(),
            without: Vec::new(),
        }
    }
}

/// The answer to one query.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What the model says of the query.
    pub query: Embedded,
    /// The photos found, best first.
    pub hits: Vec<Hit>,
    /// How many photos were searched.
    pub searched: usize,
    /// How many of them the filter lets pass, whatever their score.
    pub passed: usize,
    /// The scores of those.
    pub histogram: Histogram,
    /// Near duplicates among the hits: places in `hits`, the best first, in order of the best; hits that have none
    /// are no group.
    pub groups: Vec<Vec<usize>>,
    /// By which kind of index.
    pub index: Kind,
    /// Time for decoding and embedding the query; zero for a photo of the library.
    pub embedding_time: Duration,
    /// Time for finding the hits.
    pub search_time: Duration,
}

/// A photo that was found; its facts are at hand as if they were its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which photo it is, and what is known of it.
    pub facts: PhotoFacts,
    /// Cosine of its embedding and the query's, at most 1.
    pub score: f32,
    /// Its prompt similarities `[M]`.
    pub similarity: Vec<f32>,
}

impl Deref for Hit {
    type Target = PhotoFacts;

    fn deref(&self) -> &PhotoFacts {
        &self.facts
    }
}
