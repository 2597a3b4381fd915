//! Which photos are tiles, and how what is chosen stays so when they are arranged anew.

use super::{Preview, Results, Selection, Source, Tile};
use std::collections::HashSet;
use std::path::Path;

impl Results {
    /// Shows `source`; what it continues keeps its place, its keys and what is chosen of it.
    pub(super) fn show(&mut self, source: Source) {
        if !source.renews(&self.source) {
            self.list += 1;
        }
        if !source.continues(&self.source) {
            self.opened.clear();
            self.selection = Selection::default();
            self.preview = None;
            self.source = source;
            self.arrange();
            return;
        }
        self.arrange_again(Some(source));
    }

    /// Arranges the tiles anew; the same photos stay chosen.
    pub(super) fn arrange_again(&mut self, source: Option<Source>) {
        let chosen: Vec<usize> = self
            .selection
            .iter()
            .filter_map(|at| self.place(at))
            .collect();
        let current = self.place(self.selection.current());
        let preview = self.preview.as_ref();
        let shown = preview.and_then(|preview| self.place(preview.at?));
        let sought: Vec<usize> = chosen.into_iter().chain(current).chain(shown).collect();
        let before = source.map(|source| std::mem::replace(&mut self.source, source));
        self.arrange();
        let found = match before {
            Some(before) => self.source.places_of(&before, &sought),
            None => sought.into_iter().map(Some).collect(),
        };
        let mut tiles: Vec<Option<usize>> = found
            .into_iter()
            .map(|place| self.tile_of(place?))
            .collect();
        let shown = shown.and_then(|_| tiles.pop().flatten());
        let current = current.and_then(|_| tiles.pop().flatten());
        let current = current.unwrap_or(self.selection.current());
        let all = self.len();
        self.selection
            .set(tiles.into_iter().flatten(), current, all);
        self.follow_preview(shown);
    }

    /// Takes in that the photo in the preview is the tile `at` now, if it was one before.
    fn follow_preview(&mut self, at: Option<usize>) {
        let Some(preview) = &self.preview else { return };
        let at = at.or_else(|| {
            let file = HashSet::from([preview.path.clone()]);
            let place = self.source.places_of_files(&file).first().copied()?;
            self.tile_of(place)
        });
        let path = at.and_then(|at| self.path(at)).map(Path::to_owned);
        if let Some(preview) = &mut self.preview {
            match path {
                // Its file was renamed or moved.
                Some(path) if path != preview.path => *preview = Preview::new(path, at),
                _ => preview.at = at,
            }
        }
    }

    /// The place in the source of the tile at `at`.
    fn place(&self, at: usize) -> Option<usize> {
        match &self.tiles {
            Some(tiles) => tiles.get(at).map(|tile| tile.item as usize),
            None => (at < self.source.len()).then_some(at),
        }
    }

    /// The tile of the photo at a place in the source, if it is one.
    fn tile_of(&self, place: usize) -> Option<usize> {
        match &self.tiles {
            Some(tiles) => tiles
                .binary_search_by_key(&place, |tile| tile.item as usize)
                .ok(),
            None => (place < self.source.len()).then_some(place),
        }
    }

    /// Settles which items are tiles.
    fn arrange(&mut self) {
        let groups = if self.joined {
            self.source.groups()
        } else {
            &[]
        };
        let gone = self.source.places_of_files(&self.gone);
        if gone.is_empty() && groups.is_empty() {
            self.tiles = None;
            return;
        }
        let mut copies = vec![1_u32; self.source.len()];
        for at in gone {
            copies[at] = 0;
        }
        for group in groups {
            let there = |at: &usize| copies.get(*at).is_some_and(|copies| *copies > 0);
            let members: Vec<usize> = group.iter().copied().filter(there).collect();
            let Some((&first, others)) = members.split_first() else {
                continue;
            };
            let item = self.source.item(first);
            if item.is_some_and(|item| self.opened.contains(item.path)) {
                continue;
            }
            for &other in others {
                copies[first] += 1;
                copies[other] = 0;
            }
        }
        let tiles = copies.iter().enumerate().filter(|(_, copies)| **copies > 0);
        let tiles = tiles.map(|(at, &copies)| Tile {
            item: at as u32,
            copies,
        });
        self.tiles = Some(tiles.collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::{Browse, Listing, Wanted};
    use crate::library::PhotoId;
    use crate::search::{self, PhotoFacts};
    use std::path::PathBuf;
    use std::sync::Arc;

    const PHOTOS: i64 = 20_000;

    /// A list by folder of photos `numbers`, all in the folder `folder`.
    fn listing(folder: &str, numbers: impl Iterator<Item = i64>) -> Arc<Listing> {
        let facts: Vec<PhotoFacts> = numbers
            .map(|number| PhotoFacts {
                id: PhotoId(number),
                path: PathBuf::from(format!("/photos/{folder}/{number:06}.jpg")),
                root: Arc::from(Path::new("/photos")),
                domain: folder.to_owned(),
                modified: jiff::Timestamp::UNIX_EPOCH,
                taken: jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0),
                taken_by_camera: false,
                bytes: 0,
                format: None,
                size_px: None,
            })
            .collect();
        Arc::new(Listing {
            generation: 1,
            wanted: Wanted::Browse(Browse::default()),
            title: String::new(),
            photos: search::Listing::made_of(&facts),
        })
    }

    fn named(folder: &str, number: i64) -> PathBuf {
        PathBuf::from(format!("/photos/{folder}/{number:06}.jpg"))
    }

    /// However long a list is, making it anew looks only at the photos that are chosen, under the keys or shown.
    #[test]
    fn a_long_list_is_made_anew_without_a_look_at_all_of_it() {
        let mut results = Results::default();
        results.show(Source::Listing(listing("old", 1..=PHOTOS)));
        let all = results.len();
        results.selection.set([10, 20].into_iter(), 30, all);
        results.preview = Some(Preview::new(named("old", 41), Some(40)));
        // The folder is renamed, the first photos are gone, and one is new.
        let now = listing("new", 6..=PHOTOS + 1);
        results.show(Source::Listing(Arc::clone(&now)));
        assert_eq!(results.selection.iter().collect::<Vec<_>>(), [5, 15]);
        assert_eq!(results.selection.current(), 25);
        let preview = results.preview.as_ref().unwrap();
        assert_eq!((&preview.path, preview.at), (&named("new", 41), Some(35)));
        let chosen = [named("new", 11), named("new", 21)];
        assert_eq!(results.chosen_paths(), chosen);
        let looked_at = now.photos.looked_at();
        assert!(looked_at <= 4, "{looked_at} photos were looked at");
    }

    #[test]
    fn files_in_the_trash_leave_a_long_list_without_a_look_at_all_of_it() {
        let mut results = Results::default();
        let list = listing("cats", 1..=PHOTOS);
        results.show(Source::Listing(Arc::clone(&list)));
        results
            .selection
            .set([10, 20].into_iter(), 20, results.len());
        results.gone = HashSet::from([named("cats", 1), named("cats", 21), named("dogs", 2)]);
        results.arrange_again(None);
        assert_eq!(results.len() as i64, PHOTOS - 2);
        assert_eq!(results.selection.iter().collect::<Vec<_>>(), [9]);
        assert_eq!(results.path(0), Some(named("cats", 2).as_path()));
        // Back again, all are tiles.
        results.gone.clear();
        results.arrange_again(None);
        assert_eq!(results.chosen_paths(), [named("cats", 11)]);
        let looked_at = list.photos.looked_at();
        assert!(looked_at <= 2, "{looked_at} photos were looked at");
    }
}
