use crate::index::{Index, Kind, Neighbour, Vectors};
use crate::library::{Embeddings, PhotoId};
use std::path::Path;
use std::sync::Arc;

use super::Request;

/// The library's embeddings at one moment, with their index.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub change: i64,
    pub index: Index,
    photos: Vec<PhotoId>,
    domain: Vec<u32>,
    domains: Vec<String>,
    prompts: usize,
    similarity: Vec<f32>,
}

impl Snapshot {
    /// `build` makes a graph that is wanted and not there.
    pub fn new(embeddings: Embeddings, kind: Kind, cache: &Path, build: bool) -> Snapshot {
        let vectors = Arc::new(Vectors::new(embeddings.width, embeddings.embedding));
        let index = if build {
            Index::open(vectors, kind, Some(cache))
        } else {
            Index::at_hand(vectors, kind, Some(cache))
        };
        Snapshot {
            change: embeddings.change,
            index,
            photos: embeddings.photos,
            domain: embeddings.domain,
            domains: embeddings.domains,
            prompts: embeddings.prompts,
            similarity: embeddings.similarity,
        }
    }

    pub fn len(&self) -> usize {
        self.photos.len()
    }

    pub fn photo(&self, row: usize) -> PhotoId {
        self.photos[row]
    }

    /// The row of a photo; rows are in order of the photos' numbers.
    pub fn row_of(&self, photo: PhotoId) -> Option<usize> {
        self.photos.binary_search(&photo).ok()
    }

    pub fn domain(&self, row: usize) -> &str {
        &self.domains[self.domain[row] as usize]
    }

    pub fn embedding(&self, row: usize) -> &[f32] {
        self.index.vectors().row(row)
    }

    pub fn similarity(&self, row: usize) -> &[f32] {
        &self.similarity[row * self.prompts..(row + 1) * self.prompts]
    }

    /// Domain and similarities of every photo.
    pub fn similarities(&self) -> impl Iterator<Item = (&str, &[f32])> + Clone {
        (0..self.len()).map(|row| (self.domain(row), self.similarity(row)))
    }

    pub fn nearest(&self, query: &[f32], request: &Request) -> Vec<Neighbour> {
        let mut hits = if request.domains.is_empty() && request.without.is_empty() {
            self.index.nearest(query, request.k, None)
        } else {
            let domains: Vec<bool> = self
                .domains
                .iter()
                .map(|domain| request.domains.is_empty() || request.domains.contains(domain))
                .collect();
            let accept = |row: usize| {
                domains[self.domain[row] as usize] && !request.without.contains(&self.photos[row])
            };
            self.index.nearest(query, request.k, Some(&accept))
        };
        if let Some(minimum) = request.minimum_score {
            hits.retain(|hit| hit.score >= minimum);
        }
        hits
    }
}
