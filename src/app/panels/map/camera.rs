use egui::{Pos2, Rect, Vec2};

/// Which part of the map is looked at. The whole map lies within -1..1 both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The place of the map in the middle of the canvas.
    middle: [f32; 2],
    /// How many times larger than the whole map in sight.
    pub zoom: f32,
}

/// Closer than this even large libraries are bare.
const CLOSEST: f32 = 400.0;
/// Free room around the whole map: half of the largest picture, so that those at its edge are whole.
const MARGIN_PX: f32 = super::pictures::LARGE_PX / 2.0 + 4.0;
/// On a small canvas the map still takes so much of it.
const LEAST_PART: f32 = 0.6;

impl Default for Camera {
    fn default() -> Camera {
        Camera {
            middle: [0.0; 2],
            zoom: 1.0,
        }
    }
}

impl Camera {
    /// Points of the screen for one unit of the map.
    pub fn scale(&self, canvas: Rect) -> f32 {
        let side = canvas.width().min(canvas.height());
        self.zoom * (side / 2.0 - MARGIN_PX).max(LEAST_PART * side / 2.0)
    }

    /// Where a place of the map is on the screen; the map's y axis points up.
    pub fn to_screen(self, canvas: Rect, point: [f32; 2]) -> Pos2 {
        let scale = self.scale(canvas);
        let off = Vec2::new(
            (point[0] - self.middle[0]) * scale,
            (self.middle[1] - point[1]) * scale,
        );
        canvas.center() + off
    }

    /// The place of the map at a point of the screen.
    pub fn to_map(self, canvas: Rect, at: Pos2) -> [f32; 2] {
        let off = (at - canvas.center()) / self.scale(canvas);
        [self.middle[0] + off.x, self.middle[1] - off.y]
    }

    /// Moves the map by so many points of the screen.
    pub fn drag(&mut self, canvas: Rect, by: Vec2) {
        let by = by / self.scale(canvas);
        self.middle = [
            (self.middle[0] - by.x).clamp(-1.2, 1.2),
            (self.middle[1] + by.y).clamp(-1.2, 1.2),
        ];
    }

    /// Zooms in or out; what lies at `fixed` stays there.
    pub fn zoom_at(&mut self, canvas: Rect, fixed: Pos2, factor: f32) {
        let place = self.to_map(canvas, fixed);
        self.zoom = (self.zoom * factor).clamp(0.5, CLOSEST);
        let off = (fixed - canvas.center()) / self.scale(canvas);
        self.middle = [
            (place[0] - off.x).clamp(-1.2, 1.2),
            (place[1] + off.y).clamp(-1.2, 1.2),
        ];
    }

    /// Brings a place of the map to the middle, and near enough to see what is around it.
    pub fn show(&mut self, place: [f32; 2], zoom: f32) {
        self.middle = place;
        self.zoom = self.zoom.max(zoom);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Rect {
        Rect::from_min_size(Pos2::new(100.0, 50.0), Vec2::new(800.0, 600.0))
    }

    #[test]
    fn places_go_to_the_screen_and_back() {
        let mut camera = Camera::default();
        camera.zoom_at(canvas(), Pos2::new(300.0, 200.0), 5.0);
        camera.drag(canvas(), Vec2::new(13.0, -40.0));
        for place in [[0.0, 0.0], [-0.4, 0.9], [1.0, -1.0]] {
            let back = camera.to_map(canvas(), camera.to_screen(canvas(), place));
            assert!((back[0] - place[0]).abs() < 1e-4 && (back[1] - place[1]).abs() < 1e-4);
        }
        let whole = Camera::default();
        for corner in [[-1.0, -1.0], [1.0, 1.0]] {
            let at = whole.to_screen(canvas(), corner);
            let picture = Rect::from_center_size(at, Vec2::splat(super::super::pictures::LARGE_PX));
            assert!(canvas().contains_rect(picture));
        }
    }

    #[test]
    fn zooming_keeps_the_place_under_the_pointer() {
        let mut camera = Camera::default();
        let at = Pos2::new(420.0, 300.0);
        let before = camera.to_map(canvas(), at);
        camera.zoom_at(canvas(), at, 7.0);
        let after = camera.to_map(canvas(), at);
        assert!((before[0] - after[0]).abs() < 1e-4 && (before[1] - after[1]).abs() < 1e-4);
        camera.zoom_at(canvas(), at, 1e9);
        assert_eq!(camera.zoom, CLOSEST);
    }
}
