//! Figure 3 as SVG, CSV and JSON.

use puma::figures::{Chart, Figure, FigureError, Profile, View, csv, json};

fn two() -> Vec<Profile> {
    let profile = |domain: &str, mean: [f32; 3]| Profile {
        domain: domain.into(),
        count: 10,
        mean: mean.to_vec(),
        std: vec![0.1; 3],
    };
    vec![
        profile("a <&> \"b\", c", [0.2, -0.1, 0.0]),
        profile("sea", [0.4, 0.3, 0.0]),
    ]
}

fn prompt_chart(profiles: &[Profile], view: View) -> String {
    Figure::plain(profiles, Chart::SmallMultiples, view).svg()
}

/// The attribute's value in each line of the SVG that holds `element` and `needle`.
fn attribute(svg: &str, element: &str, needle: &str, name: &str) -> Vec<f64> {
    let lines = svg
        .lines()
        .filter(|l| l.starts_with(element) && l.contains(needle));
    let value = |line: &str| {
        let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    lines.map(value).collect()
}

#[test]
fn bars_stand_in_proportion_on_the_zero_line() {
    let svg = prompt_chart(&two(), View::Mean);
    let height = attribute(&svg, "<rect", "sea, prompt", "height");
    let top = attribute(&svg, "<rect", "sea, prompt", "y");
    assert_eq!(height.len(), 3);
    assert!(
        (height[0] / height[1] - 4.0 / 3.0).abs() < 0.01,
        "{height:?}"
    );
    assert_eq!(height[2], 0.0);
    // Both end on the zero line, where the third, of height 0, lies.
    assert!(
        (top[0] + height[0] - top[2]).abs() < 0.02 && top[0] < top[1],
        "{top:?}"
    );

    // One scale for both panels: 0.4 in one is twice 0.2 in the other, and -0.1 hangs below the line.
    let other = attribute(&svg, "<rect", "c, prompt", "height");
    let other_top = attribute(&svg, "<rect", "c, prompt", "y");
    assert!(
        (height[0] / other[0] - 2.0).abs() < 0.01,
        "{height:?} {other:?}"
    );
    assert!((other_top[1] - other_top[2]).abs() < 0.02);

    let across = attribute(&svg, "<rect", "sea, prompt", "x");
    assert!(
        (across[1] - across[0] - (across[2] - across[1])).abs() < 0.02 && across[1] > across[0]
    );
}

#[test]
fn names_cannot_break_the_svg() {
    let svg = prompt_chart(&two(), View::Mean);
    assert!(svg.contains("a &lt;&amp;&gt; &quot;b&quot;, c (10 photos)"));
    assert!(!svg.contains("<&>"));
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn views_differ_and_odd_input_is_drawn() {
    let centred = prompt_chart(&two(), View::Centred);
    assert_ne!(centred, prompt_chart(&two(), View::Mean));
    // Two domains of equal weight lie equally far above and below their mean.
    let one = attribute(&centred, "<rect", "sea, prompt", "height");
    let other = attribute(&centred, "<rect", "c, prompt", "height");
    assert_eq!(one, other);

    assert!(prompt_chart(&[], View::Mean).contains("no prompt similarities"));
    let mut odd = two();
    odd[0].mean = vec![0.0; 3];
    odd[1].mean = vec![f32::NAN, 0.0, 0.0];
    for view in [View::Mean, View::Centred, View::Standardised] {
        let svg = prompt_chart(&odd, view);
        assert!(svg.ends_with("</svg>\n") && !svg.contains("inf"));
        assert!(!svg.contains("y=\"NaN"), "{svg}");
    }
}

#[test]
fn csv_reads_back() {
    let text = csv(&two());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap()).collect::<Vec<_>>();
    assert_eq!(rows.len(), 6);
    assert_eq!(&rows[0][0], "a <&> \"b\", c");
    assert_eq!((&rows[4][2], &rows[4][3]), ("2", "0.3"));
    let centred: f32 = rows[3][5].parse().unwrap();
    assert!((centred - 0.1).abs() < 1e-6, "{centred}");
}

#[test]
fn json_holds_profiles_and_views() {
    let json = json(&two());
    assert_eq!(json["overall"]["count"], 20);
    assert_eq!(json["domains"][1]["domain"], "sea");
    assert_eq!(json["domains"][1]["mean"][0], 0.4f32);
    assert_eq!(json["domains"][1]["centred"].as_array().unwrap().len(), 3);
}

#[test]
fn the_ending_decides_and_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let figure = Figure::plain(&two(), Chart::SmallMultiples, View::Mean);
    for (name, start) in [("f.svg", "<svg"), ("f.CSV", "domain,"), ("f.json", "{")] {
        let path = folder.path().join(name);
        figure.save(&path).unwrap();
        assert!(std::fs::read_to_string(path).unwrap().starts_with(start));
    }
    let refused = figure.save(&folder.path().join("f.bmp"));
    assert!(matches!(refused, Err(FigureError::Ending { .. })));
    let missing = figure.save(&folder.path().join("no/f.svg"));
    assert!(matches!(missing, Err(FigureError::Write { .. })));
}
