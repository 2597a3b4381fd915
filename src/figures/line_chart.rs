use super::Figure;
use super::axis::Axis;
use super::small_multiples::{COLOURS, nothing};
use super::svg::{Anchor, Svg};

const PLOT: (f64, f64) = (820.0, 380.0);
const ORIGIN: (f64, f64) = (62.0, 40.0);
const KEY_COLUMN: f64 = 220.0;
const KEY_LINE: f64 = 18.0;

/// All domains as lines over the prompts in one chart, with a key below.
pub(super) fn line_chart(figure: &Figure) -> String {
    let Some((_, values)) = figure.values() else {
        return nothing();
    };
    let width = ORIGIN.0 + PLOT.0 + 18.0;
    let columns = ((width - 24.0) / KEY_COLUMN).floor().max(1.0) as usize;
    let key_top = ORIGIN.1 + PLOT.1 + 52.0;
    let height = key_top + values.len().div_ceil(columns) as f64 * KEY_LINE + 10.0;
    let mut svg = Svg::new(width, height, "Prompt similarities by domain, overlaid");
    let heading = format!("{} by prompt index", figure.view.title());
    svg.text((12.0, 20.0), 13.0, Anchor::Start, &heading);

    let axis = Axis::over(values.iter().flatten().map(|&value| f64::from(value)), 8.0);
    let (left, right) = (ORIGIN.0, ORIGIN.0 + PLOT.0);
    let height_of = |value: f64| ORIGIN.1 + PLOT.1 * (1.0 - axis.place(value));
    for mark in axis.marks() {
        let y = height_of(mark);
        svg.line((left, y), (right, y), "#dddddd", 0.7);
        svg.text((left - 6.0, y + 3.5), 11.0, Anchor::End, &axis.label(mark));
    }
    let zero = height_of(0.0);
    svg.line((left, zero), (right, zero), "#222222", 1.0);
    let pitch = PLOT.0 / figure.prompts.len().max(1) as f64;
    let across = |place: usize| left + (place as f64 + 0.5) * pitch;
    let every = figure.prompts.len().div_ceil(40).max(1);
    for (place, prompt) in figure.prompts.iter().enumerate().step_by(every) {
        let at = (across(place), ORIGIN.1 + PLOT.1 + 16.0);
        svg.text(at, 11.0, Anchor::Middle, &(prompt + 1).to_string());
    }
    let below = (left + PLOT.0 / 2.0, ORIGIN.1 + PLOT.1 + 34.0);
    svg.text(below, 11.0, Anchor::Middle, "prompt");

    for (number, (profile, values)) in figure.profiles.iter().zip(&values).enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let points: Vec<(f64, f64)> = values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_finite())
            .map(|(place, &value)| (across(place), height_of(f64::from(value))))
            .collect();
        svg.polyline(&points, colour, 1.6, dash(number));
        for (place, &value) in values.iter().enumerate() {
            if value.is_finite() {
                let at = (across(place), height_of(f64::from(value)));
                let prompt = figure.prompts[place] + 1;
                let hint = format!("{}, prompt {prompt}: {value:.4}", profile.domain);
                svg.dot(at, 2.4, colour, &hint);
            }
        }
        let key = (
            14.0 + (number % columns) as f64 * KEY_COLUMN,
            key_top + (number / columns) as f64 * KEY_LINE,
        );
        let line = [(key.0, key.1 - 4.0), (key.0 + 22.0, key.1 - 4.0)];
        svg.polyline(&line, colour, 2.0, dash(number));
        let name = format!("{} ({} photos)", profile.domain, profile.count);
        svg.text_within((key.0 + 28.0, key.1), 11.0, KEY_COLUMN - 36.0, &name);
    }
    svg.finish()
}

/// Lines of the same colour differ in their dashes.
fn dash(number: usize) -> &'static str {
    ["", "7 3", "2 3", "9 3 2 3"][(number / COLOURS.len()) % 4]
}
