use super::{Filter, PhotoFacts, Request, filter};
use crate::index::{Index, Kind, Neighbour, Vectors};
use crate::library::{Changes, PhotoId, Seen};
use rayon::prelude::*;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The library's embeddings and facts at one moment, with their index.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub seen: Seen,
    pub index: Index,
    /// In order of the photos' numbers.
    entries: Vec<Arc<Entry>>,
    /// The numbers of their embeddings.
    embeddings: Vec<i64>,
    prompts: usize,
    similarity: Vec<f32>,
    /// The last filter and the rows that pass it: people ask several questions with one.
    last_filter: Mutex<Option<(Filter, Passing)>>,
}

/// For each row whether it passes a filter.
pub(super) type Passing = Arc<Vec<bool>>;

/// A photo that stays the same from one snapshot to the next unless its facts change.
#[derive(Debug)]
struct Entry {
    facts: PhotoFacts,
    /// Where words are sought.
    name: String,
}

impl Snapshot {
    /// A snapshot of nothing.
    pub fn empty() -> Snapshot {
        Snapshot {
            seen: Seen::default(),
            index: Index::exact(Arc::new(Vectors::new(0, Vec::new()))),
            entries: Vec::new(),
            embeddings: Vec::new(),
            prompts: 0,
            similarity: Vec::new(),
            last_filter: Mutex::new(None),
        }
    }

    /// The snapshot that follows this one; rows that stay are copied, not read again.
    ///
    /// `build` makes a graph that is wanted and not there.
    pub fn with(&self, changes: Changes, kind: Kind, cache: &Path, build: bool) -> Snapshot {
        let (width, prompts) = (changes.width, changes.prompts);
        let count = changes.present.len();
        let mut entries = Vec::with_capacity(count);
        let mut embeddings = Vec::with_capacity(count);
        let mut embedding = Vec::with_capacity(count * width);
        let mut similarity = Vec::with_capacity(count * prompts);
        let mut facts = changes.facts.into_iter().peekable();
        // All three lists are in order of the photos' numbers, so one walk joins them.
        let (mut old, mut new) = (0, 0);
        for (photo, number) in changes.present {
            while old < self.len() && self.photo(old) < photo {
                old += 1;
            }
            while new < changes.embedded.len() && changes.embedded[new] < photo {
                new += 1;
            }
            while facts.next_if(|facts| facts.id < photo).is_some() {}
            let known = old < self.len() && self.photo(old) == photo;
            let entry = match facts.next_if(|facts| facts.id == photo) {
                Some(facts) => Arc::new(Entry {
                    name: filter::sought_in(&facts),
                    facts,
                }),
                None if known => Arc::clone(&self.entries[old]),
                None => continue,
            };
            if known && self.embeddings[old] == number {
                embedding.extend_from_slice(self.embedding(old));
                similarity.extend_from_slice(self.similarity(old));
            } else if changes.embedded.get(new) == Some(&photo) {
                embedding.extend_from_slice(&changes.embedding[new * width..(new + 1) * width]);
                similarity
                    .extend_from_slice(&changes.similarity[new * prompts..(new + 1) * prompts]);
            } else {
                continue;
            }
            entries.push(entry);
            embeddings.push(number);
        }
        let vectors = Arc::new(Vectors::new(width, embedding));
        let index = if build {
            Index::open(vectors, kind, Some(cache))
        } else {
            Index::at_hand(vectors, kind, Some(cache))
        };
        Snapshot {
            seen: changes.seen,
            index,
            entries,
            embeddings,
            prompts,
            similarity,
            last_filter: Mutex::new(None),
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn photo(&self, row: usize) -> PhotoId {
        self.entries[row].facts.id
    }

    pub fn facts(&self, row: usize) -> &PhotoFacts {
        &self.entries[row].facts
    }

    /// The row of a photo; rows are in order of the photos' numbers.
    pub fn row_of(&self, photo: PhotoId) -> Option<usize> {
        self.entries
            .binary_search_by_key(&photo, |entry| entry.facts.id)
            .ok()
    }

    pub fn embedding(&self, row: usize) -> &[f32] {
        self.index.vectors().row(row)
    }

    pub fn similarity(&self, row: usize) -> &[f32] {
        &self.similarity[row * self.prompts..(row + 1) * self.prompts]
    }

    /// Domain and similarities of every photo.
    pub fn similarities(&self) -> impl Iterator<Item = (&str, &[f32])> + Clone {
        (0..self.len()).map(|row| (self.facts(row).domain.as_str(), self.similarity(row)))
    }

    /// Which rows the filter lets pass, by everything but their score; `None` if all do.
    pub fn passing(&self, filter: &Filter) -> Option<Passing> {
        if filter.lets_all_facts_pass() {
            return None;
        }
        let facts_only = Filter {
            minimum_score: None,
            ..filter.clone()
        };
        let last = || {
            self.last_filter
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((known, passing)) = &*last()
            && *known == facts_only
        {
            return Some(Arc::clone(passing));
        }
        let words = filter.words();
        let passes = |entry: &Arc<Entry>| filter.lets_pass(&entry.facts, &entry.name, &words);
        let passing: Passing = Arc::new(self.entries.par_iter().map(passes).collect());
        *last() = Some((facts_only, Arc::clone(&passing)));
        Some(passing)
    }

    /// The rows that the filter lets pass, in order of the photos' numbers.
    pub fn rows_passing(&self, filter: &Filter) -> Vec<u32> {
        let rows = 0..u32::try_from(self.len()).unwrap_or(u32::MAX);
        match self.passing(filter) {
            Some(passing) => rows.filter(|row| passing[*row as usize]).collect(),
            None => rows.collect(),
        }
    }

    /// The nearest rows that are asked for; `passing` is what [`Snapshot::passing`] gave for the request's filter.
    pub fn nearest(
        &self,
        query: &[f32],
        request: &Request,
        passing: Option<&[bool]>,
    ) -> Vec<Neighbour> {
        let mut hits = if passing.is_none() && request.without.is_empty() {
            self.index.nearest(query, request.k, None)
        } else {
            let accept = |row: usize| {
                passing.is_none_or(|passing| passing[row])
                    && !request.without.contains(&self.photo(row))
            };
            self.index.nearest(query, request.k, Some(&accept))
        };
        if let Some(minimum) = request.filter.minimum_score {
            hits.retain(|hit| hit.score >= minimum);
        }
        hits
    }
}
