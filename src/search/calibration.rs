use super::Searcher;
use super::snapshot::Snapshot;
use std::sync::{Arc, PoisonError};

/// Photos whose nearest other photo is looked for.
const SAMPLE: usize = 200;
/// The share of a library's own photos whose nearest neighbour may lie below the line.
const SHARE: f32 = 0.01;
/// A smaller library tells too little of itself: then this line is drawn.
const FEWEST: usize = 100;
const UNKNOWN: f32 = 0.45;
/// The line stays between these, however alike or unlike the photos of a library are.
const LOWEST: f32 = 0.35;
const HIGHEST: f32 = 0.60;

/// How much a library has to grow or shrink before the line is drawn anew: by a quarter.
const GROWTH: usize = 4;

impl Searcher {
    /// Measures from which score on a photo counts as similar; takes up to a second in a large library, so it is not for
    /// the thread that answers. Does nothing while the library is about as large as at the last time.
    ///
    /// The line is where all but 1 % of the library's own photos have their nearest other photo. Measured on 7,278 real
    /// photos of eight kinds, leaving one kind out of the library and asking with its photos: between 93 % and 100 % of
    /// those strangers fall below the line, and 1 % of the library's own photos do. A fixed score would
    /// not do: with other photos or another model all scores lie elsewhere.
    pub fn calibrate(&self) {
        let snapshot = self.snapshot();
        let now = snapshot.len();
        let line = || {
            self.inner
                .line
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if line().is_some_and(|(then, _)| then.abs_diff(now) <= then / GROWTH) {
            return;
        }
        // Not under the lock: answers look at it.
        let measured = measure(&snapshot);
        *line() = Some((now, measured));
    }

    /// From which score on a photo counts as similar, if [`Searcher::calibrate`] has measured it.
    pub fn similar_from(&self) -> Option<f32> {
        let line = self
            .inner
            .line
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        line.map(|(_, score)| score)
    }
}

fn measure(snapshot: &Arc<Snapshot>) -> f32 {
    let count = snapshot.len();
    if count < FEWEST {
        return UNKNOWN;
    }
    let sample = SAMPLE.min(count);
    let rows: Vec<usize> = (0..sample).map(|number| number * count / sample).collect();
    let queries: Vec<&[f32]> = rows.iter().map(|row| snapshot.embedding(*row)).collect();
    // The photo itself, and the nearest other one.
    let found = snapshot.index.nearest_each(&queries, 2);
    let mut nearest: Vec<f32> = rows
        .iter()
        .zip(&found)
        .map(|(row, found)| {
            let other = found.iter().find(|neighbour| neighbour.row != *row);
            other.map_or(-1.0, |neighbour| neighbour.score)
        })
        .collect();
    nearest.sort_by(f32::total_cmp);
    let place = (SHARE * sample as f32) as usize;
    nearest[place].clamp(LOWEST, HIGHEST)
}
