//! The report: per set, harmonic and unified figures, its table and its JSON.

use puma::eval::{Matrix, SetEmbeddings, report};

fn set(name: &str, rows: &[[f32; 2]], labels: &[u32], similarity: &[[f32; 3]]) -> SetEmbeddings {
    let mut embeddings = Matrix::new(2);
    let mut similarities = Matrix::new(3);
    rows.iter().for_each(|row| embeddings.push(row).unwrap());
    similarity
        .iter()
        .for_each(|row| similarities.push(row).unwrap());
    SetEmbeddings {
        name: name.into(),
        embeddings,
        labels: labels.to_vec(),
        roles: Vec::new(),
        similarities,
    }
}

const EAST: [f32; 2] = [1.0, 0.0];
const NORTH: [f32; 2] = [0.0, 1.0];
const NEAR_EAST: [f32; 2] = [0.995, 0.0998];

/// Two sets that are perfect and three quarters right by themselves, and disturb each other in one gallery.
fn sets() -> Vec<SetEmbeddings> {
    vec![
        set(
            "b",
            &[EAST, EAST, NORTH, NORTH],
            &[0, 0, 1, 1],
            &[[0.5, -0.25, 0.0]; 4],
        ),
        set(
            "a",
            &[EAST, NEAR_EAST, NEAR_EAST, NORTH],
            &[0, 0, 0, 1],
            &[[1.0, 0.0, 0.25]; 4],
        ),
    ]
}

#[test]
fn sets_harmonic_and_unified_are_what_they_are_called() {
    let report = report(&sets()).unwrap();
    let r1 = |name: &str| report.sets[name].metrics.recall_at_1();
    assert_eq!((r1("a"), r1("b")), (0.75, 1.0));
    assert_eq!(report.sets["a"].classes, 2);
    assert_eq!(report.sets["a"].metrics.queries_without_match, 1);
    assert!((report.harmonic.recall_at[0] - 2.0 / (1.0 / 0.75 + 1.0)).abs() < 1e-12);
    // In one gallery the first row of "a" meets the EASTs of "b", and its lone NORTH has no match.
    assert_eq!(report.unified.recall_at_1(), 6.0 / 8.0);
    assert_eq!(report.unified.queries, 8);
}

#[test]
fn json_has_the_documented_names() {
    let json = serde_json::to_value(report(&sets()).unwrap()).unwrap();
    for name in ["R@1", "R@2", "R@4", "R@8", "MAP@R", "RP"] {
        for part in [&json["sets"]["a"], &json["harmonic"], &json["unified"]] {
            let figure = part[name].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&figure), "{name} {figure}");
        }
    }
    assert_eq!(json["sets"]["a"]["R@1"], 0.75);
    assert_eq!(json["sets"]["b"]["queries"], 4);
    assert_eq!(
        json["similarity"]["b"],
        serde_json::json!([0.5, -0.25, 0.0])
    );
    assert_eq!(json["similarity"]["a"], serde_json::json!([1.0, 0.0, 0.25]));
}

#[test]
fn the_table_shows_percent_and_the_missed() {
    let table = report(&sets()).unwrap().to_string();
    let line = |name: &str| {
        table
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(line("a ").contains(" 75.00"), "{table}");
    assert!(line("b ").contains("100.00"), "{table}");
    assert!(line("harmonic").contains(" 85.71"), "{table}");
    assert!(table.contains("1 of the photos"), "{table}");
}

#[test]
fn a_set_without_embeddings_is_named() {
    let empty = set("nothing", &[], &[], &[]);
    let message = report(&[empty]).unwrap_err().to_string();
    assert!(message.contains("nothing"), "{message}");
    assert!(report(&[]).is_err());
}
