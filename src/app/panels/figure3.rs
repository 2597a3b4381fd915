use super::Look;
use super::bars::{BarChart, Series, query_color};
use super::chart::{Chart, range_of};
use super::prompts::{press, show_strongest, value_words};
use crate::app::pool::Shown;
use crate::app::theme;
use crate::app::wording::{counted, shortened};
use crate::figures::View;
use egui::{ScrollArea, Ui};

/// Height of one small chart, its title not counted.
const CHART_PX: f32 = 150.0;
/// A small chart is at least this wide.
const NARROWEST_PX: f32 = 300.0;

/// One small chart for each domain, all with the same scale; only rows in sight are drawn.
pub fn small_multiples(ui: &mut Ui, look: Look<'_>) {
    let state = look.state;
    let shown = state.shown_profiles();
    let view = state.preferences.scale.view();
    let order = &state.pool.arrangement;
    let values = arranged_values(look, shown, view);
    let query = state
        .answer
        .as_ref()
        .filter(|answer| shown.library && !answer.similarity.is_empty())
        .map(|answer| arranged(&order.prompts, &state.scaled(&answer.similarity)));
    let mut hint = match view {
        View::Mean => "The dark mark is the mean over all photos.".to_owned(),
        _ if shown.profiles.len() == 1 => {
            "Zero is the mean over all photos: a single domain cannot differ from it.".to_owned()
        }
        View::Centred | View::Standardised => "Zero is the mean over all photos.".to_owned(),
    };
    if query.is_some() {
        hint += " The line is the picture you asked with.";
    }
    ui.weak(hint);
    let mean = shown
        .overall
        .filter(|_| view == View::Mean)
        .map(|all| arranged(&order.prompts, &all.mean));
    let range = range_of(values.iter().chain(&query).chain(&mean).map(Vec::as_slice));
    let title_px = ui.text_style_height(&egui::TextStyle::Body);
    let gap = ui.spacing().item_spacing;
    let row_px = title_px + gap.y + CHART_PX + 10.0;
    let width = ui.available_width() - ui.spacing().scroll.allocated_width();
    let columns = ((width + gap.x) / (NARROWEST_PX + gap.x)).floor().max(1.0);
    let chart_width = (width + gap.x) / columns - gap.x;
    let columns = columns as usize;
    let rows = values.len().div_ceil(columns);
    let common = Common {
        shown,
        view,
        query: query.as_deref(),
        mean: mean.as_deref(),
        range,
    };
    ScrollArea::vertical()
        .id_salt("small multiples")
        .auto_shrink(false)
        .show_rows(ui, row_px, rows, |ui, rows| {
            for row in rows {
                ui.horizontal_top(|ui| {
                    let first = row * columns;
                    let places = order.domains.iter().zip(&values);
                    for (&index, values) in places.skip(first).take(columns) {
                        let size = egui::vec2(chart_width, row_px);
                        ui.allocate_ui(size, |ui| {
                            ui.vertical(|ui| {
                                ui.set_width(chart_width);
                                ui.push_id(index, |ui| one(ui, look, index, values, &common));
                            });
                        });
                    }
                });
            }
        });
}

/// What all small charts share.
struct Common<'a> {
    shown: Shown<'a>,
    view: View,
    query: Option<&'a [f32]>,
    mean: Option<&'a [f32]>,
    range: (f64, f64),
}

fn one(ui: &mut Ui, look: Look<'_>, index: usize, values: &[f32], common: &Common<'_>) {
    let profile = &common.shown.profiles[index];
    let prompts = &look.state.pool.arrangement.prompts;
    let color = theme::domain_color(ui.visuals(), index);
    let title = format!("{}, {}", profile.domain, counted(profile.count, "photo"));
    ui.add(egui::Label::new(shortened(&title, 60)).truncate());
    let bars = [Series {
        name: &profile.domain,
        color,
        values,
    }];
    let line = common.query.map(|values| Series {
        name: "the query",
        color: query_color(ui),
        values,
    });
    let nothing = vec![f32::NAN; values.len()];
    let name = format!("Prompt profile of {}", profile.domain);
    let words = |place: usize| value_words(profile, prompts[place], values[place], common.view);
    let chart = BarChart {
        chart: Chart {
            name: &name,
            height_px: CHART_PX,
            range: common.range,
            prompts,
            press: press(common.shown),
        },
        series: &bars,
        band: common.mean.map(|mean| super::bars::Band {
            mean,
            spread: &nothing,
        }),
        line: line.as_ref(),
    };
    let drawn = chart.show(ui, words);
    if let Some(place) = drawn.pressed {
        show_strongest(look, common.shown, index, prompts[place]);
    }
    if let Some(place) = drawn.place {
        tip(&drawn.response, |ui| {
            ui.strong(format!("Prompt {}", prompts[place] + 1));
            ui.label(words(place));
            if let Some(query) = common.query {
                ui.label(format!("The query: {:+.4}", query[place]));
            }
            if !press(common.shown).is_empty() {
                ui.weak(press(common.shown));
            }
        });
    }
}

/// Shows values beside the pointer, or beside the widget where keys reached them.
pub fn tip(response: &egui::Response, contents: impl FnOnce(&mut Ui)) {
    if response.hovered() {
        egui::Tooltip::for_widget(response)
            .at_pointer()
            .show(contents);
    } else if response.has_focus() {
        egui::Tooltip::for_widget(response).show(contents);
    }
}

/// Values by prompt in the order of `prompts`.
pub fn arranged(prompts: &[usize], values: &[f32]) -> Vec<f32> {
    let value = |&prompt: &usize| values.get(prompt).copied().unwrap_or(f32::NAN);
    prompts.iter().map(value).collect()
}

/// The values of all domains, both in the order shown.
pub fn arranged_values(look: Look<'_>, shown: Shown<'_>, view: View) -> Vec<Vec<f32>> {
    let order = &look.state.pool.arrangement;
    order
        .domains
        .iter()
        .filter_map(|&index| shown.profiles.get(index))
        .map(|profile| arranged(&order.prompts, &shown.values(profile, view)))
        .collect()
}
