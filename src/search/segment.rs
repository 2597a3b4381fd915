use super::PhotoFacts;
use super::facts::{FactTable, FactTableBuilder};
use crate::index::Block;
use crate::library::PhotoId;
use std::mem::take;
use std::sync::Arc;

/// Photos that lie side by side in order of their numbers, with all that is in memory of them. A snapshot is made of
/// segments and shares those that stay the same with the next one.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    rows: Arc<Rows>,
    facts: Arc<FactTable>,
}

#[derive(Debug)]
struct Rows {
    photos: Vec<PhotoId>,
    /// Embeddings; their keys are the numbers that the catalogue gave them.
    block: Arc<Block>,
    prompts: usize,
    /// `[n, M]`, row by row.
    similarity: Vec<f32>,
}

impl Segment {
    /// Photos with their embeddings, similarities `[n, M]` and facts.
    pub fn new(
        photos: Vec<PhotoId>,
        block: Block,
        mut similarity: Vec<f32>,
        facts: FactTable,
    ) -> Segment {
        similarity.shrink_to_fit();
        let rows = Rows {
            prompts: similarity.len().checked_div(photos.len()).unwrap_or(0),
            photos,
            block: Arc::new(block),
            similarity,
        };
        Segment {
            rows: Arc::new(rows),
            facts: Arc::new(facts),
        }
    }

    /// How many photos.
    pub fn len(&self) -> usize {
        self.rows.photos.len()
    }

    /// Their numbers, ascending.
    pub fn photos(&self) -> &[PhotoId] {
        &self.rows.photos
    }

    /// Their embeddings.
    pub fn block(&self) -> &Arc<Block> {
        &self.rows.block
    }

    /// Their facts.
    pub fn facts(&self) -> &FactTable {
        &self.facts
    }

    /// The similarities `[M]` of a photo.
    pub fn similarity(&self, row: usize) -> &[f32] {
        let prompts = self.rows.prompts;
        &self.rows.similarity[row * prompts..(row + 1) * prompts]
    }

    /// All similarities `[n, M]`.
    pub fn similarities(&self) -> &[f32] {
        &self.rows.similarity
    }

    /// Whether it holds exactly these photos with these embeddings.
    pub fn is_of(&self, present: &[(PhotoId, i64)]) -> bool {
        let own = self.photos().iter().zip(self.rows.block.keys());
        self.len() == present.len()
            && own
                .zip(present)
                .all(|(own, other)| (*own.0, *own.1) == *other)
    }

    /// The same embeddings with other facts, those of its photos in order.
    pub fn with_facts(&self, facts: impl Iterator<Item = PhotoFacts>) -> Segment {
        let mut table = FactTableBuilder::default();
        facts.for_each(|facts| table.push(&facts));
        Segment {
            rows: Arc::clone(&self.rows),
            facts: Arc::new(table.finish()),
        }
    }
}

/// Makes segments of photos that come in order of their numbers.
pub(super) struct SegmentBuilder {
    width: usize,
    done: Vec<Segment>,
    photos: Vec<PhotoId>,
    keys: Vec<i64>,
    values: Vec<f32>,
    similarity: Vec<f32>,
    facts: FactTableBuilder,
}

impl SegmentBuilder {
    /// Takes embeddings of width `e`.
    pub fn new(width: usize) -> SegmentBuilder {
        SegmentBuilder {
            width,
            done: Vec::new(),
            photos: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
            similarity: Vec::new(),
            facts: FactTableBuilder::default(),
        }
    }

    /// Adds a photo with its embedding's number, embedding `[e]` and similarities `[M]`.
    pub fn push(&mut self, facts: &PhotoFacts, key: i64, embedding: &[f32], similarity: &[f32]) {
        self.photos.push(facts.id);
        self.keys.push(key);
        self.values.extend_from_slice(embedding);
        self.similarity.extend_from_slice(similarity);
        self.facts.push(facts);
        if self.photos.len() == Block::ROWS {
            self.complete();
        }
    }

    /// Adds a segment as it is behind the photos so far.
    pub fn keep(&mut self, segment: Segment) {
        self.complete();
        self.done.push(segment);
    }

    fn complete(&mut self) {
        if self.photos.is_empty() {
            return;
        }
        let (keys, values) = (take(&mut self.keys), take(&mut self.values));
        self.done.push(Segment::new(
            take(&mut self.photos),
            Block::new(self.width, keys, values),
            take(&mut self.similarity),
            take(&mut self.facts).finish(),
        ));
    }

    /// The segments, in order of their photos.
    pub fn finish(mut self) -> Vec<Segment> {
        self.complete();
        self.done
    }
}
