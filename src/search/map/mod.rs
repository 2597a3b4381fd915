//! The library as points on a plane: near where the model finds photos alike.

mod islands;
mod pca;
mod place;
mod saved;

pub use islands::Islands;
pub use pca::Pca;
pub use saved::SavedLayout;

use super::Searcher;
use super::snapshot::Snapshot;
use crate::index::Vectors;
use crate::library::{PhotoFacts, PhotoId};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The photos of a map: those of one snapshot of the library, a row each, in order of their numbers.
#[derive(Debug)]
pub struct MapPhotos {
    snapshot: Arc<Snapshot>,
    domains: Vec<(String, usize)>,
    domain: Vec<u32>,
}

/// Where each photo of a map lies, `[N, 2]`; the farthest lies at distance 1 from the middle, along x or y.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Places in order of [`MapPhotos`]' rows.
    pub points: Vec<[f32; 2]>,
    /// How many of them were laid out themselves; the others lie beside those that are most like them.
    pub laid_out: usize,
}

impl MapPhotos {
    fn new(snapshot: Arc<Snapshot>) -> MapPhotos {
        let rows = 0..snapshot.len();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows.clone() {
            *counts.entry(snapshot.domain(row)).or_default() += 1;
        }
        let numbers: BTreeMap<&str, u32> = counts.keys().copied().zip(0..).collect();
        let domain = rows.map(|row| numbers[snapshot.domain(row)]).collect();
        let domains = counts
            .iter()
            .map(|(name, &count)| ((*name).to_owned(), count))
            .collect();
        MapPhotos {
            domains,
            domain,
            snapshot,
        }
    }

    /// How many photos there are.
    pub fn len(&self) -> usize {
        self.snapshot.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known of the photo of a row.
    pub fn facts(&self, row: usize) -> &PhotoFacts {
        self.snapshot.shown(row)
    }

    /// The number of the photo of a row.
    pub fn photo(&self, row: usize) -> PhotoId {
        self.snapshot.photo(row)
    }

    /// The row of a photo.
    pub fn row_of(&self, photo: PhotoId) -> Option<usize> {
        self.snapshot.row_of(photo)
    }

    /// The domains in order of their names, with their photos.
    pub fn domains(&self) -> &[(String, usize)] {
        &self.domains
    }

    /// The domain of a row, a place in [`MapPhotos::domains`].
    pub fn domain(&self, row: usize) -> usize {
        self.domain[row] as usize
    }

    /// The embeddings `[N, e]`.
    pub fn vectors(&self) -> &Vectors {
        self.snapshot.index.vectors()
    }
}

impl Searcher {
    /// The photos that a map shows now.
    pub fn map_photos(&self) -> MapPhotos {
        MapPhotos::new(self.snapshot())
    }

    /// Where a layout of this library and model is kept between runs: beside the library. Can be deleted at any time.
    pub fn map_file(&self) -> PathBuf {
        let mut name = self.library().path().as_os_str().to_owned();
        name.push(format!(".{}.map", self.model_key()));
        PathBuf::from(name)
    }
}

/// Moves points so that the middle of their extent is 0 and the farthest lies at 1, with one scale for both axes.
fn fitted(points: &mut [[f32; 2]]) {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for point in points.iter() {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let half = ((high[0] - low[0]).max(high[1] - low[1]) / 2.0).max(f32::MIN_POSITIVE);
    for point in points {
        for axis in 0..2 {
            point[axis] = (point[axis] - (low[axis] + high[axis]) / 2.0) / half;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_fitted_with_one_scale() {
        let mut points = [[2.0, 5.0], [6.0, 5.0], [4.0, 7.0]];
        fitted(&mut points);
        assert_eq!(points, [[-1.0, -0.5], [1.0, -0.5], [0.0, 0.5]]);
        let mut alone = [[3.0, 3.0]];
        fitted(&mut alone);
        assert_eq!(alone, [[0.0, 0.0]]);
    }
}
