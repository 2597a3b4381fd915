//! Where the tiles of a grid lie: rows that fill the width, in sections with headings.

use egui::{Pos2, Rect, Vec2};
use std::ops::Range;

/// Space between tiles, both ways.
pub const GAP_PX: f32 = 10.0;

/// Smallest side of a tile.
const LEAST_PX: f32 = 48.0;

/// A step of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the tile before.
    Left,
    /// To the tile after.
    Right,
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the first tile.
    First,
    /// To the last tile.
    Last,
}

/// The layout of a grid; it holds one entry a section, never one a tile.
pub struct Rows {
    columns: usize,
    side: f32,
    row_px: f32,
    heading_px: f32,
    bands: Vec<Band>,
    count: usize,
    height: f32,
}

struct Band {
    top: f32,
    first: usize,
    count: usize,
}

/// What of a section can be seen.
pub struct InSight {
    /// Which section, counted from 0.
    pub section: usize,
    /// Upper edge of its heading.
    pub top: f32,
    /// Its tiles in sight.
    pub tiles: Range<usize>,
}

/// How many columns a row of `width` points holds and how wide each tile is, so that the row is filled.
pub fn columns(width: f32, wished_px: f32) -> (usize, f32) {
    let columns = ((width + GAP_PX) / (wished_px + GAP_PX)).round().max(1.0);
    let side = ((width + GAP_PX) / columns - GAP_PX).max(LEAST_PX);
    (columns as usize, side)
}

impl Rows {
    /// Lays out `count` tiles of about `wished_px` with `caption_px` below each; `starts` are the first tiles of the
    /// sections in rising order, none for a grid without headings.
    pub fn new(
        width: f32,
        wished_px: f32,
        caption_px: f32,
        count: usize,
        heading_px: f32,
        starts: impl Iterator<Item = usize>,
    ) -> Rows {
        let (columns, side) = columns(width, wished_px);
        let row_px = side + caption_px + GAP_PX;
        let mut rows = Rows {
            columns,
            side,
            row_px,
            heading_px,
            bands: Vec::new(),
            count,
            height: 0.0,
        };
        for first in starts {
            rows.end_band(first);
            rows.bands.push(Band {
                top: rows.height,
                first,
                count: 0,
            });
        }
        if rows.bands.is_empty() {
            rows.heading_px = 0.0;
            rows.bands.push(Band {
                top: 0.0,
                first: 0,
                count: 0,
            });
        }
        rows.end_band(count);
        rows.height = (rows.height - GAP_PX).max(0.0);
        rows
    }

    fn end_band(&mut self, end: usize) {
        if let Some(band) = self.bands.last_mut() {
            band.count = end.saturating_sub(band.first);
            let rows = band.count.div_ceil(self.columns) as f32;
            self.height = band.top + self.heading_px + rows * self.row_px;
        }
    }

    /// Height of a row with the space below it: one row more than is seen is made, so that its pictures are there in time.
    pub fn row_px(&self) -> f32 {
        self.row_px
    }

    /// Height of everything.
    pub fn height(&self) -> f32 {
        self.height
    }

    /// Where a tile lies, caption included, from the upper left of the grid.
    pub fn tile(&self, index: usize) -> Rect {
        let band = &self.bands[self.band_of(index)];
        let within = index - band.first.min(index);
        let (row, column) = (within / self.columns, within % self.columns);
        let at = Pos2::new(
            column as f32 * (self.side + GAP_PX),
            band.top + self.heading_px + row as f32 * self.row_px,
        );
        Rect::from_min_size(at, Vec2::new(self.side, self.row_px - GAP_PX))
    }

    fn band_of(&self, index: usize) -> usize {
        self.bands
            .partition_point(|band| band.first <= index)
            .saturating_sub(1)
    }

    /// What lies between two heights.
    pub fn in_sight(&self, from: f32, to: f32) -> impl Iterator<Item = InSight> + '_ {
        let start = self
            .bands
            .partition_point(|band| band.top <= from)
            .saturating_sub(1);
        self.bands[start..]
            .iter()
            .enumerate()
            .take_while(move |(_, band)| band.top <= to)
            .map(move |(after, band)| {
                let rows = band.top + self.heading_px;
                let row = |height: f32| ((height - rows) / self.row_px).floor().max(0.0) as usize;
                let first = (row(from) * self.columns).min(band.count);
                let last = if to < rows {
                    0
                } else {
                    ((row(to) + 1) * self.columns).min(band.count)
                };
                InSight {
                    section: start + after,
                    top: band.top,
                    tiles: band.first + first..band.first + last.max(first),
                }
            })
    }

    /// The tile that a step leads to from `index`, with `page_px` points in sight.
    pub fn step(&self, index: usize, step: Step, page_px: f32) -> usize {
        let last = self.count.saturating_sub(1);
        match step {
            Step::Left => index.saturating_sub(1),
            Step::Right => (index + 1).min(last),
            Step::First => 0,
            Step::Last => last,
            Step::Up => self.above(index),
            Step::Down => self.below(index),
            Step::PageUp | Step::PageDown => {
                let mut to = index;
                for _ in 0..((page_px / self.row_px).floor() as usize).max(1) {
                    to = if step == Step::PageUp {
                        self.above(to)
                    } else {
                        self.below(to)
                    };
                }
                to
            }
        }
    }

    fn above(&self, index: usize) -> usize {
        let at = self.band_of(index);
        let band = &self.bands[at];
        let within = index - band.first.min(index);
        if within >= self.columns {
            return index - self.columns;
        }
        let Some(before) = at
            .checked_sub(1)
            .map(|at| &self.bands[at])
            .filter(|band| band.count > 0)
        else {
            return index;
        };
        let last_row = (before.count - 1) / self.columns * self.columns;
        before.first + (last_row + within).min(before.count - 1)
    }

    fn below(&self, index: usize) -> usize {
        let at = self.band_of(index);
        let band = &self.bands[at];
        let within = index - band.first.min(index);
        let last_row = band.count.saturating_sub(1) / self.columns;
        if within / self.columns < last_row {
            return (index + self.columns).min(band.first + band.count - 1);
        }
        match self.bands.get(at + 1).filter(|band| band.count > 0) {
            Some(next) => next.first + (within % self.columns).min(next.count - 1),
            None => index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, starts: &[usize]) -> Rows {
        // Four columns of 100 points.
        Rows::new(430.0, 100.0, 26.0, count, 30.0, starts.iter().copied())
    }

    #[test]
    fn tiles_fill_their_row() {
        for width in [200.0_f32, 640.0, 977.0, 1900.0] {
            for wished in [96.0, 168.0, 320.0] {
                let (columns, side) = columns(width, wished);
                let used = columns as f32 * (side + GAP_PX) - GAP_PX;
                assert!((used - width).abs() < 0.01, "{width} {wished}: {used}");
                assert!(
                    side > wished * 0.55 && side < wished * 1.6,
                    "{width} {wished}: {side}"
                );
            }
        }
    }

    #[test]
    fn only_what_is_in_sight_is_laid_out() {
        let grid = rows(100_000, &[]);
        let seen: Vec<InSight> = grid.in_sight(1_000_000.0, 1_000_700.0).collect();
        assert_eq!(seen.len(), 1);
        assert!(
            seen[0].tiles.len() <= 4 * 7,
            "{} tiles",
            seen[0].tiles.len()
        );
        for index in [seen[0].tiles.start, seen[0].tiles.end - 1] {
            let tile = grid.tile(index);
            assert!(tile.max.y >= 1_000_000.0 - GAP_PX && tile.min.y <= 1_000_700.0);
        }
        assert!(grid.tile(99_999).max.y <= grid.height() + 1.0);
    }

    #[test]
    fn sections_begin_below_their_headings() {
        let grid = rows(11, &[0, 5, 6]);
        assert_eq!(grid.tile(0).min.y, 30.0);
        assert_eq!(grid.tile(4).min.y, 30.0 + 136.0);
        assert_eq!(grid.tile(5).min.y, 2.0 * 30.0 + 2.0 * 136.0);
        assert_eq!(grid.tile(6).min.x, 0.0);
        let all: Vec<Range<usize>> = grid.in_sight(0.0, 5000.0).map(|seen| seen.tiles).collect();
        assert_eq!(all, [0..5, 5..6, 6..11]);
        let heading_only: Vec<_> = grid.in_sight(0.0, 10.0).map(|seen| seen.tiles).collect();
        assert_eq!(heading_only.as_slice(), std::slice::from_ref(&(0..0)));
    }

    #[test]
    fn the_keys_walk_over_sections_and_stop_at_the_ends() {
        let grid = rows(11, &[0, 5, 6]);
        let to = |from, step| grid.step(from, step, 272.0);
        assert_eq!(to(0, Step::Left), 0);
        assert_eq!(to(10, Step::Right), 10);
        assert_eq!(to(1, Step::Down), 4);
        assert_eq!(to(4, Step::Down), 5);
        assert_eq!(to(5, Step::Down), 6);
        assert_eq!(to(10, Step::Down), 10);
        assert_eq!(to(8, Step::Up), 5);
        assert_eq!(to(5, Step::Up), 4);
        assert_eq!(to(3, Step::Up), 3);
        assert_eq!(to(0, Step::PageDown), 5);
        assert_eq!(to(7, Step::PageUp), 4);
        assert_eq!((to(3, Step::Last), to(3, Step::First)), (10, 0));
    }
}
