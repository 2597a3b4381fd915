use super::axis::Axis;
use super::svg::{Anchor, Svg};
use super::{Profile, View, overall};

const COLUMNS: usize = 2;
const PANEL: (f64, f64) = (430.0, 170.0);
const MARGIN: (f64, f64) = (58.0, 62.0);
const PLOT: (f64, f64) = (360.0, 108.0);
/// What the last line of panels needs less, below its plots, than a line of panels with its title.
const FOOT: f64 = 26.0;
/// Okabe and Ito's colours, told apart with colour-blind eyes too.
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
];

/// The paper's Figure 3 as SVG text: a small panel for each domain, all on one scale, with the prompt index (from 1)
/// along x and the chosen view of the similarities along y.
///
/// In [`View::Mean`] a grey mark across each bar shows the mean over all photos.
pub fn prompt_chart(profiles: &[Profile], view: View) -> String {
    let Some(all) = overall(profiles) else {
        let mut svg = Svg::new(PANEL.0, PANEL.1, "Prompt similarities");
        let at = (PANEL.0 / 2.0, PANEL.1 / 2.0);
        svg.text(at, 13.0, Anchor::Middle, "no prompt similarities");
        return svg.finish();
    };
    let panels = profiles
        .iter()
        .map(|profile| (profile, profile.view(view, &all)))
        .collect::<Vec<_>>();
    let marks = match view {
        View::Mean => all.mean.clone(),
        View::Centred | View::Standardised => Vec::new(),
    };
    let values = panels.iter().flat_map(|(_, values)| values).chain(&marks);
    let axis = Axis::over(values.map(|&value| f64::from(value)), 4.0);

    let lines = panels.len().div_ceil(COLUMNS);
    let columns = panels.len().min(COLUMNS);
    let mut svg = Svg::new(
        columns as f64 * PANEL.0,
        lines as f64 * PANEL.1 + FOOT,
        "Prompt similarities by domain",
    );
    let mut heading = format!("{} by prompt index", view.title());
    if !marks.is_empty() {
        heading.push_str(" (grey: mean over all photos)");
    }
    svg.text((12.0, 20.0), 13.0, Anchor::Start, &heading);
    for (number, (profile, values)) in panels.iter().enumerate() {
        let origin = (
            (number % COLUMNS) as f64 * PANEL.0 + MARGIN.0,
            (number / COLUMNS) as f64 * PANEL.1 + MARGIN.1,
        );
        let colour = COLOURS[number % COLOURS.len()];
        panel(&mut svg, origin, &axis, profile, values, &marks, colour);
    }
    svg.finish()
}

fn panel(
    svg: &mut Svg,
    (left, top): (f64, f64),
    axis: &Axis,
    profile: &Profile,
    values: &[f32],
    marks: &[f32],
    colour: &str,
) {
    let right = left + PLOT.0;
    let height_of = |value: f64| top + PLOT.1 * (1.0 - axis.place(value));
    let title = format!("{} ({} photos)", profile.domain, profile.count);
    svg.text((left, top - 8.0), 13.0, Anchor::Start, &title);
    for mark in axis.marks() {
        let y = height_of(mark);
        svg.line((left, y), (right, y), "#dddddd", 0.7);
        svg.text((left - 6.0, y + 3.5), 10.0, Anchor::End, &axis.label(mark));
    }

    let pitch = PLOT.0 / values.len().max(1) as f64;
    let every = values.len().div_ceil(20).max(1);
    let zero = height_of(0.0);
    for (prompt, &value) in values.iter().enumerate() {
        let x = left + prompt as f64 * pitch;
        let number = prompt + 1;
        if value.is_finite() {
            let y = height_of(f64::from(value));
            let at = (x + pitch * 0.15, y.min(zero));
            let size = (pitch * 0.7, (y - zero).abs());
            let hint = format!("{}, prompt {number}: {value:.4}", profile.domain);
            svg.rect(at, size, colour, &hint);
        }
        if let Some(&mark) = marks.get(prompt) {
            let y = height_of(f64::from(mark));
            svg.line((x, y), (x + pitch, y), "#888888", 1.5);
        }
        if prompt % every == 0 {
            let at = (x + pitch / 2.0, top + PLOT.1 + 13.0);
            svg.text(at, 9.0, Anchor::Middle, &number.to_string());
        }
    }
    svg.line((left, zero), (right, zero), "#222222", 1.0);
}
