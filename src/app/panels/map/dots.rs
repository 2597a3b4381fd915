use super::{Camera, MapView, Shown};
use crate::app::theme;
use egui::epaint::{Mesh, Vertex};
use egui::{Color32, Pos2, Rect, Ui, Vec2};
use std::sync::Arc;

/// Dots drawn at most; more lie on top of each other anyway.
const MOST_DRAWN: usize = 30_000;
/// Corners of a dot.
const CORNERS: usize = 6;

/// The dots of the last frame, for as long as nothing about them changes.
#[derive(Default)]
pub struct DotCache {
    key: Option<Key>,
    mesh: Arc<Mesh>,
    /// Rows whose dot, or the dot that stands for it, lies on the canvas.
    in_sight: Arc<Vec<u32>>,
}

#[derive(Clone, PartialEq)]
struct Key {
    camera: Camera,
    canvas: Rect,
    /// Of the layout, by its address; it is kept alive by the state while it is shown.
    layout: usize,
    revision: u64,
    dark: bool,
}

/// What of the map can be seen.
pub struct Seen {
    /// The dots.
    pub mesh: Arc<Mesh>,
    /// The rows of the photos in sight, hidden domains left out.
    pub in_sight: Arc<Vec<u32>>,
}

/// Radius of the dots, when so many are in sight.
pub fn radius(in_sight: usize) -> f32 {
    match in_sight {
        0..=400 => 5.0,
        401..=2_500 => 3.6,
        2_501..=12_000 => 2.6,
        _ => 1.9,
    }
}

/// The dots of all photos in sight: one mesh, one dot for each spot of the screen however many photos lie there.
pub fn seen(ui: &Ui, view: &mut MapView, shown: Shown<'_>, canvas: Rect) -> Seen {
    let key = Key {
        camera: view.camera,
        canvas,
        layout: Arc::as_ptr(shown.layout) as usize,
        revision: view.revision,
        dark: ui.visuals().dark_mode,
    };
    if view.dots.key.as_ref() != Some(&key) {
        let (mesh, in_sight) = draw(ui, view, shown, canvas);
        view.dots = DotCache {
            key: Some(key),
            mesh: Arc::new(mesh),
            in_sight: Arc::new(in_sight),
        };
    }
    Seen {
        mesh: Arc::clone(&view.dots.mesh),
        in_sight: Arc::clone(&view.dots.in_sight),
    }
}

fn draw(ui: &Ui, view: &MapView, shown: Shown<'_>, canvas: Rect) -> (Mesh, Vec<u32>) {
    let photos = shown.photos;
    let visuals = ui.visuals();
    let colors: Vec<Option<Color32>> = photos
        .domains()
        .iter()
        .enumerate()
        .map(|(at, (name, _))| {
            (!view.hidden.contains(name)).then(|| theme::domain_color(visuals, at))
        })
        .collect();
    let margin = canvas.expand(6.0);
    let mut in_sight = Vec::new();
    let mut places = Vec::new();
    for (row, point) in shown.layout.points.iter().enumerate() {
        if colors[photos.domain(row)].is_none() {
            continue;
        }
        let at = view.camera.to_screen(canvas, *point);
        if margin.contains(at) {
            in_sight.push(row as u32);
            places.push(at);
        }
    }
    let radius = radius(in_sight.len());
    let spot_px = radius * 0.8;
    let columns = (margin.width() / spot_px) as usize + 2;
    let rows = (margin.height() / spot_px) as usize + 2;
    let mut taken = vec![false; columns * rows];
    let mut mesh = Mesh::default();
    let chosen_color = theme::accent(visuals);
    let choosing = !view.chosen.is_empty();
    let mut drawn = 0;
    let step = (in_sight.len() / MOST_DRAWN).max(1);
    for (place, &row) in places.iter().zip(&in_sight) {
        let off = *place - margin.min;
        let spot = (off.y / spot_px) as usize * columns + (off.x / spot_px) as usize;
        if std::mem::replace(&mut taken[spot], true) || drawn >= MOST_DRAWN * step {
            continue;
        }
        drawn += 1;
        let row = row as usize;
        let Some(color) = colors[photos.domain(row)] else {
            continue;
        };
        let color = if choosing && !view.chosen.contains(&row) {
            color.gamma_multiply(0.45)
        } else {
            color
        };
        dot(&mut mesh, *place, radius, color);
    }
    if choosing {
        // On top, and each of them: a spot may stand for others.
        let mut marked = vec![false; columns * rows];
        for (place, &row) in places.iter().zip(&in_sight) {
            let off = *place - margin.min;
            let spot = (off.y / spot_px) as usize * columns + (off.x / spot_px) as usize;
            if view.chosen.contains(&(row as usize)) && !std::mem::replace(&mut marked[spot], true)
            {
                dot(&mut mesh, *place, radius + 1.4, chosen_color);
                if let Some(color) = colors[photos.domain(row as usize)] {
                    dot(&mut mesh, *place, radius * 0.6, color);
                }
            }
        }
    }
    (mesh, in_sight)
}

fn dot(mesh: &mut Mesh, at: Pos2, radius: f32, color: Color32) {
    let first = mesh.vertices.len() as u32;
    for corner in 0..CORNERS {
        let angle = std::f32::consts::TAU * corner as f32 / CORNERS as f32;
        mesh.vertices.push(Vertex {
            pos: at + radius * Vec2::angled(angle),
            uv: egui::epaint::WHITE_UV,
            color,
        });
    }
    for corner in 1..CORNERS as u32 - 1 {
        mesh.add_triangle(first, first + corner, first + corner + 1);
    }
}
