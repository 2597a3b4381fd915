//! Lines, heat maps and pictures of pixels.

use super::many;
use puma::figures::{Arrangement, Chart, Figure, Profile, Sort, View, csv, json};

const CHARTS: [Chart; 3] = [Chart::SmallMultiples, Chart::Lines, Chart::HeatMap];
const VIEWS: [View; 3] = [View::Mean, View::Centred, View::Standardised];

fn count(svg: &str, element: &str, needle: &str) -> usize {
    svg.lines()
        .filter(|line| line.starts_with(element) && line.contains(needle))
        .count()
}

#[test]
fn a_heat_map_has_a_cell_for_every_domain_and_prompt() {
    let profiles = many(9, 20);
    let svg = Figure::plain(&profiles, Chart::HeatMap, View::Centred).svg();
    assert_eq!(count(&svg, "<rect", ", prompt "), 9 * 20);
    for profile in &profiles {
        assert_eq!(count(&svg, "<text", &profile.domain), 1);
        assert_eq!(
            count(&svg, "<rect", &format!("{}, prompt", profile.domain)),
            20
        );
    }
    // The furthest values have the ends of the scale, equal values equal colours.
    let fill = |line: &str| line.split_once("fill=\"").unwrap().1[..7].to_owned();
    let colours: std::collections::BTreeMap<String, Vec<String>> = svg
        .lines()
        .filter(|line| line.contains(", prompt "))
        .map(|line| {
            let value = line.split_once(": ").unwrap().1.split(' ').next().unwrap();
            (value.to_owned(), fill(line))
        })
        .fold(Default::default(), |mut all, (value, colour)| {
            all.entry(value).or_default().push(colour);
            all
        });
    assert!(colours.len() > 5);
    for (value, colours) in colours {
        assert!(
            colours.iter().all(|colour| *colour == colours[0]),
            "{value}: {colours:?}"
        );
    }
}

#[test]
fn lines_go_through_their_values_and_are_named() {
    let profiles = many(5, 8);
    let svg = Figure::plain(&profiles, Chart::Lines, View::Mean).svg();
    assert_eq!(count(&svg, "<circle", ", prompt "), 5 * 8);
    // A line and its mark in the key for each.
    assert_eq!(count(&svg, "<polyline", ""), 2 * 5);
    for profile in &profiles {
        assert_eq!(count(&svg, "<text", &format!("{} (", profile.domain)), 1);
    }
}

#[test]
fn the_arrangement_decides_the_order_of_rows_and_columns() {
    let profiles = many(12, 10);
    let arrangement = Arrangement {
        domains: (0..12).rev().collect(),
        prompts: vec![3, 1, 2, 0, 4, 5, 6, 7, 8, 9],
    };
    for chart in CHARTS {
        let svg = Figure::new(&profiles, chart, View::Mean, &arrangement).svg();
        let place = |needle: &str| svg.find(needle).unwrap_or_else(|| panic!("{needle}"));
        assert!(
            place("folder 011, prompt 1:") < place("folder 000, prompt 1:"),
            "{chart:?}"
        );
        assert!(
            place("folder 004, prompt 4:") < place("folder 004, prompt 1:"),
            "{chart:?}"
        );
    }
}

/// Share of the pixels of a rectangle (in the SVG's units) that are dark.
fn ink(image: &image::RgbaImage, svg: &str, area: [f64; 4]) -> f64 {
    let width = svg
        .split_once("width=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap();
    let scale = f64::from(image.width()) / width.parse::<f64>().unwrap();
    let [left, top, right, bottom] = area.map(|side| (side * scale) as u32);
    let (mut dark, mut all) = (0usize, 0usize);
    for (x, y) in (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
        all += 1;
        let [red, green, blue, _] = image.get_pixel(x, y).0;
        dark += usize::from(u16::from(red) + u16::from(green) + u16::from(blue) < 380);
    }
    dark as f64 / all as f64
}

#[test]
fn pictures_show_their_letters() {
    let profiles = many(6, 20);
    for chart in CHARTS {
        let figure = Figure::plain(&profiles, chart, View::Centred);
        let svg = figure.svg();
        let bytes = figure.png().unwrap();
        let image = image::load_from_memory(&bytes).unwrap().into_rgba8();
        assert!(image.width() > 800, "{chart:?}: {:?}", image.dimensions());
        // The heading, from its first letters.
        let heading = ink(&image, &svg, [12.0, 8.0, 250.0, 24.0]);
        assert!((0.03..0.5).contains(&heading), "{chart:?}: {heading}");
        // And nothing where nothing stands.
        assert_eq!(ink(&image, &svg, [0.0, 0.0, 250.0, 6.0]), 0.0, "{chart:?}");
    }
}

#[test]
fn eight_domains_and_three_hundred_are_drawn_in_bounds() {
    for domains in [1, 8, 300] {
        let profiles = many(domains, 20);
        let arrangement = Arrangement::new(&profiles, View::Centred, Sort::Likeness, true);
        for chart in CHARTS {
            let figure = Figure::new(&profiles, chart, View::Centred, &arrangement);
            let svg = figure.svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"));
            let tree = resvg::usvg::Tree::from_str(&svg, &Default::default()).unwrap();
            let size = tree.size();
            assert!(
                size.width() < 12_000.0 && size.height() < 12_000.0,
                "{chart:?} {size:?}"
            );
        }
    }
}

#[test]
fn numbers_read_back_as_they_were() {
    let profiles = many(4, 20);
    let text = csv(&profiles);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let json = json(&profiles);
    let parsed: serde_json::Value = serde_json::from_str(&json.to_string()).unwrap();
    for (row, index) in reader.records().map(|row| row.unwrap()).zip(0..) {
        let (profile, prompt) = (&profiles[index / 20], index % 20);
        assert_eq!(&row[0], profile.domain);
        assert_eq!(row[3].parse::<f32>().unwrap(), profile.mean[prompt]);
        assert_eq!(row[4].parse::<f32>().unwrap(), profile.std[prompt]);
        let domain = &parsed["domains"][index / 20];
        assert_eq!(
            domain["mean"][prompt].as_f64().unwrap() as f32,
            profile.mean[prompt]
        );
        let centred = domain["centred"][prompt].as_f64().unwrap() as f32;
        assert_eq!(row[5].parse::<f32>().unwrap(), centred);
    }
}

#[test]
fn a_set_without_spread_is_drawn_and_written() {
    let mut profiles: Vec<Profile> = many(3, 5);
    for profile in &mut profiles {
        profile.std = vec![f32::NAN; 5];
    }
    for view in VIEWS {
        for chart in CHARTS {
            let svg = Figure::plain(&profiles, chart, view).svg();
            assert!(svg.ends_with("</svg>\n"));
            assert!(!svg.contains("=\"NaN") && !svg.contains("inf"), "{chart:?}");
        }
    }
    let text = csv(&profiles);
    let line = text.lines().nth(1).unwrap();
    assert!(line.ends_with(','), "{line}");
    assert!(json(&profiles)["domains"][0]["std"][0].is_null());
}
