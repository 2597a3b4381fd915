use super::axis::Axis;
use super::svg::{Anchor, Svg};
use super::{Figure, Profile, View};

const FEWEST_COLUMNS: usize = 2;
const PANEL: (f64, f64) = (430.0, 170.0);
const MARGIN: (f64, f64) = (58.0, 62.0);
const PLOT: (f64, f64) = (360.0, 108.0);
/// What the last line of panels needs less, below its plots, than a line of panels with its title.
const FOOT: f64 = 26.0;
/// Okabe and Ito's colours, told apart with colour-blind eyes too.
pub(super) const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
];

/// A small panel for each domain, all on one scale, with the prompt index (from 1) along x and the values along y.
///
/// In [`View::Mean`] a grey mark across each bar shows the mean over all photos.
pub(super) fn small_multiples(figure: &Figure) -> String {
    let Some((all, values)) = figure.values() else {
        return nothing();
    };
    let marks = match figure.view {
        View::Mean => figure.arranged(&all.mean),
        View::Centred | View::Standardised => Vec::new(),
    };
    let every = values.iter().flatten().chain(&marks);
    let axis = Axis::over(every.map(|&value| f64::from(value)), 4.0);

    let columns = columns(values.len());
    let lines = values.len().div_ceil(columns);
    let mut svg = Svg::new(
        columns as f64 * PANEL.0,
        lines as f64 * PANEL.1 + FOOT,
        "Prompt similarities by domain",
    );
    let mut heading = format!("{} by prompt index", figure.view.title());
    if !marks.is_empty() {
        heading.push_str(" (grey: mean over all photos)");
    }
    svg.text((12.0, 20.0), 13.0, Anchor::Start, &heading);
    for (number, (profile, values)) in figure.profiles.iter().zip(&values).enumerate() {
        let panel = Panel {
            origin: (
                (number % columns) as f64 * PANEL.0 + MARGIN.0,
                (number / columns) as f64 * PANEL.1 + MARGIN.1,
            ),
            axis: &axis,
            prompts: &figure.prompts,
            marks: &marks,
            colour: COLOURS[number % COLOURS.len()],
        };
        panel.draw(&mut svg, profile, values);
    }
    svg.finish()
}

/// The figure of no domain.
pub(super) fn nothing() -> String {
    let mut svg = Svg::new(PANEL.0, PANEL.1, "Prompt similarities");
    let at = (PANEL.0 / 2.0, PANEL.1 / 2.0);
    svg.text(at, 13.0, Anchor::Middle, "no prompt similarities");
    svg.finish()
}

/// Two panels side by side for few domains, more for many, so that the picture stays about as wide as high.
fn columns(panels: usize) -> usize {
    let square = (panels as f64 * PANEL.1 / PANEL.0 * 1.4).sqrt().round() as usize;
    square.max(FEWEST_COLUMNS).min(panels.max(1))
}

struct Panel<'a> {
    /// The upper left corner of its plot.
    origin: (f64, f64),
    axis: &'a Axis,
    prompts: &'a [usize],
    marks: &'a [f32],
    colour: &'a str,
}

impl Panel<'_> {
    fn draw(&self, svg: &mut Svg, profile: &Profile, values: &[f32]) {
        let (left, top) = self.origin;
        let right = left + PLOT.0;
        let height_of = |value: f64| top + PLOT.1 * (1.0 - self.axis.place(value));
        let title = format!("{} ({} photos)", profile.domain, profile.count);
        svg.text_within((left, top - 8.0), 13.0, PLOT.0, &title);
        for mark in self.axis.marks() {
            let y = height_of(mark);
            svg.line((left, y), (right, y), "#dddddd", 0.7);
            let label = self.axis.label(mark);
            svg.text((left - 6.0, y + 3.5), 10.0, Anchor::End, &label);
        }

        let pitch = PLOT.0 / values.len().max(1) as f64;
        let every = values.len().div_ceil(20).max(1);
        let zero = height_of(0.0);
        for (place, &value) in values.iter().enumerate() {
            let x = left + place as f64 * pitch;
            let number = self.prompts[place] + 1;
            if value.is_finite() {
                let y = height_of(f64::from(value));
                let at = (x + pitch * 0.15, y.min(zero));
                let size = (pitch * 0.7, (y - zero).abs());
                let hint = format!("{}, prompt {number}: {value:.4}", profile.domain);
                svg.rect(at, size, self.colour, &hint);
            }
            if let Some(&mark) = self.marks.get(place) {
                let y = height_of(f64::from(mark));
                svg.line((x, y), (x + pitch, y), "#888888", 1.5);
            }
            if place % every == 0 {
                let at = (x + pitch / 2.0, top + PLOT.1 + 13.0);
                svg.text(at, 9.0, Anchor::Middle, &number.to_string());
            }
        }
        svg.line((left, zero), (right, zero), "#222222", 1.0);
    }
}
