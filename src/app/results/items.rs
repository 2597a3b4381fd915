use crate::app::engine::Answer;
use crate::app::wording;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the tiles of the grid come from.
#[derive(Clone, Default)]
pub enum Source {
    /// Nothing to show.
    #[default]
    Nothing,
    /// Some photos to start from.
    Samples(Arc<[PathBuf]>),
    /// The neighbours of a query, nearest first.
    Answer(Arc<Answer>),
}

/// One photo as the grid, the preview and the exports see it.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its place in the source, counted from 1.
    pub rank: usize,
    /// Its score against the query, if there is one.
    pub score: Option<f32>,
    /// Its domain, where known.
    pub domain: Option<&'a str>,
    /// Its similarity to each prompt `[M]`; empty where not known.
    pub similarity: &'a [f32],
    /// Whether it is the query itself.
    pub is_query: bool,
    /// How many photos that are nearly the same it stands for, itself included.
    pub copies: usize,
}

impl Item<'_> {
    /// Its accessible name.
    pub fn label(&self) -> String {
        let name = wording::file_name(self.path);
        let copies = match self.copies {
            0 | 1 => String::new(),
            copies => format!(", {copies} nearly the same"),
        };
        match (self.score, self.domain) {
            (Some(score), Some(domain)) => {
                let rank = self.rank;
                format!("Neighbour {rank}: {name}, score {score:.3}, {domain}{copies}")
            }
            (None, Some(domain)) => format!("Photo {name}, {domain}{copies}"),
            _ => format!("Photo {name}{copies}"),
        }
    }
}

impl Source {
    /// How many photos there are.
    pub fn len(&self) -> usize {
        match self {
            Source::Nothing => 0,
            Source::Samples(paths) => paths.len(),
            Source::Answer(answer) => answer.hits.len(),
        }
    }

    /// The photo at `at`, counted from 0.
    pub fn item(&self, at: usize) -> Option<Item<'_>> {
        match self {
            Source::Nothing => None,
            Source::Samples(paths) => paths.get(at).map(|path| Item {
                path,
                rank: at + 1,
                score: None,
                domain: None,
                similarity: &[],
                is_query: false,
                copies: 1,
            }),
            Source::Answer(answer) => answer.hits.get(at).map(|hit| Item {
                path: &hit.path,
                rank: at + 1,
                score: Some(hit.score),
                domain: Some(&hit.domain),
                similarity: &hit.similarity,
                is_query: answer.query.path() == Some(hit.path.as_path()),
                copies: 1,
            }),
        }
    }

    /// Whether it is the very same as `other`, not only equal to it.
    pub fn is(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Nothing, Source::Nothing) => true,
            (Source::Samples(a), Source::Samples(b)) => a == b,
            (Source::Answer(a), Source::Answer(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Whether it answers the same question as `other`, so that what is chosen there stays chosen here.
    pub fn continues(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Samples(_), Source::Samples(_)) => true,
            (Source::Answer(a), Source::Answer(b)) => a.query == b.query,
            _ => false,
        }
    }
}
