use super::part_picture::part_picture;
use crate::photo::Region;
use egui::{Id, Modal, Slider, TextureHandle, Ui, Vec2};

/// Greatest size of the picture in points.
const PICTURE: Vec2 = Vec2::new(460.0, 380.0);
/// The least that is left between two opposite edges, in percent.
const LEAST_PERCENT: f32 = 3.0;

/// Over the window, the choice of a part of a picture, with the mouse or with the keys.
pub struct PartEditor {
    /// What is chosen so far.
    pub region: Region,
}

/// What the user decided.
pub enum Decision {
    /// Search with this part.
    Part(Region),
    /// Search with all of it.
    Whole,
    /// Leave it as it was.
    Nothing,
}

impl PartEditor {
    /// Shows the choice; gives the user's decision once there is one.
    pub fn show(
        &mut self,
        ui: &Ui,
        texture: Option<&TextureHandle>,
        name: &str,
    ) -> Option<Decision> {
        let mut decision = None;
        let shown = Modal::new(Id::unique("part editor")).show(ui.ctx(), |ui| {
            ui.set_max_width(PICTURE.x);
            ui.heading(format!("Search a part of {name}"));
            ui.add_space(4.0);
            ui.label("Draw a rectangle on the picture, or move its edges.");
            let label = format!("Picture to choose a part of: {name}");
            let region = Some(self.region);
            if let Some(drawn) = part_picture(ui, texture, PICTURE, region, &label) {
                self.region = drawn;
            }
            self.edges(ui);
            ui.horizontal(|ui| {
                if ui.button("Search this part").clicked() {
                    decision = Some(if self.region.is_whole() {
                        Decision::Whole
                    } else {
                        Decision::Part(self.region)
                    });
                }
                if ui.button("Use the whole picture").clicked() {
                    decision = Some(Decision::Whole);
                }
                if ui.button("Cancel").clicked() {
                    decision = Some(Decision::Nothing);
                }
            });
        });
        if shown.should_close() {
            decision = Some(Decision::Nothing);
        }
        decision
    }

    /// The four edges in percent of the picture: what the mouse does, for the keyboard.
    fn edges(&mut self, ui: &mut Ui) {
        let Region {
            x,
            y,
            width,
            height,
        } = self.region;
        let mut edges = [x, x + width, y, y + height].map(|edge| edge * 100.0);
        let [left, right, top, bottom] = &mut edges;
        let mut changed = false;
        egui::Grid::new("edges").num_columns(2).show(ui, |ui| {
            for (name, edge) in [
                ("Left edge", left),
                ("Right edge", right),
                ("Upper edge", top),
                ("Lower edge", bottom),
            ] {
                let caption = ui.label(name);
                let slider = Slider::new(edge, 0.0..=100.0).integer().suffix(" %");
                let response = ui.add(slider).labelled_by(caption.id);
                changed |= response.changed();
                ui.end_row();
            }
        });
        if changed {
            let [left, right, top, bottom] = edges;
            let left = left.min(100.0 - LEAST_PERCENT);
            let top = top.min(100.0 - LEAST_PERCENT);
            let (right, bottom) = (
                right.max(left + LEAST_PERCENT),
                bottom.max(top + LEAST_PERCENT),
            );
            self.region =
                Region::between([left / 100.0, top / 100.0], [right / 100.0, bottom / 100.0]);
        }
    }
}
