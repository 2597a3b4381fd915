use super::Look;
use super::pointed;
use super::tile::{CAPTION_PX, Tile};
use crate::app::engine::Answer;
use crate::app::thumbnails::ThumbnailCache;
use crate::app::wording;
use egui::{ScrollArea, Ui};

/// Space between tiles, both ways.
const GAP_PX: f32 = 10.0;

/// Room for the scroll bar, which otherwise floats over the last column.
const BAR_PX: f32 = 10.0;

/// How many columns a row of `width` points holds and how wide each tile is, so that the row is filled.
pub fn columns(width: f32, wished_px: f32) -> (usize, f32) {
    let columns = ((width + GAP_PX) / (wished_px + GAP_PX)).round().max(1.0);
    let side = ((width + GAP_PX) / columns - GAP_PX).max(48.0);
    (columns as usize, side)
}

/// `count` tiles in rows that scroll, and which of them is under the pointer; only rows in sight are made and laid out.
pub fn tiles<'a>(
    ui: &mut Ui,
    look: Look<'_>,
    thumbnails: &mut ThumbnailCache,
    salt: impl std::hash::Hash + std::fmt::Debug,
    count: usize,
    tile: impl Fn(usize) -> Tile<'a>,
) -> Option<usize> {
    ui.spacing_mut().item_spacing = egui::vec2(GAP_PX, GAP_PX);
    let width = ui.available_width() - BAR_PX;
    let (columns, side) = columns(width, look.state.preferences.tile_px);
    let mut pointed = None;
    ScrollArea::vertical()
        .id_salt(salt)
        .auto_shrink(false)
        .show_rows(
            ui,
            side + CAPTION_PX,
            count.div_ceil(columns),
            |ui, rows| {
                for row in rows {
                    ui.horizontal(|ui| {
                        for index in row * columns..((row + 1) * columns).min(count) {
                            let tile = tile(index);
                            let thumbnail = thumbnails.get(tile.path);
                            // The id follows the place, so that the focus stays where the user put it.
                            let shown =
                                ui.push_id(index, |ui| tile.show(ui, side, look, &thumbnail));
                            if shown.inner.hovered() || shown.inner.has_focus() {
                                pointed = Some(index);
                            }
                        }
                    });
                }
            },
        );
    pointed
}

/// The neighbours of the query, nearest first.
pub fn neighbours(ui: &mut Ui, look: Look<'_>, answer: &Answer, thumbnails: &mut ThumbnailCache) {
    if answer.hits.is_empty() {
        pointed::set(ui, None);
        ui.add_space(24.0);
        ui.vertical_centered(|ui| {
            ui.label("The library holds no photo to compare with yet.");
            ui.weak("Photos can be found as soon as they are indexed.");
        });
        return;
    }
    let salt = ("neighbours", answer.generation);
    let rank = tiles(ui, look, thumbnails, salt, answer.hits.len(), |index| {
        let neighbour = &answer.hits[index];
        let name = wording::file_name(&neighbour.path);
        let (score, domain) = (neighbour.score, neighbour.domain.as_str());
        Tile {
            path: &neighbour.path,
            label: format!(
                "Neighbour {}: {name}, score {score:.3}, {domain}",
                index + 1
            ),
            score: Some(score),
            domain: Some(domain),
            is_query: answer.query.holds(&neighbour.path),
        }
    });
    pointed::set(ui, rank);
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
