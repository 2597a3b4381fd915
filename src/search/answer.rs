use crate::index::Kind;
use crate::library::PhotoId;
use crate::model::Embedded;
use std::path::PathBuf;
use std::time::Duration;

/// What is asked of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// How many hits at most.
    pub k: usize,
    /// Only photos of these domains; empty for all.
    pub domains: Vec<String>,
    /// Photos that are left out, such as the query itself.
    pub without: Vec<PhotoId>,
    /// Only hits with at least this score.
    pub minimum_score: Option<f32>,
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
            domains: Vec::new(),
            without: Vec::new(),
            minimum_score: None,
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
    /// By which kind of index.
    pub index: Kind,
    /// Time for decoding and embedding the query; zero for a photo of the library.
    pub embedding_time: Duration,
    /// Time for finding the hits.
    pub search_time: Duration,
}

/// A photo that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its number in the library.
    pub id: PhotoId,
    /// Its absolute path.
    pub path: PathBuf,
    /// Cosine of its embedding and the query's, at most 1.
    pub score: f32,
    /// Its domain.
    pub domain: String,
    /// Its prompt similarities `[M]`.
    pub similarity: Vec<f32>,
}
