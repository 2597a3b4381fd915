use super::pictures::Placed;
use super::{MapView, Shown};
use crate::app::panels::Look;
use crate::app::theme;
use egui::{Align2, Color32, Pos2, Rect, Stroke, TextStyle, Ui};

/// Neighbours that are marked strongly.
const STRONGLY: usize = 10;
/// A query from outside the library is placed among so many of its first neighbours.
const AMONG: usize = 3;

/// Where the shown query and its neighbours lie.
pub struct Marked {
    /// Rows of the pictures asked with.
    asked: Vec<usize>,
    /// Rows of the neighbours, nearest first.
    neighbours: Vec<usize>,
    /// Where a query lies that is no photo of the library.
    outside: Option<[f32; 2]>,
}

/// What of the shown answer is on the map.
pub fn marked(look: Look<'_>, view: &MapView, shown: Shown<'_>) -> Marked {
    let mut marked = Marked {
        asked: Vec::new(),
        neighbours: Vec::new(),
        outside: None,
    };
    let Some(answer) = &look.state.answer else {
        return marked;
    };
    for hit in &answer.hits {
        let Some(row) = shown.photos.row_of(hit.id) else {
            continue;
        };
        if view.is_hidden(shown.photos, row) {
            continue;
        }
        if answer.query.holds(&hit.path) {
            marked.asked.push(row);
        } else {
            marked.neighbours.push(row);
        }
    }
    if marked.asked.is_empty() {
        let among = &marked.neighbours[..marked.neighbours.len().min(AMONG)];
        let count = among.len() as f32;
        let middle = |axis: usize| {
            let sum: f32 = among
                .iter()
                .map(|row| shown.layout.points[*row][axis])
                .sum();
            sum / count
        };
        marked.outside = (!among.is_empty()).then(|| [middle(0), middle(1)]);
    }
    marked
}

impl Marked {
    /// Rows whose pictures go before others: the query and its first neighbours.
    pub fn rows(&self) -> Vec<usize> {
        let first = self.neighbours.iter().take(STRONGLY);
        self.asked.iter().chain(first).copied().collect()
    }

    /// The place of the query, if there is one.
    pub fn place(&self, shown: Shown<'_>) -> Option<[f32; 2]> {
        let asked = self.asked.first().map(|row| shown.layout.points[*row]);
        asked.or(self.outside)
    }

    /// Rings around the neighbours, a larger one around the query.
    pub fn paint(
        &self,
        ui: &Ui,
        view: &MapView,
        shown: Shown<'_>,
        canvas: Rect,
        placed: &[Placed],
    ) {
        let accent = theme::accent(ui.visuals());
        let at = |row: usize| view.camera.to_screen(canvas, shown.layout.points[row]);
        let has_picture = |row: usize| {
            let placed = placed.iter().find(|placed| placed.row == row);
            placed.is_some_and(|placed| placed.rect.width() > 0.0)
        };
        for (rank, &row) in self.neighbours.iter().enumerate() {
            let strong = rank < STRONGLY;
            let stroke = if strong {
                Stroke::new(2.0, accent)
            } else {
                Stroke::new(1.2, accent.gamma_multiply(0.7))
            };
            if has_picture(row) {
                if strong {
                    let text = format!("{}", rank + 1);
                    label(ui, at(row), &text, accent);
                }
            } else if !placed.iter().any(|other| other.rect.contains(at(row))) {
                let radius = if strong { 6.5 } else { 4.5 };
                ui.painter().circle_stroke(at(row), radius, stroke);
            }
        }
        let places = self.asked.iter().map(|row| at(*row));
        let outside = self
            .outside
            .iter()
            .map(|point| view.camera.to_screen(canvas, *point));
        for place in places.chain(outside) {
            for (radius, width) in [(13.0, 3.0), (5.0, 2.0)] {
                ui.painter()
                    .circle_stroke(place, radius, Stroke::new(width, accent));
            }
            label(ui, place + egui::vec2(0.0, -22.0), "the query", accent);
        }
    }
}

fn label(ui: &Ui, at: Pos2, text: &str, color: Color32) {
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    let rect = Align2::CENTER_CENTER.anchor_size(at, galley.size());
    let ground = ui.visuals().extreme_bg_color;
    ui.painter()
        .rect_filled(rect.expand2(egui::vec2(4.0, 1.0)), 4, ground);
    ui.painter().galley(rect.min, galley, color);
}
