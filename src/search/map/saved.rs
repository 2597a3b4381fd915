use super::place::beside_their_like;
use super::{Layout, MapPhotos, fitted};
use crate::index::Vectors;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// More new or vanished photos than this part, and the islands are laid out anew.
const MOST_CHANGED: f64 = 0.1;
/// The form of the file; another form is no layout.
const VERSION: u32 = 1;

/// A layout as it is kept between runs: places by the photos' numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedLayout {
    version: u32,
    /// Numbers of the photos, ascending, and their places.
    places: Vec<(i64, [f32; 2])>,
    laid_out: usize,
}

impl SavedLayout {
    /// What is to be kept of a layout.
    pub fn new(photos: &MapPhotos, layout: &Layout) -> SavedLayout {
        let places = layout.points.iter().enumerate();
        SavedLayout {
            version: VERSION,
            places: places
                .map(|(row, point)| (photos.photo(row).0, *point))
                .collect(),
            laid_out: layout.laid_out,
        }
    }

    /// Writes it beside the library, all or nothing.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn save(&self, file: &Path) -> std::io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        let bytes = bincode::serialize(self).map_err(std::io::Error::other)?;
        draft.write_all(&bytes)?;
        draft.as_file().sync_all()?;
        draft.persist(file).map_err(|failed| failed.error)?;
        Ok(())
    }

    /// Reads it; `None` if there is none, or none of this program's form.
    pub fn load(file: &Path) -> Option<SavedLayout> {
        let bytes = std::fs::read(file).ok()?;
        let saved: SavedLayout = bincode::deserialize(&bytes).ok()?;
        let ascending = saved.places.windows(2).all(|two| two[0].0 < two[1].0);
        let finite = |(_, point): &(i64, [f32; 2])| point.iter().all(|value| value.is_finite());
        (saved.version == VERSION && ascending && saved.places.iter().all(finite)).then_some(saved)
    }

    /// The layout of these photos, new ones placed beside those most like them; `None` if too much has changed.
    pub fn layout(&self, photos: &MapPhotos) -> Option<Layout> {
        let place = |row: usize| {
            let id = photos.photo(row).0;
            let at = self.places.binary_search_by_key(&id, |place| place.0);
            at.ok().map(|at| self.places[at].1)
        };
        let known: Vec<(usize, [f32; 2])> = (0..photos.len())
            .filter_map(|row| Some((row, place(row)?)))
            .collect();
        let largest = photos.len().max(self.places.len());
        let changed = largest - known.len();
        if known.is_empty() || changed as f64 > MOST_CHANGED * largest as f64 {
            return None;
        }
        let (rows, points): (Vec<usize>, Vec<[f32; 2]>) = known.into_iter().unzip();
        let vectors = photos.vectors();
        let values = rows.iter().flat_map(|&row| vectors.row(row)).copied();
        let islands = Arc::new(Vectors::new(vectors.width(), values.collect()));
        let mut points = beside_their_like(vectors, &rows, &islands, &points, &mut |_| true)?;
        fitted(&mut points);
        Some(Layout {
            points,
            laid_out: self.laid_out.min(photos.len()),
        })
    }
}
