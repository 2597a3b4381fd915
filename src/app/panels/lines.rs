use super::Look;
use super::bars::Series;
use super::chart::{Area, Chart, dot, drawable, range_of};
use super::figure3::{arranged_values, tip};
use super::prompts::{press, show_strongest, value_words};
use crate::app::theme;
use egui::{Key, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Room for the names beside the lines.
const NAMES_PX: f32 = 210.0;
/// A line nearer to the pointer than this is brought out.
const NEAR_PX: f32 = 14.0;

/// All domains as lines in one chart, with their names beside it.
pub fn overlaid(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let shown = state.shown_profiles();
    let view = state.preferences.scale.view();
    let order = &state.pool.arrangement;
    let values = arranged_values(look, shown, view);
    let series: Vec<Series<'_>> = order
        .domains
        .iter()
        .zip(&values)
        .map(|(&index, values)| Series {
            name: &shown.profiles[index].domain,
            color: theme::domain_color(ui.visuals(), index),
            values,
        })
        .collect();
    let height = (ui.available_height() - 8.0).max(200.0);
    let memory = ui.scope_id().with("brought out");
    let before = ui
        .data(|data| data.get_temp::<Option<usize>>(memory))
        .flatten();
    let mut brought_out = None;
    ui.horizontal_top(|ui| {
        let width = (ui.available_width() - NAMES_PX - 8.0).max(200.0);
        ui.allocate_ui(vec2(width, height), |ui| {
            ui.set_width(width);
            let chart = Chart {
                name: "Prompt profiles of all domains",
                height_px: height,
                range: drawable(range_of(values.iter().map(Vec::as_slice))),
                prompts: &order.prompts,
                press: press(shown),
            };
            let words = |place: usize| {
                let prompt = order.prompts[place];
                let at = before.filter(|at| *at < series.len());
                match at.map(|at| (order.domains[at], values[at][place])) {
                    Some((index, value)) => {
                        value_words(&shown.profiles[index], prompt, value, view)
                    }
                    None => format!("prompt {}", prompt + 1),
                }
            };
            let drawn = chart.show(ui, words, |painter, area| {
                paint(painter, area, &series, before);
            });
            let pointer = drawn.response.hover_pos();
            if let (Some(place), Some(pointer)) = (drawn.place, pointer) {
                brought_out = nearest(&drawn.area, &series, place, pointer.y);
            } else if drawn.response.has_focus() {
                brought_out = step(ui, before, series.len());
            }
            let chosen = brought_out.or(before).filter(|at| *at < series.len());
            if let (Some(place), Some(at)) = (drawn.pressed, chosen) {
                show_strongest(look, shown, order.domains[at], order.prompts[place]);
            }
            if let (Some(place), Some(at)) = (drawn.place, chosen) {
                let profile = &shown.profiles[order.domains[at]];
                tip(&drawn.response, |ui| {
                    ui.horizontal(|ui| {
                        dot(ui, series[at].color);
                        ui.strong(&profile.domain);
                    });
                    let prompt = order.prompts[place];
                    ui.label(value_words(profile, prompt, values[at][place], view));
                    if !press(shown).is_empty() {
                        ui.weak(press(shown));
                    }
                });
            }
        });
        // One below the other: rows would follow the layout of the chart beside them.
        let named = ui.vertical(|ui| names(ui, &series, height, before)).inner;
        brought_out = named.or(brought_out);
    });
    if brought_out != before {
        ui.data_mut(|data| data.insert_temp(memory, brought_out));
        ui.ctx().request_repaint();
    }
}

fn paint(painter: &egui::Painter, area: &Area, series: &[Series<'_>], brought_out: Option<usize>) {
    let brought_out = brought_out.filter(|at| *at < series.len());
    let others = (0..series.len()).filter(|index| Some(*index) != brought_out);
    for index in others.chain(brought_out) {
        let one = &series[index];
        let (color, width) = match brought_out {
            Some(chosen) if chosen == index => (one.color, 3.5),
            Some(_) => (one.color.gamma_multiply(0.25), 1.5),
            None => (one.color, 2.0),
        };
        let points: Vec<_> = one
            .values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_finite())
            .map(|(place, &value)| pos2(area.x(place), area.y(f64::from(value))))
            .collect();
        painter.line(points, Stroke::new(width, color));
    }
}

/// The line that is nearest to the pointer above its place, if it is near at all.
fn nearest(area: &Area, series: &[Series<'_>], place: usize, y: f32) -> Option<usize> {
    let gap = |one: &Series<'_>| (area.y(f64::from(one.values[place])) - y).abs();
    let (index, one) = series
        .iter()
        .enumerate()
        .min_by(|a, b| gap(a.1).total_cmp(&gap(b.1)))?;
    (gap(one) < NEAR_PX).then_some(index)
}

/// The line before or after, by the arrow keys up and down.
fn step(ui: &Ui, before: Option<usize>, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    ui.input(|input| {
        if input.key_pressed(Key::ArrowDown) {
            Some(before.map_or(0, |at| (at + 1).min(last)))
        } else if input.key_pressed(Key::ArrowUp) {
            Some(before.map_or(0, |at| at.saturating_sub(1)))
        } else {
            Some(before.unwrap_or(0))
        }
    })
}

/// The names of the lines; gives the one under the pointer or with the focus, which is to be brought out.
fn names(
    ui: &mut Ui,
    series: &[Series<'_>],
    height: f32,
    brought_out: Option<usize>,
) -> Option<usize> {
    let mut pointed = None;
    let line_px = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    ScrollArea::vertical()
        .id_salt("names")
        .max_height(height)
        .auto_shrink(false)
        .show_rows(ui, line_px, series.len(), |ui, rows| {
            for index in rows {
                let one = &series[index];
                let size = vec2(ui.available_width(), line_px);
                let (rect, response) =
                    ui.allocate_exact_size(size, Sense::focusable_noninteractive());
                response.widget_info(|| {
                    WidgetInfo::labeled(egui::Role::Label, true, format!("Line of {}", one.name))
                });
                if brought_out == Some(index) {
                    ui.painter()
                        .rect_filled(rect, 4, ui.visuals().faint_bg_color);
                }
                let middle = pos2(rect.left() + 9.0, rect.center().y);
                ui.painter().circle_filled(middle, 5.0, one.color);
                let room = rect.with_min_x(rect.left() + 22.0);
                let mut inside = ui.new_child(
                    egui::UiBuilder::new()
                        .max_rect(room)
                        .layout(egui::Layout::left_to_right(egui::Align::Center)),
                );
                inside.add(egui::Label::new(one.name).truncate());
                if response.contains_pointer() || response.has_focus() {
                    pointed = Some(index);
                }
            }
        });
    pointed
}
