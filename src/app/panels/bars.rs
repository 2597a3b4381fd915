use super::chart::{Chart, Shown, drawable};
use crate::app::theme;
use egui::{Color32, Painter, Rect, Stroke, Ui, pos2, vec2};

/// One profile to draw: a name, a colour and a value for each prompt.
pub struct Series<'a> {
    /// What the values belong to.
    pub name: &'a str,
    /// Its colour.
    pub color: Color32,
    /// Value at each place, `[M]`.
    pub values: &'a [f32],
}

/// Where most photos of a domain lie, drawn behind the bars.
pub struct Band<'a> {
    /// The mean of each prompt, a mark across its bar.
    pub mean: &'a [f32],
    /// One standard deviation of each prompt.
    pub spread: &'a [f32],
}

/// Profiles as bars over the prompts, the first in front of the others in slim bars.
pub struct BarChart<'a> {
    /// The frame.
    pub chart: Chart<'a>,
    /// The profiles.
    pub series: &'a [Series<'a>],
    /// What lies behind them.
    pub band: Option<Band<'a>>,
    /// A profile drawn as a line in front.
    pub line: Option<&'a Series<'a>>,
}

impl BarChart<'_> {
    /// Shows the chart; `words` says the values of a place.
    pub fn show(mut self, ui: &mut Ui, words: impl Fn(usize) -> String) -> Shown {
        self.chart.range = drawable(self.chart.range);
        let visuals = ui.visuals().clone();
        self.chart.show(ui, words, |painter, area| {
            let zero = area.y(0.0);
            let bar = |painter: &Painter, place: usize, value: f32, share: f32, color: Color32| {
                let half = area.pitch() * share / 2.0;
                let (x, y) = (area.x(place), area.y(f64::from(value)));
                let bar = Rect::from_two_pos(pos2(x - half, zero), pos2(x + half, y));
                painter.rect_filled(bar, 1, color);
            };
            if let Some(band) = &self.band {
                let ground = theme::reference(&visuals).gamma_multiply(0.35);
                let pairs = band.mean.iter().zip(band.spread).enumerate();
                for (place, (&mean, &spread)) in pairs {
                    if mean.is_finite() && spread.is_finite() {
                        let (low, high) = (f64::from(mean - spread), f64::from(mean + spread));
                        let half = area.pitch() * 0.46;
                        let x = area.x(place);
                        let box_of = [pos2(x - half, area.y(low)), pos2(x + half, area.y(high))];
                        painter.rect_filled(Rect::from_two_pos(box_of[0], box_of[1]), 2, ground);
                    }
                }
            }
            for (number, one) in self.series.iter().enumerate() {
                // The first is wide, what is compared with it stands slim before it.
                let share = [0.62, 0.28][number.min(1)];
                for (place, &value) in one.values.iter().enumerate() {
                    if value.is_finite() {
                        bar(painter, place, value, share, one.color);
                    }
                }
            }
            if let Some(band) = &self.band {
                let mark = Stroke::new(2.0, visuals.strong_text_color());
                for (place, &mean) in band.mean.iter().enumerate() {
                    if mean.is_finite() {
                        let x = area.x(place);
                        let half = area.pitch() * 0.46;
                        painter.hline(x - half..=x + half, area.y(f64::from(mean)), mark);
                    }
                }
            }
            if let Some(line) = self.line {
                let points = line.values.iter().enumerate();
                let points = points.filter(|(_, value)| value.is_finite());
                let points: Vec<_> = points
                    .map(|(place, &value)| pos2(area.x(place), area.y(f64::from(value))))
                    .collect();
                painter.line(points, Stroke::new(1.6, line.color));
            }
        })
    }
}

/// What a sign in the key stands for.
#[derive(Clone, Copy)]
pub enum Sign {
    /// A bar or a dot of this colour.
    Colour(Color32),
    /// The mark of a mean with the band of its spread.
    Band,
}

/// The key to the signs of a chart, a line each.
pub fn key(ui: &mut Ui, entries: &[(&str, Sign)]) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (name, sign) in entries {
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(16.0, 12.0), egui::Sense::hover());
                let painter = ui.painter();
                match *sign {
                    Sign::Colour(color) => {
                        let square = Rect::from_center_size(rect.center(), vec2(10.0, 10.0));
                        painter.rect_filled(square, 2, color);
                    }
                    Sign::Band => {
                        let ground = theme::reference(ui.visuals()).gamma_multiply(0.35);
                        painter.rect_filled(rect.shrink2(vec2(1.0, 0.0)), 2, ground);
                        let mark = Stroke::new(2.0, ui.visuals().strong_text_color());
                        painter.hline(rect.x_range().shrink(1.0), rect.center().y, mark);
                    }
                }
                let text = egui::RichText::new(*name).small();
                ui.add(egui::Label::new(text.color(ui.visuals().weak_text_color())).truncate());
            });
        }
    });
}

/// The colour of the query in every chart.
pub fn query_color(ui: &Ui) -> Color32 {
    theme::accent(ui.visuals())
}

/// The numbers, from 1, of the prompts with the largest values, largest first.
pub fn strongest(values: &[f32], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order
        .into_iter()
        .take(most)
        .map(|prompt| prompt + 1)
        .collect()
}

/// Numbers as a list in a sentence: `3, 7 and 12`.
pub fn listed(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_prompts_come_first() {
        assert_eq!(strongest(&[0.1, 0.9, -0.4, 0.5], 2), [2, 4]);
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&[4]), "4");
        assert_eq!(listed(&[4, 9, 12]), "4, 9 and 12");
    }
}
