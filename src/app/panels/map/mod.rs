//! The map of the library: a canvas to move about on, the domains beside it, what is chosen above.

mod camera;
mod canvas;
mod dots;
mod lasso;
mod legend;
mod marks;
mod pictures;
mod tools;

use super::Look;
use crate::app::map::MapKind;
use crate::app::thumbnails::ThumbnailCache;
use crate::search::{Layout, MapPhotos};
use camera::Camera;
use dots::DotCache;
use egui::{Pos2, Ui};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Width of the list of domains.
const LEGEND_PX: f32 = 190.0;

/// What the user is doing to the map: where it is looked at, and what is chosen and hidden on it.
#[derive(Default)]
pub struct MapView {
    camera: Camera,
    /// Rows that are chosen, and a count that changes with them.
    chosen: BTreeSet<usize>,
    revision: u64,
    /// Names of the domains that are not drawn.
    hidden: BTreeSet<String>,
    /// Whether dragging draws a lasso instead of moving the map.
    lasso_on: bool,
    /// The lasso under way, in points of the screen.
    lasso: Vec<Pos2>,
    /// Of which photos the rows are.
    of: Option<Arc<MapPhotos>>,
    dots: DotCache,
    /// The photo whose menu was opened last.
    menu_row: Option<usize>,
}

/// The map as it is shown now.
#[derive(Clone, Copy)]
struct Shown<'a> {
    photos: &'a Arc<MapPhotos>,
    kind: MapKind,
    layout: &'a Arc<Layout>,
}

impl MapView {
    /// Shows the map.
    pub fn show(&mut self, ui: &mut Ui, look: Look<'_>, thumbnails: &mut ThumbnailCache) {
        let map = &look.state.map;
        let wished = look.state.preferences.map;
        let (Some(photos), Some((kind, layout))) = (&map.photos, map.layout(wished)) else {
            nothing_yet(ui, look);
            return;
        };
        self.keep_up_with(photos);
        let shown = Shown {
            photos,
            kind,
            layout,
        };
        tools::above(ui, look, self, shown);
        tools::choice(ui, look, self, shown);
        ui.horizontal_top(|ui| {
            let width = (ui.available_width() - LEGEND_PX - 12.0).max(160.0);
            let canvas = egui::vec2(width, ui.available_height().max(120.0));
            canvas::show(ui, look, self, shown, thumbnails, canvas);
            ui.vertical(|ui| legend::show(ui, self, shown));
        });
    }

    /// What was chosen stays so when the library changes, as far as it is still there.
    fn keep_up_with(&mut self, photos: &Arc<MapPhotos>) {
        if let Some(before) = &self.of
            && !Arc::ptr_eq(before, photos)
        {
            let chosen = std::mem::take(&mut self.chosen).into_iter();
            self.chosen = chosen
                .filter_map(|row| photos.row_of(before.photo(row)))
                .collect();
            self.revision += 1;
        }
        if self.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, photos)) {
            self.menu_row = None;
        }
        self.of = Some(Arc::clone(photos));
    }

    fn choose(&mut self, rows: impl IntoIterator<Item = usize>, keep: bool) {
        if !keep {
            self.chosen.clear();
        }
        self.chosen.extend(rows);
        self.revision += 1;
    }

    fn is_hidden(&self, photos: &MapPhotos, row: usize) -> bool {
        let (name, _) = &photos.domains()[photos.domain(row)];
        self.hidden.contains(name)
    }

    /// The chosen rows, those nearest to their common middle first.
    fn chosen_from_the_middle(&self, layout: &Layout) -> Vec<usize> {
        let mut rows: Vec<usize> = self.chosen.iter().copied().collect();
        let count = rows.len().max(1) as f32;
        let middle = rows.iter().fold([0f32; 2], |sum, &row| {
            let point = layout.points[row];
            [sum[0] + point[0] / count, sum[1] + point[1] / count]
        });
        let far = |row: usize| {
            let point = layout.points[row];
            (point[0] - middle[0]).hypot(point[1] - middle[1])
        };
        rows.sort_by(|a, b| far(*a).total_cmp(&far(*b)));
        rows
    }
}

fn nothing_yet(ui: &mut Ui, look: Look<'_>) {
    ui.add_space(24.0);
    ui.vertical_centered(|ui| {
        let embedded = look.state.library.as_ref().map(|library| library.embedded);
        match embedded {
            Some(0) => {
                ui.label("There is nothing to draw yet: add a folder of photos first.");
            }
            _ => {
                ui.spinner();
                ui.weak("Drawing the map…");
            }
        }
    });
}
