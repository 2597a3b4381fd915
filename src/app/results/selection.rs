/// Which tiles are chosen, and which one the keys are on; tiles are counted from 0.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    chosen: Vec<bool>,
    count: usize,
    current: usize,
    /// Where a range begins that Shift extends.
    anchor: usize,
    /// Counts the moves that the grid has to follow with its scroll bar and the focus.
    moves: u64,
}

impl Selection {
    /// The tile that the keys are on.
    pub fn current(&self) -> usize {
        self.current
    }

    /// Counts up with every move that the eye has to follow.
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// How many tiles are chosen.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether the tile at `at` is.
    pub fn contains(&self, at: usize) -> bool {
        self.chosen.get(at).copied().unwrap_or(false)
    }

    /// The chosen tiles in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let chosen = if self.count == 0 {
            &[][..]
        } else {
            &self.chosen[..]
        };
        chosen
            .iter()
            .enumerate()
            .filter_map(|(at, chosen)| chosen.then_some(at))
    }

    /// Moves the keys to a tile; what is chosen stays so.
    pub fn go(&mut self, to: usize) {
        self.current = to;
        self.anchor = to;
        self.moves += 1;
    }

    /// Moves the keys to a tile and chooses everything from the anchor to it, and nothing else.
    pub fn extend(&mut self, to: usize, all: usize) {
        let anchor = self.anchor.min(all.saturating_sub(1));
        self.clear();
        self.chosen.resize(all, false);
        for at in anchor.min(to)..=anchor.max(to) {
            if let Some(chosen) = self.chosen.get_mut(at) {
                *chosen = true;
                self.count += 1;
            }
        }
        self.current = to;
        self.anchor = anchor;
        self.moves += 1;
    }

    /// Chooses a tile, or chooses it no longer; a range begins here.
    pub fn toggle(&mut self, at: usize, all: usize) {
        self.chosen.resize(all, false);
        if let Some(chosen) = self.chosen.get_mut(at) {
            *chosen = !*chosen;
            if *chosen {
                self.count += 1;
            } else {
                self.count -= 1;
            }
        }
        self.current = at;
        self.anchor = at;
        self.moves += 1;
    }

    /// Chooses all tiles.
    pub fn choose_all(&mut self, all: usize) {
        self.chosen.clear();
        self.chosen.resize(all, true);
        self.count = all;
    }

    /// Chooses none; the keys stay where they are.
    pub fn clear(&mut self) {
        self.chosen.clear();
        self.count = 0;
    }

    /// Chooses these tiles of `all` and puts the keys on `current`, without scrolling there.
    pub fn set(&mut self, chosen: impl Iterator<Item = usize>, current: usize, all: usize) {
        self.clear();
        for at in chosen {
            self.chosen.resize(all, false);
            if let Some(place) = self.chosen.get_mut(at)
                && !*place
            {
                *place = true;
                self.count += 1;
            }
        }
        self.current = current.min(all.saturating_sub(1));
        self.anchor = self.current;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_grow_and_shrink_from_their_anchor() {
        let mut selection = Selection::default();
        selection.go(4);
        selection.extend(7, 10);
        assert_eq!(selection.iter().collect::<Vec<_>>(), [4, 5, 6, 7]);
        selection.extend(5, 10);
        assert_eq!(selection.iter().collect::<Vec<_>>(), [4, 5]);
        selection.extend(2, 10);
        assert_eq!(selection.iter().collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!((selection.len(), selection.current()), (3, 2));
        selection.go(9);
        assert_eq!(selection.len(), 3);
    }

    #[test]
    fn tiles_are_chosen_one_by_one_and_all_at_once() {
        let mut selection = Selection::default();
        selection.toggle(1, 5);
        selection.toggle(3, 5);
        selection.toggle(1, 5);
        assert_eq!(selection.iter().collect::<Vec<_>>(), [3]);
        selection.choose_all(5);
        assert_eq!(selection.len(), 5);
        selection.clear();
        assert!(selection.is_empty() && !selection.contains(3));
        selection.set([0, 4, 4, 9].into_iter(), 7, 5);
        assert_eq!(selection.iter().collect::<Vec<_>>(), [0, 4]);
        assert_eq!(selection.current(), 4);
    }
}
