//! How a picture is looked at: how large, and which part of it.

use crate::photo::Part;
use egui::{Pos2, Rect, TextureHandle, Vec2};

/// Most screen pixels a picture's pixel is drawn with.
const CLOSEST: f32 = 16.0;

/// Zoom and place of a picture in its area.
pub struct PreviewView {
    /// Screen pixels for each pixel of the picture; `None` while all of it is to fit.
    zoom: Option<f32>,
    /// The picture's pixel in the middle of the area.
    centre: [f64; 2],
    area: Rect,
    size: [f64; 2],
    pixels_per_point: f32,
}

impl Default for PreviewView {
    fn default() -> Self {
        PreviewView {
            zoom: None,
            centre: [0.0; 2],
            area: Rect::ZERO,
            size: [1.0; 2],
            pixels_per_point: 1.0,
        }
    }
}

impl PreviewView {
    /// Takes up the room and the picture's size, and keeps the picture within the room.
    pub fn settle(&mut self, area: Rect, size_px: [u32; 2], pixels_per_point: f32) {
        self.area = area;
        self.size = size_px.map(|side| f64::from(side.max(1)));
        self.pixels_per_point = pixels_per_point;
        if self.zoom.is_some_and(|zoom| zoom <= self.fitting()) {
            self.zoom = None;
        }
        let half = self.half_in_sight();
        for ((centre, half), size) in self.centre.iter_mut().zip(half).zip(self.size) {
            *centre = if 2.0 * half >= size {
                size / 2.0
            } else {
                centre.clamp(half, size - half)
            };
        }
    }

    /// The zoom at which all of it can be seen; small pictures are not enlarged for it.
    fn fitting(&self) -> f32 {
        let room = self.area.size() * self.pixels_per_point;
        let scale = (f64::from(room.x) / self.size[0]).min(f64::from(room.y) / self.size[1]);
        (scale as f32).clamp(1e-4, 1.0)
    }

    fn half_in_sight(&self) -> [f64; 2] {
        let room = self.area.size() * self.pixels_per_point / self.zoom();
        [f64::from(room.x) / 2.0, f64::from(room.y) / 2.0]
    }

    /// Screen pixels for each pixel of the picture.
    pub fn zoom(&self) -> f32 {
        self.zoom.unwrap_or_else(|| self.fitting())
    }

    /// Whether all of it is seen.
    pub fn is_fit(&self) -> bool {
        self.zoom.is_none()
    }

    /// Whether each pixel is drawn as one.
    pub fn is_full(&self) -> bool {
        (self.zoom() - 1.0).abs() < 1e-3
    }

    /// Shows all of it.
    pub fn fit(&mut self) {
        self.zoom = None;
    }

    /// Zooms to `zoom`; what lies at `at`, or in the middle, stays where it is.
    pub fn zoom_to(&mut self, zoom: f32, at: Option<Pos2>) {
        let at = at.unwrap_or(self.area.center());
        let held = self.at(at);
        let zoom = zoom.clamp(self.fitting(), CLOSEST);
        self.zoom = (zoom > self.fitting()).then_some(zoom);
        let now = self.at(at);
        for axis in 0..2 {
            self.centre[axis] += held[axis] - now[axis];
        }
    }

    /// Zooms by a factor.
    pub fn zoom_by(&mut self, factor: f32, at: Option<Pos2>) {
        self.zoom_to(self.zoom() * factor, at);
    }

    /// Moves the picture by points of the screen.
    pub fn pan(&mut self, by: Vec2) {
        let by = by * self.pixels_per_point / self.zoom();
        self.centre[0] -= f64::from(by.x);
        self.centre[1] -= f64::from(by.y);
    }

    /// The picture's pixel at a place of the screen.
    fn at(&self, place: Pos2) -> [f64; 2] {
        let from_centre = (place - self.area.center()) * self.pixels_per_point / self.zoom();
        [
            self.centre[0] + f64::from(from_centre.x),
            self.centre[1] + f64::from(from_centre.y),
        ]
    }

    /// Where a part of the picture is on the screen.
    pub fn on_screen(&self, part: Part) -> Rect {
        let scale = f64::from(self.zoom() / self.pixels_per_point);
        let place = |x: f64, y: f64| {
            self.area.center()
                + Vec2::new(
                    ((x - self.centre[0]) * scale) as f32,
                    ((y - self.centre[1]) * scale) as f32,
                )
        };
        Rect::from_min_max(
            place(part.x, part.y),
            place(part.x + part.width, part.y + part.height),
        )
    }

    /// What can be seen of the picture, and so much more around it as a part of that.
    pub fn part_in_sight(&self, around: f64) -> Part {
        let half = self.half_in_sight().map(|half| half * (1.0 + around));
        let start = [0, 1].map(|axis| (self.centre[axis] - half[axis]).max(0.0).floor());
        let end = [0, 1].map(|axis| (self.centre[axis] + half[axis]).min(self.size[axis]).ceil());
        Part {
            x: start[0],
            y: start[1],
            width: (end[0] - start[0]).max(1.0),
            height: (end[1] - start[1]).max(1.0),
        }
    }

    /// Whether the copy of the whole picture is too coarse for what is looked at.
    pub fn needs_detail(&self, whole: Option<&TextureHandle>) -> bool {
        whole.is_some_and(|whole| {
            let kept = f64::from(whole.size_vec2().x) / self.size[0];
            kept < 0.999 && f64::from(self.zoom()) > kept * 1.02
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> PreviewView {
        let mut view = PreviewView::default();
        let area = Rect::from_min_size(Pos2::new(100.0, 50.0), Vec2::new(800.0, 600.0));
        view.settle(area, [4000, 2000], 1.0);
        view
    }

    #[test]
    fn all_of_it_fits_until_it_is_zoomed() {
        let mut view = view();
        assert!(view.is_fit() && (view.zoom() - 0.2).abs() < 1e-6);
        let room = view.on_screen(Part::all(4000, 2000));
        assert!((room.width() - 800.0).abs() < 0.1 && (room.center().y - 350.0).abs() < 0.1);
        view.zoom_by(0.5, None);
        assert!(view.is_fit());
        view.zoom_by(100.0, None);
        assert_eq!(view.zoom(), CLOSEST);
    }

    #[test]
    fn what_lies_under_the_pointer_stays_there() {
        let mut view = view();
        let pointer = Pos2::new(300.0, 300.0);
        let before = view.at(pointer);
        view.zoom_to(1.0, Some(pointer));
        let after = view.at(pointer);
        assert!((before[0] - after[0]).abs() < 0.01 && (before[1] - after[1]).abs() < 0.01);
        assert!(view.is_full());
    }

    #[test]
    fn the_picture_is_not_lost_from_sight() {
        let mut view = view();
        view.zoom_to(1.0, None);
        view.pan(Vec2::new(1e6, -1e6));
        let area = view.area;
        view.settle(area, [4000, 2000], 1.0);
        let seen = view.part_in_sight(0.0);
        assert_eq!((seen.x, seen.y), (0.0, 1400.0));
        assert_eq!((seen.width, seen.height), (800.0, 600.0));
    }
}
