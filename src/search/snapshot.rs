use super::facts::FactTable;
use super::segment::{Segment, SegmentBuilder};
use super::{Filter, PhotoFacts, Request};
use crate::index::{Accept, Index, Neighbour, Vectors};
use crate::library::{Changes, Library, LibraryError, ModelKey, PhotoId, Seen};
use jiff::civil::DateTime;
use rayon::prelude::*;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The library's embeddings and facts at one moment, with their index. Rows are in order of the photos' numbers.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub seen: Seen,
    pub index: Index,
    segments: Vec<Segment>,
    /// The last filter and the rows that pass it: people ask several questions with one.
    last_filter: Mutex<Option<(Filter, Passing)>>,
}

/// For each row whether it passes a filter.
pub(super) type Passing = Arc<Vec<bool>>;

impl Snapshot {
    /// A snapshot of what segments hold, in order of their photos.
    pub fn new(seen: Seen, width: usize, mut segments: Vec<Segment>) -> Snapshot {
        // Each segment is one block of the vectors; one without embeddings would be none.
        segments.retain(|segment| segment.len() > 0 && segment.block().len() == segment.len());
        let blocks = segments.iter().map(|segment| Arc::clone(segment.block()));
        let vectors = Arc::new(Vectors::of_blocks(width, blocks));
        Snapshot {
            seen,
            index: Index::exact(vectors),
            segments,
            last_filter: Mutex::new(None),
        }
    }

    /// Reads everything from the catalogue.
    pub fn read(library: &Library, model: &ModelKey) -> Result<Snapshot, LibraryError> {
        let ((width, segments), seen) = library.read_whole(
            model,
            |width| (width, SegmentBuilder::new(width)),
            |(_, segments), photo| {
                segments.push(
                    &photo.facts,
                    photo.number,
                    photo.embedding,
                    photo.similarity,
                );
            },
        )?;
        Ok(Snapshot::new(seen, width, segments.finish()))
    }

    /// The snapshot that follows this one; segments in which nothing has changed are shared, and the graph goes on.
    pub fn with(&self, changes: &Changes) -> Snapshot {
        let mut segments = SegmentBuilder::new(changes.width);
        let mut present = changes.present.as_slice();
        for place in 0..self.segments.len().max(1) {
            // Up to where the next one begins; the last takes all that is new.
            let next = self.segments.get(place + 1);
            let end = next.and_then(|next| next.photos().first()).copied();
            let ours = end.map_or(present.len(), |end| {
                present.partition_point(|(photo, _)| *photo < end)
            });
            let (own, rest) = present.split_at(ours);
            present = rest;
            self.follow(self.segments.get(place), own, changes, &mut segments);
        }
        let fresh = Snapshot::new(changes.seen, changes.width, segments.finish());
        match self.index.graph() {
            Some(graph) => {
                let vectors = Arc::clone(fresh.index.vectors());
                fresh.with_index(Index::with_graph(vectors, Arc::clone(graph)))
            }
            None => fresh,
        }
    }

    /// What becomes of one segment, whose photos are now `present`.
    fn follow(
        &self,
        old: Option<&Segment>,
        present: &[(PhotoId, i64)],
        changes: &Changes,
        segments: &mut SegmentBuilder,
    ) {
        let (Some((first, _)), Some((last, _))) = (present.first(), present.last()) else {
            return;
        };
        let new_facts = changes.facts_between(*first, *last);
        if let Some(same) = old.filter(|old| old.is_of(present)) {
            segments.keep(if new_facts.is_empty() {
                same.clone()
            } else {
                same.with_facts((0..same.len()).map(|row| {
                    let new = facts_of(new_facts, same.photos()[row]);
                    new.cloned().unwrap_or_else(|| same.facts().facts(row))
                }))
            });
            return;
        }
        for &(photo, key) in present {
            let known = old.and_then(|old| {
                let row = old.photos().binary_search(&photo).ok()?;
                Some((old, row))
            });
            let facts = facts_of(new_facts, photo).cloned();
            let facts = facts.or_else(|| known.map(|(old, row)| old.facts().facts(row)));
            let kept = known.filter(|(old, row)| old.block().keys()[*row] == key);
            let vectors = kept
                .map(|(old, row)| (old.block().row(row), old.similarity(row)))
                .or_else(|| changes.vectors_of(photo));
            if let (Some(facts), Some((embedding, similarity))) = (facts, vectors) {
                segments.push(&facts, key, embedding, similarity);
            }
        }
    }

    /// The same with another index of its vectors.
    pub fn with_index(&self, index: Index) -> Snapshot {
        Snapshot {
            seen: self.seen,
            index,
            segments: self.segments.clone(),
            last_filter: Mutex::new(None),
        }
    }

    pub fn len(&self) -> usize {
        self.index.vectors().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn at(&self, row: usize) -> (&Segment, usize) {
        let (segment, at) = self.index.vectors().place(row);
        (&self.segments[segment], at)
    }

    fn table(&self, row: usize) -> (&FactTable, usize) {
        let (segment, at) = self.at(row);
        (segment.facts(), at)
    }

    pub fn photo(&self, row: usize) -> PhotoId {
        let (segment, at) = self.at(row);
        segment.photos()[at]
    }

    /// What is known of the photo of a row.
    pub fn facts(&self, row: usize) -> PhotoFacts {
        let (table, at) = self.table(row);
        table.facts(at)
    }

    /// What is known of the photo of a row, for those that are looked at: stays in memory.
    pub fn shown(&self, row: usize) -> &PhotoFacts {
        let (table, at) = self.table(row);
        table.shown(at)
    }

    /// The folder of the photo of a row, and its name in it.
    pub fn place(&self, row: usize) -> (&Path, &[u8]) {
        let (table, at) = self.table(row);
        table.place(at)
    }

    pub fn domain(&self, row: usize) -> &str {
        let (table, at) = self.table(row);
        table.domain(at)
    }

    /// When the photo of a row was taken.
    pub fn taken(&self, row: usize) -> DateTime {
        let (table, at) = self.table(row);
        table.taken(at)
    }

    /// The row of a photo.
    pub fn row_of(&self, photo: PhotoId) -> Option<usize> {
        let behind = |segment: &Segment| segment.photos().first().is_some_and(|id| *id <= photo);
        let segment = self.segments.partition_point(behind).checked_sub(1)?;
        let at = self.segments[segment].photos().binary_search(&photo).ok()?;
        Some(self.index.vectors().first_row(segment) + at)
    }

    pub fn embedding(&self, row: usize) -> &[f32] {
        self.index.vectors().row(row)
    }

    pub fn similarity(&self, row: usize) -> &[f32] {
        let (segment, at) = self.at(row);
        segment.similarity(at)
    }

    /// Domain and similarities of every photo.
    pub fn similarities(&self) -> impl Iterator<Item = (&str, &[f32])> + Clone {
        self.segments.iter().flat_map(|segment| {
            let row = |row| (segment.facts().domain(row), segment.similarity(row));
            (0..segment.len()).map(row)
        })
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
        let parts = self.segments.par_iter().map(|segment| {
            let mut passing = Vec::with_capacity(segment.len());
            segment.facts().passing(filter, &words, &mut passing);
            passing
        });
        let passing: Passing = Arc::new(parts.collect::<Vec<_>>().concat());
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

    /// The nearest rows that are asked for, and the scores of all rows; `passing` is what [`Snapshot::passing`] gave
    /// for the request's filter.
    pub fn nearest(
        &self,
        query: &[f32],
        request: &Request,
        passing: Option<&[bool]>,
    ) -> (Vec<Neighbour>, Vec<f32>) {
        let accept = |row: usize| {
            passing.is_none_or(|passing| passing[row])
                && (request.without.is_empty() || !request.without.contains(&self.photo(row)))
        };
        let all = passing.is_none() && request.without.is_empty();
        let accept: Accept<'_> = if all { None } else { Some(&accept) };
        let (mut hits, scores) = self.index.nearest_and_scores(query, request.k, accept);
        if let Some(minimum) = request.filter.minimum_score {
            hits.retain(|hit| hit.score >= minimum);
        }
        (hits, scores)
    }
}

/// The facts of a photo in a list that is in order of the photos' numbers.
fn facts_of(facts: &[PhotoFacts], photo: PhotoId) -> Option<&PhotoFacts> {
    let place = facts.binary_search_by_key(&photo, |facts| facts.id).ok()?;
    Some(&facts[place])
}
