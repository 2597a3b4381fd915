use super::snapshot::Snapshot;
use super::{Filter, PhotoFacts};
use crate::library::names;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How photos are listed when nobody asks with a picture.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Order {
    /// By the folder they lie in, then by name.
    #[default]
    Folder,
    /// By the day they were taken, the newest first.
    Newest,
    /// By the day they were taken, the oldest first.
    Oldest,
}

/// Photos of the library in some order. Holds four bytes a photo; the facts stay in the searcher's snapshot.
#[derive(Clone, Debug)]
pub struct Listing {
    snapshot: Arc<Snapshot>,
    rows: Vec<u32>,
    values: Option<Vec<f32>>,
    sections: Vec<Section>,
}

/// A run of photos that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What joins them: a folder, or a month.
    pub title: String,
    /// Place of the first of them in the list.
    pub first: usize,
}

impl Listing {
    /// The photos that `filter` lets pass, in an order.
    pub(super) fn browse(snapshot: Arc<Snapshot>, order: Order, filter: &Filter) -> Listing {
        let mut rows = snapshot.rows_passing(filter);
        let taken = |row: u32| snapshot.taken(row as usize);
        // As names of the system: comparing paths part by part takes many times as long.
        let place = |row: u32| {
            let (folder, name) = snapshot.place(row as usize);
            (folder.as_os_str(), name)
        };
        // Rows are in order of the photos' numbers, which decide between equals.
        match order {
            Order::Folder => rows.par_sort_by(|a, b| place(*a).cmp(&place(*b))),
            Order::Newest => rows.par_sort_by_key(|row| Reverse((taken(*row), *row))),
            Order::Oldest => rows.par_sort_by_key(|row| (taken(*row), *row)),
        }
        let sections = match order {
            Order::Folder => sections(&rows, |row| snapshot.place(row as usize).0, title_of_folder),
            Order::Newest | Order::Oldest => sections(
                &rows,
                |row| (taken(row).year(), taken(row).month()),
                |(year, month)| format!("{year}-{month:02}"),
            ),
        };
        Listing {
            rows,
            values: None,
            sections,
            snapshot,
        }
    }

    /// The photos of `domain`, or of all, in order of their similarity to prompt number `prompt`, strongest first.
    pub(super) fn strongest(
        snapshot: Arc<Snapshot>,
        domain: Option<&str>,
        prompt: usize,
        filter: &Filter,
    ) -> Listing {
        let value = |row: u32| snapshot.similarity(row as usize).get(prompt).copied();
        let mut rows: Vec<(u32, f32)> = snapshot
            .rows_passing(filter)
            .into_iter()
            .filter(|row| domain.is_none_or(|domain| snapshot.domain(*row as usize) == domain))
            .filter_map(|row| Some((row, value(row)?)))
            .collect();
        rows.par_sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let (rows, values) = rows.into_iter().unzip();
        Listing {
            rows,
            values: Some(values),
            sections: Vec::new(),
            snapshot,
        }
    }

    /// These photos in this order; what the library does not hold is left out.
    pub(super) fn of(snapshot: Arc<Snapshot>, photos: &[crate::library::PhotoId]) -> Listing {
        let rows = photos
            .iter()
            .filter_map(|photo| u32::try_from(snapshot.row_of(*photo)?).ok())
            .collect();
        Listing {
            rows,
            values: None,
            sections: Vec::new(),
            snapshot,
        }
    }

    /// How many photos it lists.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What is known of the photo at `place`; `None` behind the end.
    pub fn facts(&self, place: usize) -> Option<&PhotoFacts> {
        let row = *self.rows.get(place)? as usize;
        Some(self.snapshot.shown(row))
    }

    /// Where the photos at `places` of another list are in this one; `None` for those that it does not list.
    ///
    /// Photos are told by their numbers, so that a renamed one is still the same. Costs one walk through the list,
    /// however many are looked for, and no facts are looked at.
    pub fn places_of(&self, other: &Listing, places: &[usize]) -> Vec<Option<usize>> {
        let mut place_of_row = vec![None; self.snapshot.len()];
        for (place, row) in (0_u32..).zip(&self.rows) {
            place_of_row[*row as usize] = Some(place);
        }
        let place = |place: &usize| {
            let photo = other.snapshot.photo(*other.rows.get(*place)? as usize);
            place_of_row[self.snapshot.row_of(photo)?]
        };
        places
            .iter()
            .map(|one| place(one).map(|place| place as usize))
            .collect()
    }

    /// The places of these files, ascending; what it does not list is left out.
    ///
    /// Costs one walk through the list, and no facts are looked at.
    pub fn places_of_files(&self, files: &HashSet<PathBuf>) -> Vec<usize> {
        let mut folders_by_name: HashMap<Vec<u8>, Vec<&Path>> = HashMap::new();
        for file in files {
            if let (Some(folder), Some(name)) = (file.parent(), file.file_name()) {
                let name = names::to_bytes(Path::new(name));
                folders_by_name.entry(name).or_default().push(folder);
            }
        }
        if folders_by_name.is_empty() {
            return Vec::new();
        }
        let is_one = |row: u32| {
            let (folder, name) = self.snapshot.place(row as usize);
            let folders = folders_by_name.get(name);
            folders.is_some_and(|folders| folders.contains(&folder))
        };
        let places = self.rows.iter().enumerate();
        places
            .filter(|(_, row)| is_one(**row))
            .map(|(place, _)| place)
            .collect()
    }

    /// The prompt similarities `[M]` of the photo at `place`; empty behind the end.
    pub fn similarity(&self, place: usize) -> &[f32] {
        match self.rows.get(place) {
            Some(row) => self.snapshot.similarity(*row as usize),
            None => &[],
        }
    }

    /// What the list is ordered by, where that is a number: the similarity to a prompt.
    pub fn value(&self, place: usize) -> Option<f32> {
        self.values.as_ref()?.get(place).copied()
    }

    /// Where a new folder or month begins, in order of the list; empty where there is nothing of the kind.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }
}

#[cfg(test)]
impl Listing {
    /// A list by folder of photos that no library holds; `photos` are in order of their numbers.
    pub(crate) fn made_of(photos: &[PhotoFacts]) -> Listing {
        let mut segments = super::segment::SegmentBuilder::new(1);
        for facts in photos {
            segments.push(facts, facts.id.0, &[1.0], &[]);
        }
        let snapshot = Snapshot::new(crate::library::Seen::default(), 1, segments.finish());
        Listing::browse(Arc::new(snapshot), Order::Folder, &Filter::default())
    }

    /// Of how many photos the facts were looked at.
    pub(crate) fn looked_at(&self) -> usize {
        let shown = |segment: &super::segment::Segment| {
            let facts = segment.facts().shown.iter();
            facts.filter(|facts| facts.get().is_some()).count()
        };
        self.snapshot.segments().iter().map(shown).sum()
    }
}

fn title_of_folder(folder: &Path) -> String {
    folder.display().to_string()
}

fn sections<K: PartialEq>(
    rows: &[u32],
    key: impl Fn(u32) -> K,
    title: impl Fn(K) -> String,
) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut last = None;
    for (first, row) in rows.iter().enumerate() {
        let this = key(*row);
        if last.as_ref() != Some(&this) {
            let again = key(*row);
            sections.push(Section {
                title: title(again),
                first,
            });
            last = Some(this);
        }
    }
    sections
}
