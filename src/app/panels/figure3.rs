use super::Look;
use super::bars::{Series, bar_chart, line_chart, query_color, range_of};
use crate::app::theme;
use crate::app::wording::{counted, shortened};
use egui::{ScrollArea, Ui};

/// Height of one small chart, its title not counted.
const CHART_PX: f32 = 150.0;
/// Room for the names beside the lines.
const NAMES_PX: f32 = 210.0;
/// A small chart is at least this wide.
const NARROWEST_PX: f32 = 300.0;

/// One small chart for each domain, all with the same scale; only rows in sight are drawn.
pub fn small_multiples(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let values: Vec<Vec<f32>> = state
        .profiles
        .iter()
        .map(|profile| state.scaled(&profile.mean))
        .collect();
    let query = state
        .answer
        .as_ref()
        .filter(|answer| !answer.similarity.is_empty())
        .map(|answer| state.scaled(&answer.similarity));
    if query.is_some() {
        ui.weak("The line is the picture you asked with.");
    }
    let range = range_of(values.iter().chain(&query).map(Vec::as_slice));
    let title_px = ui.text_style_height(&egui::TextStyle::Body);
    let gap = ui.spacing().item_spacing;
    let row_px = title_px + gap.y + CHART_PX + 10.0;
    let width = ui.available_width() - ui.spacing().scroll.allocated_width();
    let columns = ((width + gap.x) / (NARROWEST_PX + gap.x)).floor().max(1.0);
    let chart_width = (width + gap.x) / columns - gap.x;
    let columns = columns as usize;
    let rows = values.len().div_ceil(columns);
    ScrollArea::vertical()
        .id_salt("small multiples")
        .auto_shrink(false)
        .show_rows(ui, row_px, rows, |ui, rows| {
            for row in rows {
                ui.horizontal_top(|ui| {
                    let first = row * columns;
                    let shown = values.iter().enumerate().skip(first).take(columns);
                    for (index, values) in shown {
                        let size = egui::vec2(chart_width, row_px);
                        ui.allocate_ui(size, |ui| {
                            ui.vertical(|ui| {
                                ui.set_width(chart_width);
                                one(ui, look, index, values, query.as_deref(), range);
                            });
                        });
                    }
                });
            }
        });
}

fn one(
    ui: &mut Ui,
    look: Look<'_>,
    index: usize,
    values: &[f32],
    query: Option<&[f32]>,
    range: (f64, f64),
) {
    let profile = &look.state.profiles[index];
    let color = theme::domain_color(ui.visuals(), index);
    let name = format!("{}, {}", profile.domain, counted(profile.count, "photo"));
    ui.add(egui::Label::new(shortened(&name, 60)).truncate());
    let bars = [Series {
        name: &profile.domain,
        color,
        values,
    }];
    let line = query.map(|values| Series {
        name: "the query",
        color: query_color(ui),
        values,
    });
    let response = bar_chart(
        ui,
        ("profile", index),
        CHART_PX,
        range,
        &bars,
        line.as_ref(),
    );
    response.accessible_name(format!("Prompt profile of {}", profile.domain));
}

/// All domains as lines in one chart.
pub fn overlaid(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let values: Vec<Vec<f32>> = state
        .profiles
        .iter()
        .map(|profile| state.scaled(&profile.mean))
        .collect();
    let series: Vec<Series<'_>> = state
        .profiles
        .iter()
        .zip(&values)
        .enumerate()
        .map(|(index, (profile, values))| Series {
            name: &profile.domain,
            color: theme::domain_color(ui.visuals(), index),
            values,
        })
        .collect();
    let range = range_of(values.iter().map(Vec::as_slice));
    let height = (ui.available_height() - 8.0).max(200.0);
    let memory = ui.scope_id().with("brought out");
    let brought_out = ui
        .data(|data| data.get_temp::<Option<usize>>(memory))
        .flatten();
    ui.horizontal_top(|ui| {
        let width = (ui.available_width() - NAMES_PX - 8.0).max(200.0);
        ui.allocate_ui(egui::vec2(width, height), |ui| {
            let response = line_chart(ui, "overlaid", height, range, &series, brought_out);
            response.accessible_name("Prompt profiles of all domains");
        });
        let pointed = names(ui, &series, height);
        if pointed != brought_out {
            ui.data_mut(|data| data.insert_temp(memory, pointed));
            ui.ctx().request_repaint();
        }
    });
}

/// The names of the lines; gives the one under the pointer, which is to be brought out.
fn names(ui: &mut Ui, series: &[Series<'_>], height: f32) -> Option<usize> {
    let mut pointed = None;
    let line_px = ui.text_style_height(&egui::TextStyle::Body);
    ScrollArea::vertical()
        .id_salt("names")
        .max_height(height)
        .auto_shrink(false)
        .show_rows(ui, line_px, series.len(), |ui, rows| {
            for index in rows {
                let one = &series[index];
                let row = ui.horizontal(|ui| {
                    let size = egui::vec2(12.0, 12.0);
                    let (dot, _) = ui.allocate_exact_size(size, egui::Sense::hover());
                    ui.painter().circle_filled(dot.center(), 5.0, one.color);
                    ui.add(egui::Label::new(one.name).truncate());
                });
                let row = row.response.interact(egui::Sense::hover());
                if row.hovered() {
                    pointed = Some(index);
                }
            }
        });
    pointed
}
