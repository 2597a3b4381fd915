use crate::figures::{decimals, multiples, round_step};
use egui::{
    Align2, Color32, EventFilter, Key, Painter, Pos2, Rect, Response, Role, Sense, Stroke,
    TextStyle, Ui, WidgetInfo, pos2, vec2,
};

/// Room for the numbers left of the plot and below it.
const NUMBERS_PX: (f32, f32) = (42.0, 18.0);

/// The frame of a chart over prompts: its scale, its numbers, and who points at which prompt.
pub struct Chart<'a> {
    /// Its accessible name.
    pub name: &'a str,
    /// Its height with its numbers.
    pub height_px: f32,
    /// The values at its lower and upper edge.
    pub range: (f64, f64),
    /// The prompts from left to right, counted from 0.
    pub prompts: &'a [usize],
    /// What a press of the prompt under the pointer does; empty for nothing.
    pub press: &'a str,
}

/// Where things lie in a chart.
pub struct Area {
    /// The plot without its numbers.
    pub plot: Rect,
    range: (f64, f64),
    places: usize,
}

/// A chart that was shown.
pub struct Shown {
    /// Of the whole chart.
    pub response: Response,
    /// Where things lie.
    pub area: Area,
    /// The place, from 0 at the left, under the pointer or reached by keys.
    pub place: Option<usize>,
    /// The place that was pressed.
    pub pressed: Option<usize>,
}

impl Area {
    /// Width of one place.
    pub fn pitch(&self) -> f32 {
        self.plot.width() / self.places.max(1) as f32
    }

    /// The middle of a place.
    pub fn x(&self, place: usize) -> f32 {
        self.plot.left() + (place as f32 + 0.5) * self.pitch()
    }

    /// The height of a value, kept within the plot.
    pub fn y(&self, value: f64) -> f32 {
        let (low, high) = self.range;
        let along = ((value - low) / (high - low)).clamp(0.0, 1.0) as f32;
        self.plot.bottom() - along * self.plot.height()
    }

    /// The place under a point.
    fn place_at(&self, point: Pos2) -> Option<usize> {
        let beside = self.plot.expand2(vec2(0.0, NUMBERS_PX.1));
        let along = (point.x - self.plot.left()) / self.pitch();
        (beside.contains(point) && along >= 0.0)
            .then_some(along as usize)
            .filter(|&place| place < self.places)
    }
}

impl Chart<'_> {
    /// Shows the frame and what `paint` draws into it; `words` says the values of a place, for those who listen.
    pub fn show(
        &self,
        ui: &mut Ui,
        words: impl Fn(usize) -> String,
        paint: impl FnOnce(&Painter, &Area),
    ) -> Shown {
        let size = vec2(ui.available_width(), self.height_px);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let plot = Rect::from_min_max(
            rect.min + vec2(NUMBERS_PX.0, 5.0),
            rect.max - vec2(2.0, NUMBERS_PX.1),
        );
        let area = Area {
            plot,
            range: self.range,
            places: self.prompts.len(),
        };
        let keyed = self.keys(ui, &response);
        let pointed = response.hover_pos().and_then(|point| area.place_at(point));
        let place = pointed.or(keyed.filter(|_| response.has_focus()));
        let pressed = response.clicked().then_some(place).flatten();
        response.widget_info(|| {
            let label = match place {
                Some(place) => format!("{}: {}", self.name, words(place)),
                None => self.name.to_owned(),
            };
            WidgetInfo::labeled(Role::Button, true, label)
        });
        if ui.is_rect_visible(rect) {
            let painter = ui.painter_at(rect);
            if let Some(place) = place {
                let column = Rect::from_x_y_ranges(
                    area.x(place) - area.pitch() / 2.0..=area.x(place) + area.pitch() / 2.0,
                    plot.y_range(),
                );
                painter.rect_filled(column, 0, ui.visuals().faint_bg_color);
            }
            self.grid(ui, &painter, &area);
            paint(&painter, &area);
            if response.has_focus() {
                let stroke = Stroke::new(1.5, crate::app::theme::accent(ui.visuals()));
                painter.rect_stroke(rect, 4, stroke, egui::StrokeKind::Inside);
            }
        }
        let response = if self.press.is_empty() {
            response.on_hover_cursor(egui::CursorIcon::Default)
        } else {
            response
        };
        Shown {
            response,
            area,
            place,
            pressed,
        }
    }

    /// The place that the arrow keys have reached.
    fn keys(&self, ui: &Ui, response: &Response) -> Option<usize> {
        let last = self.prompts.len().checked_sub(1)?;
        let id = response.id.with("place");
        let reached = ui.data(|data| data.get_temp::<usize>(id));
        let mut place = reached.unwrap_or(0).min(last);
        if response.has_focus() {
            ui.memory_mut(|memory| {
                let filter = EventFilter {
                    horizontal_arrows: true,
                    ..EventFilter::default()
                };
                memory.set_focus_lock_filter(response.id, filter);
            });
            ui.input(|input| {
                for (key, step) in [(Key::ArrowLeft, -1), (Key::ArrowRight, 1)] {
                    for _ in 0..input.num_presses(key) {
                        place = place.saturating_add_signed(step).min(last);
                    }
                }
                if input.key_pressed(Key::Home) {
                    place = 0;
                }
                if input.key_pressed(Key::End) {
                    place = last;
                }
            });
            ui.data_mut(|data| data.insert_temp(id, place));
        }
        Some(place)
    }

    fn grid(&self, ui: &Ui, painter: &Painter, area: &Area) {
        let plot = area.plot;
        let weak = ui.visuals().weak_text_color();
        let line = ui.visuals().widgets.noninteractive.bg_stroke.color;
        let font = TextStyle::Small.resolve(ui.style());
        let (step, marks) = value_marks(self.range.0, self.range.1);
        let digits = decimals(step);
        for value in marks {
            let y = area.y(value);
            painter.hline(plot.x_range(), y, Stroke::new(1.0, line));
            // Adding zero turns -0 into 0.
            let number = format!("{:.digits$}", value + 0.0);
            let at = pos2(plot.left() - 6.0, y);
            painter.text(at, Align2::RIGHT_CENTER, number, font.clone(), weak);
        }
        if self.range.0 <= 0.0 && self.range.1 >= 0.0 {
            painter.hline(plot.x_range(), area.y(0.0), Stroke::new(1.0, weak));
        }
        let in_order = self.prompts.windows(2).all(|pair| pair[0] < pair[1]);
        // As many numbers as there is room for; 1 and the fives where the prompts stand in order.
        let room = (26.0 / area.pitch()).ceil().max(1.0) as usize;
        for (place, prompt) in self.prompts.iter().enumerate() {
            let shown = if room == 1 {
                true
            } else if in_order {
                prompt + 1 == 1 || (prompt + 1).is_multiple_of(5)
            } else {
                place.is_multiple_of(room)
            };
            if shown {
                let at = pos2(area.x(place), plot.bottom() + 2.0);
                let number = (prompt + 1).to_string();
                painter.text(at, Align2::CENTER_TOP, number, font.clone(), weak);
            }
        }
    }
}

/// The common vertical range of several profiles, zero included, with some air.
pub fn range_of<'a>(profiles: impl Iterator<Item = &'a [f32]>) -> (f64, f64) {
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    for &value in profiles.flatten().filter(|value| value.is_finite()) {
        low = low.min(f64::from(value));
        high = high.max(f64::from(value));
    }
    let air = ((high - low) * 0.08).max(1e-4);
    (
        if low < 0.0 { low - air } else { 0.0 },
        if high > 0.0 { high + air } else { 0.0 },
    )
}

/// A range that a chart can be drawn in, whatever the values were.
pub fn drawable((low, high): (f64, f64)) -> (f64, f64) {
    if high > low { (low, high) } else { (0.0, 1.0) }
}

/// The lines across a chart, about four of them, and their distance.
fn value_marks(low: f64, high: f64) -> (f64, Vec<f64>) {
    let step = round_step(high - low, 5.0);
    (step, multiples(step, low, high).collect())
}

/// A dot of colour in a line of text.
pub fn dot(ui: &mut Ui, color: Color32) {
    let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().circle_filled(dot.center(), 4.5, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_every_value_and_zero() {
        let (low, high) = range_of([&[0.2_f32, 0.3][..], &[-0.1, 0.05][..]].into_iter());
        assert!(low < -0.1 && high > 0.3);
        let (low, high) = range_of([&[0.2_f32, f32::NAN, 0.3][..]].into_iter());
        assert!(low == 0.0 && high > 0.3);
    }

    #[test]
    fn lines_across_a_chart_are_few_and_round() {
        for (low, high, step) in [(-0.2, 0.44, 0.2), (0.0, 0.9, 0.2), (-0.013, 0.02, 0.01)] {
            let (found, marks) = value_marks(low, high);
            assert!((found - step).abs() < 1e-12, "{low} {high}");
            assert!((2..=6).contains(&marks.len()), "{low} {high}: {marks:?}");
        }
    }

    #[test]
    fn places_and_points_belong_to_each_other() {
        let area = Area {
            plot: Rect::from_min_max(pos2(40.0, 10.0), pos2(240.0, 110.0)),
            range: (-1.0, 1.0),
            places: 20,
        };
        for place in 0..20 {
            let point = pos2(area.x(place), 50.0);
            assert_eq!(area.place_at(point), Some(place));
        }
        assert_eq!(area.place_at(pos2(39.0, 50.0)), None);
        assert_eq!(area.place_at(pos2(100.0, 500.0)), None);
        assert_eq!(
            (area.y(-1.0), area.y(0.0), area.y(9.0)),
            (110.0, 60.0, 10.0)
        );
    }
}
