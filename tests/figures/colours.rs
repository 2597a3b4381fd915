//! Colours of values.

use puma::figures::{ColourMap, ColourScale};

/// Relative luminance as WCAG 2 defines it.
fn luminance(colour: [u8; 3]) -> f32 {
    let [red, green, blue] = colour.map(|part| {
        let part = f32::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// What a red-blind eye sees: it tells colours apart by blue against the rest and by lightness.
fn blue_against_the_rest([red, green, blue]: [u8; 3]) -> f32 {
    f32::from(blue) - (f32::from(red) + f32::from(green)) / 2.0
}

#[test]
fn sequential_colours_run_steadily_from_one_end_to_the_other() {
    for dark in [false, true] {
        let along = |step: u8| ColourMap::Sequential.colour(f32::from(step) / 50.0, dark);
        let lights: Vec<f32> = (0..=50).map(|step| luminance(along(step))).collect();
        let steady = lights
            .windows(2)
            .all(|pair| (pair[1] > pair[0]) == dark && pair[1] != pair[0]);
        assert!(steady, "dark {dark}: {lights:?}");
        assert!((lights[0] - lights[50]).abs() > 0.4, "{lights:?}");
    }
}

#[test]
fn diverging_colours_are_even_about_zero_and_told_apart_without_red_or_green() {
    for dark in [false, true] {
        let at = |place: f32| ColourMap::Diverging.colour(place, dark);
        for step in 1..=10u8 {
            let place = f32::from(step) / 10.0;
            let (below, above) = (luminance(at(-place)), luminance(at(place)));
            assert!((below - above).abs() < 0.12, "{place}: {below} {above}");
            assert!(blue_against_the_rest(at(-place)) > blue_against_the_rest(at(place)) + 8.0);
        }
        let [red, green, blue] = at(0.0);
        assert!(
            red.abs_diff(blue) < 4 && red.abs_diff(green) < 4,
            "zero has a colour"
        );
        assert!((luminance(at(0.0)) - luminance(at(1.0))).abs() > 0.25);
        // Out of range is as far as it goes, not another colour.
        assert_eq!(at(7.0), at(1.0));
    }
}

#[test]
fn scales_cover_their_values_and_have_round_marks() {
    let values = [-0.02f32, 0.005, f32::NAN];
    let diverging = ColourScale::over(ColourMap::Diverging, values.iter());
    assert_eq!((diverging.low, diverging.high), (-0.02, 0.02));
    let sequential = ColourScale::over(ColourMap::Sequential, values.iter());
    assert_eq!((sequential.low, sequential.high), (-0.02, 0.005));
    for scale in [diverging, sequential] {
        let marks = scale.marks(5);
        assert!((2..=6).contains(&marks.len()), "{marks:?}");
        assert!(
            marks
                .iter()
                .any(|(_, text)| text == "0.00" || text == "0.000"),
            "{marks:?}"
        );
        assert!(
            marks
                .iter()
                .all(|(mark, _)| (scale.low - 1e-6..=scale.high + 1e-6).contains(mark))
        );
    }
    let nothing = ColourScale::over(ColourMap::Sequential, [].iter());
    assert!(nothing.high > nothing.low);
    assert_ne!(
        diverging.colour(-0.02, false),
        diverging.colour(0.02, false)
    );
}
