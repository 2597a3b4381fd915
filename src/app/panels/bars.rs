use crate::app::theme;
use egui::{Color32, Response, Ui};
use egui_plot::{Bar, BarChart, GridMark, Line, Plot, PlotPoints};

/// One profile to draw: a name, a colour and a value for each prompt.
pub struct Series<'a> {
    /// What the values belong to.
    pub name: &'a str,
    /// Its colour.
    pub color: Color32,
    /// Similarity to each prompt, `[M]`.
    pub values: &'a [f32],
}

/// The common vertical range of several profiles, zero included, with some air.
pub fn range_of<'a>(profiles: impl Iterator<Item = &'a [f32]>) -> (f64, f64) {
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    for &value in profiles.flatten() {
        low = low.min(f64::from(value));
        high = high.max(f64::from(value));
    }
    let air = ((high - low) * 0.08).max(1e-4);
    (
        if low < 0.0 { low - air } else { 0.0 },
        if high > 0.0 { high + air } else { 0.0 },
    )
}

/// Grouped bars over the prompts, the first series in front, with the values under the pointer.
pub fn bar_chart(
    ui: &mut Ui,
    salt: impl std::hash::Hash + std::fmt::Debug,
    height_px: f32,
    range: (f64, f64),
    series: &[Series<'_>],
    line: Option<&Series<'_>>,
) -> Response {
    let prompts = series.first().map_or(0, |first| first.values.len());
    let width = 0.8 / series.len().max(1) as f64;
    let shown = frame(ui, salt, height_px, range, prompts).show(ui, |plot| {
        for (at, one) in series.iter().enumerate() {
            let shift = (at as f64 + 0.5) * width - 0.4;
            let bars = one
                .values
                .iter()
                .enumerate()
                .map(|(prompt, &value)| {
                    Bar::new(prompt as f64 + 1.0 + shift, f64::from(value))
                        .width(width * 0.92)
                        .fill(one.color)
                })
                .collect();
            plot.bar_chart(BarChart::new(one.name, bars).allow_hover(false));
        }
        if let Some(line) = line {
            let points = points(line.values);
            plot.line(
                Line::new(line.name, points)
                    .color(line.color)
                    .width(1.5)
                    .allow_hover(false),
            );
        }
    });
    let all: Vec<&Series<'_>> = series.iter().chain(line).collect();
    with_values(shown.response, shown.transform, prompts, &all)
}

/// Profiles as lines over the prompts in one chart, one of them brought out.
pub fn line_chart(
    ui: &mut Ui,
    salt: impl std::hash::Hash + std::fmt::Debug,
    height_px: f32,
    range: (f64, f64),
    series: &[Series<'_>],
    brought_out: Option<usize>,
) -> Response {
    let prompts = series.first().map_or(0, |first| first.values.len());
    let shown = frame(ui, salt, height_px, range, prompts).show(ui, |plot| {
        let last = brought_out.into_iter();
        let others = (0..series.len()).filter(|index| Some(*index) != brought_out);
        for index in others.chain(last) {
            let one = &series[index];
            let (color, width) = match brought_out {
                Some(chosen) if chosen == index => (one.color, 3.5),
                Some(_) => (one.color.gamma_multiply(0.25), 1.5),
                None => (one.color, 2.0),
            };
            let line = Line::new(one.name, points(one.values));
            plot.line(line.id(index).color(color).width(width).allow_hover(false));
        }
    });
    let all: Vec<&Series<'_>> = series.iter().collect();
    with_values(shown.response, shown.transform, prompts, &all)
}

fn points(values: &[f32]) -> PlotPoints<'static> {
    values
        .iter()
        .enumerate()
        .map(|(prompt, &value)| [prompt as f64 + 1.0, f64::from(value)])
        .collect()
}

/// An empty chart whose x axis counts prompts from 1, still under the pointer: it does not zoom or move.
fn frame<'a>(
    ui: &Ui,
    salt: impl std::hash::Hash + std::fmt::Debug,
    height_px: f32,
    (low, high): (f64, f64),
    prompts: usize,
) -> Plot<'a> {
    let step = if prompts > 12 { 5 } else { 1 };
    Plot::new(salt)
        .height(height_px)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .show_grid([false, true])
        .set_margin_fraction(egui::Vec2::ZERO)
        .default_x_bounds(0.3, prompts as f64 + 0.7)
        .default_y_bounds(low, high)
        .auto_bounds(false)
        .reset()
        .label_formatter(|_| None)
        .grid_color(ui.visuals().weak_text_color())
        .y_axis_min_width(34.0)
        .x_grid_spacer(move |_| {
            (1..=prompts)
                .filter(|prompt| *prompt == 1 || prompt % step == 0)
                .map(|prompt| GridMark {
                    value: prompt as f64,
                    // Only decides how strongly the mark is drawn: fully.
                    step_size: prompts as f64,
                })
                .collect()
        })
        .y_grid_spacer(move |_| value_marks(low, high))
        .y_axis_formatter(move |mark, _| {
            let digits = decimals(value_step(low, high));
            format!("{:.digits$}", mark.value)
        })
        .x_axis_formatter(|mark, _| format!("{:.0}", mark.value))
}

/// Distance of the lines across a chart: 1, 2 or 5 times a power of ten, for about four of them.
fn value_step(low: f64, high: f64) -> f64 {
    let rough = ((high - low) / 5.0).max(1e-9);
    let power = 10_f64.powf(rough.log10().floor());
    let times = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|times| times * power >= rough);
    times.unwrap_or(10.0) * power
}

fn value_marks(low: f64, high: f64) -> Vec<GridMark> {
    let step = value_step(low, high);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last)
        .map(|number| GridMark {
            value: number as f64 * step,
            // Only decides how strongly the line is drawn: fully.
            step_size: high - low,
        })
        .collect()
}

fn decimals(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 9.0) as usize
}

/// Shows the values of the prompt under the pointer.
fn with_values(
    response: Response,
    transform: egui_plot::PlotTransform,
    prompts: usize,
    series: &[&Series<'_>],
) -> Response {
    let Some(pointer) = response.hover_pos() else {
        return response;
    };
    let prompt = transform.value_from_position(pointer).x.round();
    if prompt < 1.0 || prompt > prompts as f64 {
        return response;
    }
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("Prompt {prompt:.0}"));
        let mut ranked: Vec<(&str, Color32, f32)> = series
            .iter()
            .filter_map(|one| Some((one.name, one.color, *one.values.get(prompt as usize - 1)?)))
            .collect();
        if ranked.len() > 3 {
            ranked.sort_by(|a, b| b.2.total_cmp(&a.2));
        }
        let hidden = ranked.len().saturating_sub(16);
        for (name, color, value) in ranked.into_iter().take(16) {
            ui.horizontal(|ui| {
                let (dot, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::hover());
                ui.painter().circle_filled(dot.center(), 4.0, color);
                ui.label(format!("{value:+.4}  {name}"));
            });
        }
        if hidden > 0 {
            ui.weak(format!("and {hidden} more"));
        }
    })
}

/// The key to the colours of a chart, a line each; an entry without a colour is shown as absent.
pub fn key(ui: &mut Ui, entries: &[(&str, Option<Color32>)]) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (name, color) in entries {
            ui.horizontal(|ui| {
                let (dot, _) = ui.allocate_exact_size(egui::vec2(12.0, 12.0), egui::Sense::hover());
                let line = ui.visuals().widgets.noninteractive.bg_stroke.color;
                ui.painter()
                    .rect_filled(dot.shrink(1.0), 3, color.unwrap_or(line));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_every_value_and_zero() {
        let (low, high) = range_of([&[0.2_f32, 0.3][..], &[-0.1, 0.05][..]].into_iter());
        assert!(low < -0.1 && high > 0.3);
        let (low, high) = range_of([&[0.2_f32, 0.3][..]].into_iter());
        assert!(low == 0.0 && high > 0.3);
    }

    #[test]
    fn lines_across_a_chart_are_few_and_round() {
        for (low, high, step) in [(-0.2, 0.44, 0.2), (0.0, 0.9, 0.2), (-0.013, 0.02, 0.01)] {
            assert!((value_step(low, high) - step).abs() < 1e-12, "{low} {high}");
            let marks = value_marks(low, high);
            assert!((2..=6).contains(&marks.len()), "{low} {high}: {marks:?}");
        }
        assert_eq!((decimals(0.2), decimals(0.01), decimals(5.0)), (1, 2, 0));
    }

    #[test]
    fn the_strongest_prompts_come_first() {
        assert_eq!(strongest(&[0.1, 0.9, -0.4, 0.5], 2), [2, 4]);
    }
}
