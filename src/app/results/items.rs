use crate::app::engine::{Answer, Listing, Sample};
use crate::app::lens::RankMove;
use crate::app::wording;
use crate::library::PhotoId;
use crate::search::{PhotoFacts, Section};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the tiles of the grid come from.
#[derive(Clone, Default)]
pub enum Source {
    /// Nothing to show.
    #[default]
    Nothing,
    /// Some photos to start from.
    Samples(Arc<[Sample]>),
    /// The neighbours of a query, nearest first.
    Answer(Arc<Answer>),
    /// Photos shown without a question.
    Listing(Arc<Listing>),
}

/// One photo as the grid, the preview and the exports see it.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its place in the source, counted from 1.
    pub rank: usize,
    /// Whether its score compares it with a query.
    pub is_neighbour: bool,
    /// Its score against the query, or what else it is listed by.
    pub score: Option<f32>,
    /// Its domain, where known.
    pub domain: Option<&'a str>,
    /// Its similarity to each prompt `[M]`; empty where not known.
    pub similarity: &'a [f32],
    /// What the catalogue knows of the file.
    pub facts: Option<&'a PhotoFacts>,
    /// Whether it is the query itself.
    pub is_query: bool,
    /// How its rank moved under a lens; `None` without one, or where it could not be read again.
    pub moved: Option<RankMove>,
    /// How many photos that are nearly the same it stands for, itself included.
    pub copies: usize,
}

impl Item<'_> {
    /// Its accessible name.
    pub fn label(&self) -> String {
        let name = wording::file_name(self.path);
        let mut label = if self.is_neighbour {
            format!("Neighbour {}: {name}", self.rank)
        } else {
            format!("Photo {name}")
        };
        if let Some(score) = self.score {
            label += &format!(", score {score:.3}");
        }
        if let Some(domain) = self.domain {
            label += &format!(", {domain}");
        }
        if let Some(moved) = &self.moved {
            label += &format!(", {}", moved.words());
        }
        if self.copies > 1 {
            label += &format!(", {} nearly the same", self.copies);
        }
        label
    }
}

impl Source {
    /// How many photos there are.
    pub fn len(&self) -> usize {
        match self {
            Source::Nothing => 0,
            Source::Samples(samples) => samples.len(),
            Source::Answer(answer) => answer.hits.len(),
            Source::Listing(listing) => listing.photos.len(),
        }
    }

    /// The photo at `at`, counted from 0.
    pub fn item(&self, at: usize) -> Option<Item<'_>> {
        let plain = |path| Item {
            path,
            rank: at + 1,
            is_neighbour: false,
            score: None,
            domain: None,
            similarity: &[],
            facts: None,
            is_query: false,
            moved: None,
            copies: 1,
        };
        match self {
            Source::Nothing => None,
            Source::Samples(samples) => samples.get(at).map(|sample| Item {
                similarity: &sample.similarity,
                ..plain(&sample.path)
            }),
            Source::Answer(answer) => answer.hits.get(at).map(|hit| Item {
                is_neighbour: true,
                score: Some(hit.score),
                domain: Some(&hit.domain),
                similarity: &hit.similarity,
                facts: Some(&hit.facts),
                is_query: answer.query.holds(&hit.path),
                moved: answer.moves.get(at).copied().flatten(),
                ..plain(&hit.path)
            }),
            Source::Listing(listing) => listing.photos.facts(at).map(|facts| Item {
                score: listing.photos.value(at),
                domain: Some(&facts.domain),
                similarity: listing.photos.similarity(at),
                facts: Some(facts),
                ..plain(&facts.path)
            }),
        }
    }

    /// Where the photos at `places` of `before`, which this continues, are now; `None` for those that are not here.
    ///
    /// A photo that was renamed or moved is still the same.
    pub fn places_of(&self, before: &Source, places: &[usize]) -> Vec<Option<usize>> {
        // Perhaps a million: what is known of each must not be gathered for this.
        if let (Source::Listing(now), Source::Listing(before)) = (self, before) {
            return now.photos.places_of(&before.photos, places);
        }
        let (mut by_path, mut by_number) = (HashMap::new(), HashMap::<PhotoId, usize>::new());
        for at in 0..self.len() {
            if let Some(item) = self.item(at) {
                by_path.insert(item.path, at);
                by_number.extend(item.facts.map(|facts| (facts.id, at)));
            }
        }
        let place = |place: &usize| {
            let item = before.item(*place)?;
            let known = by_path.get(item.path);
            known.or_else(|| by_number.get(&item.facts?.id)).copied()
        };
        places.iter().map(place).collect()
    }

    /// The places of these files, ascending; those that are not here are left out.
    pub fn places_of_files(&self, files: &HashSet<PathBuf>) -> Vec<usize> {
        if files.is_empty() {
            return Vec::new();
        }
        if let Source::Listing(listing) = self {
            return listing.photos.places_of_files(files);
        }
        let is_one = |at: &usize| self.item(*at).is_some_and(|item| files.contains(item.path));
        (0..self.len()).filter(is_one).collect()
    }

    /// Near duplicates among the photos, as places counted from 0, the best of a group first.
    pub fn groups(&self) -> &[Vec<usize>] {
        match self {
            Source::Answer(answer) => &answer.groups,
            _ => &[],
        }
    }

    /// Where a new folder or month begins.
    pub fn sections(&self) -> &[Section] {
        match self {
            Source::Listing(listing) => listing.photos.sections(),
            _ => &[],
        }
    }

    /// What it shows, in a few words.
    pub fn title(&self) -> String {
        match self {
            Source::Nothing => String::new(),
            Source::Samples(_) => "Photos to start from".to_owned(),
            Source::Answer(answer) => format!("Most like {}", answer.query.name()),
            Source::Listing(listing) => listing.title.clone(),
        }
    }

    /// Whether it is the very same as `other`, not only equal to it.
    pub fn is(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Nothing, Source::Nothing) => true,
            (Source::Samples(a), Source::Samples(b)) => a == b,
            (Source::Answer(a), Source::Answer(b)) => Arc::ptr_eq(a, b),
            (Source::Listing(a), Source::Listing(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Whether it answers the same question as `other`, so that what is chosen there stays chosen here.
    pub fn continues(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Samples(_), Source::Samples(_)) => true,
            (Source::Answer(a), Source::Answer(b)) => a.query == b.query,
            (Source::Listing(a), Source::Listing(b)) => a.wanted == b.wanted,
            _ => false,
        }
    }

    /// Whether it is the same list as `other`, only made anew: the same question and the same filter.
    pub fn renews(&self, other: &Source) -> bool {
        let same_filter = match (self, other) {
            (Source::Answer(a), Source::Answer(b)) => a.filter == b.filter,
            _ => true,
        };
        same_filter && self.continues(other)
    }
}
