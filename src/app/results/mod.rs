//! What the grid shows, what of it is chosen, and what is done with it.

mod arranging;
mod exporting;
mod handle;
mod items;
mod news;
mod picture;
mod preview;
mod selection;
mod trash;
mod wish;

pub use exporting::Exporting;
pub use handle::{escape, follow, handle, look_for_the_gone, receive};
pub use items::{Item, Source};
pub use news::News;
pub use picture::{Order, Picture, PictureLoader, Shot};
pub use preview::Preview;
pub use selection::Selection;
pub use trash::{CAN_TAKE_BACK, Trashing};
pub use wish::Wish;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// One tile of the grid: a photo, or several alike as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tile {
    /// Which item of the source.
    item: u32,
    /// How many photos it stands for.
    copies: u32,
}

/// What the grid shows and what is chosen of it.
#[derive(Default)]
pub struct Results {
    source: Source,
    /// Counts the lists that were shown; one that is only made anew is still the same.
    list: u64,
    /// Which items are tiles, in order; `None` while all of them are.
    tiles: Option<Vec<Tile>>,
    /// What the user chose.
    pub selection: Selection,
    /// The photo that is shown large.
    pub preview: Option<Preview>,
    /// What is on its way into the trash and back.
    pub trashing: Trashing,
    /// What is being saved as a file.
    pub export: Exporting,
    /// Files that went into the trash and that the catalogue may still know.
    gone: HashSet<PathBuf>,
    /// Whether near duplicates are one tile.
    joined: bool,
    /// The best photos of the groups that the user opened.
    opened: HashSet<PathBuf>,
}

impl Results {
    /// Where the tiles come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Which list is shown. While it is the same, the grid keeps its place and its keys.
    pub fn list(&self) -> u64 {
        self.list
    }

    /// How many tiles there are.
    pub fn len(&self) -> usize {
        match &self.tiles {
            Some(tiles) => tiles.len(),
            None => self.source.len(),
        }
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tile at `at`, counted from 0.
    pub fn item(&self, at: usize) -> Option<Item<'_>> {
        let Some(tiles) = &self.tiles else {
            return self.source.item(at);
        };
        let tile = tiles.get(at)?;
        let mut item = self.source.item(tile.item as usize)?;
        item.copies = tile.copies as usize;
        Some(item)
    }

    /// The headings of the grid: titles, and the tiles at which they begin.
    pub fn headings(&self) -> impl Iterator<Item = (&str, usize)> {
        self.source.sections().iter().map(|section| {
            let first = match &self.tiles {
                None => section.first,
                Some(tiles) => tiles.partition_point(|tile| (tile.item as usize) < section.first),
            };
            (section.title.as_str(), first)
        })
    }

    /// The file of the tile at `at`.
    pub fn path(&self, at: usize) -> Option<&Path> {
        self.item(at).map(|item| item.path)
    }

    /// The files that are chosen, in the order of the tiles.
    pub fn chosen_paths(&self) -> Vec<PathBuf> {
        self.selection
            .iter()
            .filter_map(|at| self.path(at).map(Path::to_owned))
            .collect()
    }

    /// What an action on the tile at `at` means: all that is chosen if it is among it, else this one.
    pub fn meant(&self, at: usize) -> Vec<PathBuf> {
        if self.selection.contains(at) {
            return self.chosen_paths();
        }
        self.path(at).map(Path::to_owned).into_iter().collect()
    }

    /// What an action without a tile means: all that is chosen, else the tile the keys are on.
    pub fn meant_now(&self) -> Vec<PathBuf> {
        if self.selection.is_empty() {
            self.meant(self.selection.current())
        } else {
            self.chosen_paths()
        }
    }
}
