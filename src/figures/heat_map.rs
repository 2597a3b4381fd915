use super::small_multiples::nothing;
use super::svg::{Anchor, Svg};
use super::{ColourScale, Figure};

const CELL: (f64, f64) = (26.0, 18.0);
const NAMES: f64 = 190.0;
const TOP: f64 = 58.0;
/// Steps of the colours in the key.
const KEY_STEPS: usize = 60;
const KEY: (f64, f64) = (300.0, 12.0);

/// Domains down and prompts across, the values as colours, with their scale below.
pub(super) fn heat_map(figure: &Figure) -> String {
    let Some((_, values)) = figure.values() else {
        return nothing();
    };
    let (rows, columns) = (values.len() as f64, figure.prompts.len() as f64);
    let width = (NAMES + columns * CELL.0 + 20.0).max(NAMES + KEY.0 + 60.0);
    let bottom = TOP + rows * CELL.1;
    let mut svg = Svg::new(
        width,
        bottom + 66.0,
        "Prompt similarities by domain, as colours",
    );
    let heading = format!("{} by prompt index", figure.view.title());
    svg.text((12.0, 20.0), 13.0, Anchor::Start, &heading);

    let scale = ColourScale::over(figure.view.colour_map(), values.iter().flatten());
    for (place, prompt) in figure.prompts.iter().enumerate() {
        let at = (NAMES + (place as f64 + 0.5) * CELL.0, TOP - 6.0);
        svg.text(at, 10.0, Anchor::Middle, &(prompt + 1).to_string());
    }
    for (row, (profile, values)) in figure.profiles.iter().zip(&values).enumerate() {
        let top = TOP + row as f64 * CELL.1;
        svg.text_before(
            (NAMES - 8.0, top + CELL.1 * 0.72),
            11.0,
            NAMES - 20.0,
            &profile.domain,
        );
        for (place, &value) in values.iter().enumerate() {
            if !value.is_finite() {
                continue;
            }
            let prompt = figure.prompts[place];
            let std = profile.std.get(prompt).copied().unwrap_or(f32::NAN);
            let hint = format!(
                "{}, prompt {}: {value:.4} (mean {:.4}, spread {std:.4}, {} photos)",
                profile.domain,
                prompt + 1,
                profile.mean[prompt],
                profile.count
            );
            let at = (NAMES + place as f64 * CELL.0, top);
            // A hair of ground between the cells keeps equal neighbours apart.
            let size = (CELL.0 - 1.0, CELL.1 - 1.0);
            svg.rect(at, size, &hex(scale.colour(value, false)), &hint);
        }
    }
    key(&mut svg, &scale, bottom + 22.0);
    svg.finish()
}

fn key(svg: &mut Svg, scale: &ColourScale, top: f64) {
    let span = f64::from(scale.high - scale.low);
    for step in 0..KEY_STEPS {
        let along = (step as f64 + 0.5) / KEY_STEPS as f64;
        let value = f64::from(scale.low) + span * along;
        let at = (NAMES + KEY.0 * step as f64 / KEY_STEPS as f64, top);
        let size = (KEY.0 / KEY_STEPS as f64 + 0.3, KEY.1);
        svg.rect(at, size, &hex(scale.colour(value as f32, false)), "");
    }
    for (mark, text) in scale.marks(5) {
        let along = f64::from(mark - scale.low) / span;
        let x = NAMES + KEY.0 * along;
        svg.line((x, top + KEY.1), (x, top + KEY.1 + 4.0), "#222222", 1.0);
        let at = (x, top + KEY.1 + 17.0);
        svg.text(at, 10.0, Anchor::Middle, &text);
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
