use super::dots::Seen;
use super::{MapView, Shown};
use crate::app::theme;
use crate::app::thumbnails::{Thumbnail, ThumbnailCache};
use egui::{CornerRadius, Rect, Stroke, StrokeKind, Ui, Vec2};

/// With more photos in sight than these the map shows dots alone.
const FROM: usize = 1_200;
/// Pictures drawn at most.
const MOST: usize = 160;
/// Longest side of a picture, when few and when many photos are in sight.
pub(super) const LARGE_PX: f32 = 92.0;
const SMALL_PX: f32 = 56.0;
/// Free room between two pictures.
const GAP_PX: f32 = 4.0;

/// A picture on the map, and where.
pub struct Placed {
    /// The photo.
    pub row: usize,
    /// Where its picture is drawn.
    pub rect: Rect,
}

/// Draws pictures of photos in sight where they do not cover each other; those in `first` before all others.
///
/// Which ones does not change while the map is moved, but for those that come and go at the edges.
pub fn show(
    ui: &Ui,
    view: &MapView,
    shown: Shown<'_>,
    seen: &Seen,
    canvas: Rect,
    first: &[usize],
    thumbnails: &mut ThumbnailCache,
) -> Vec<Placed> {
    let count = seen.in_sight.len();
    if count > FROM {
        return Vec::new();
    }
    let few = 1.0 - count as f32 / FROM as f32;
    let side = SMALL_PX + (LARGE_PX - SMALL_PX) * few * few;
    let mut order: Vec<usize> = seen.in_sight.iter().map(|row| *row as usize).collect();
    order.sort_by_key(|row| (!first.contains(row), scramble(*row)));
    let cell = side + GAP_PX;
    let columns = (canvas.width() / cell) as i64 + 3;
    let rows = (canvas.height() / cell) as i64 + 3;
    // At most one middle of a picture a cell; only the eight cells around can hold one that is too near.
    let mut cells: Vec<Option<egui::Pos2>> = vec![None; (columns * rows) as usize];
    let mut placed = Vec::new();
    for row in order {
        if placed.len() >= MOST {
            break;
        }
        let at = view.camera.to_screen(canvas, shown.layout.points[row]);
        let off = at - canvas.min;
        let column = (off.x / cell).floor() as i64 + 1;
        let line = (off.y / cell).floor() as i64 + 1;
        if column < 1 || line < 1 || column > columns - 2 || line > rows - 2 {
            continue;
        }
        let near = |dx: i64, dy: i64| cells[((line + dy) * columns + column + dx) as usize];
        let covered = (-1..=1).any(|dy| {
            (-1..=1).any(|dx| {
                near(dx, dy).is_some_and(|other| {
                    (other.x - at.x).abs() < cell && (other.y - at.y).abs() < cell
                })
            })
        });
        if covered {
            continue;
        }
        cells[(line * columns + column) as usize] = Some(at);
        let path = &shown.photos.facts(row).path;
        if let Thumbnail::Ready(texture) = thumbnails.get(path) {
            let size = texture.size_vec2();
            let size = size * (side / size.x.max(size.y));
            let rect = Rect::from_center_size(at, size);
            paint(ui, view, shown, row, rect, &texture);
            placed.push(Placed { row, rect });
        } else {
            let rect = Rect::from_center_size(at, Vec2::splat(0.0));
            placed.push(Placed { row, rect });
        }
    }
    placed
}

fn paint(
    ui: &Ui,
    view: &MapView,
    shown: Shown<'_>,
    row: usize,
    rect: Rect,
    texture: &egui::TextureHandle,
) {
    let visuals = ui.visuals();
    let radius = CornerRadius::same(4);
    egui::Image::from_texture((texture.id(), texture.size_vec2()))
        .corner_radius(radius)
        .paint_at(ui, rect);
    let color = if view.chosen.contains(&row) {
        theme::accent(visuals)
    } else {
        theme::domain_color(visuals, shown.photos.domain(row))
    };
    let width = if view.chosen.contains(&row) { 3.0 } else { 2.0 };
    ui.painter()
        .rect_stroke(rect, radius, Stroke::new(width, color), StrokeKind::Outside);
}

/// An order in which neighbours in the library are far from each other, the same every time.
fn scramble(row: usize) -> u64 {
    let mut value = (row as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
