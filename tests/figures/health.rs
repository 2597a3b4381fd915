//! How photos use the prompts of the pool, on planted similarities.

use puma::figures::{Usage, entropy_bits, health};

fn near(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-6, "{got}, expected {expected}");
}

/// Four prompts: the first is the highest of every photo, the second stands out among cats and the third among dogs,
/// and the fourth lies a little below its mean in none and above it in none.
fn planted() -> Vec<(&'static str, Vec<f32>)> {
    let mut rows = Vec::new();
    for _ in 0..30 {
        rows.push(("cats", vec![0.9, 0.4, -0.2, -0.5]));
    }
    for _ in 0..10 {
        rows.push(("dogs", vec![0.9, 0.0, 0.2, -0.5]));
    }
    rows
}

#[test]
fn shares_spread_and_entropy_are_what_was_planted() {
    let rows = planted();
    let health = health(rows.iter().map(|(domain, row)| (*domain, row.as_slice()))).unwrap();
    assert_eq!((health.photos, health.prompts.len()), (40, 4));
    near(health.most_bits, 2.0);
    // One prompt is always the strongest as it is: no choice, no bits.
    near(health.prompts[0].strongest, 1.0);
    near(health.entropy_bits, 0.0);
    // Relative to the mean the second is the strongest of 30 photos and the third of 10.
    let relative: Vec<f64> = health
        .prompts
        .iter()
        .map(|row| row.strongest_relative)
        .collect();
    assert_eq!(relative, [0.0, 0.75, 0.25, 0.0]);
    near(health.relative_entropy_bits, 0.811_278_124_459_132_8);

    let usage: Vec<Usage> = health.prompts.iter().map(|row| row.usage).collect();
    assert_eq!(
        usage,
        [Usage::Used, Usage::Used, Usage::Used, Usage::Unused]
    );
    assert_eq!(health.unused(), [4]);

    near(f64::from(health.prompts[1].mean), 0.3);
    near(
        f64::from(health.prompts[1].std),
        (0.75f64 * 0.25).sqrt() * 0.4,
    );
    assert_eq!(health.prompts[1].domains[0].0, "cats");
    assert_eq!(health.prompts[2].domains[0].0, "dogs");
    assert!(health.prompts[3].domains.is_empty());
}

#[test]
fn a_prompt_of_very_few_photos_is_rare() {
    let common: &[f32] = &[0.5, 0.1];
    let rare: &[f32] = &[0.1, 0.5];
    let rows = (0..1000).map(|number| ("all", if number == 0 { rare } else { common }));
    let health = health(rows).unwrap();
    assert_eq!(health.prompts[1].usage, Usage::Rare);
    near(health.prompts[1].strongest, 0.001);
}

#[test]
fn entropy_is_highest_when_all_are_used_alike() {
    near(entropy_bits([0.05; 20].into_iter()), 20f64.log2());
    near(entropy_bits([1.0, 0.0].into_iter()), 0.0);
    near(entropy_bits([0.5, 0.25, 0.25].into_iter()), 1.5);
}

#[test]
fn photos_of_another_model_and_none_at_all_do_no_harm() {
    assert!(health(std::iter::empty()).is_none());
    let rows: [(&str, &[f32]); 4] = [
        ("a", &[]),
        ("a", &[0.1, 0.2]),
        ("b", &[0.3]),
        ("b", &[f32::NAN, 0.2]),
    ];
    let health = health(rows.into_iter()).unwrap();
    assert_eq!(health.photos, 2);
    assert_eq!(health.prompts.len(), 2);
}

#[test]
fn the_table_reads_back() {
    let mut rows = planted();
    rows[0].0 = "a, \"b\"";
    let health = health(rows.iter().map(|(domain, row)| (*domain, row.as_slice()))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (table, object) = (folder.path().join("h.csv"), folder.path().join("h.json"));
    health.save(&table).unwrap();
    health.save(&object).unwrap();
    let mut reader = csv::Reader::from_path(&table).unwrap();
    for (row, prompt) in reader
        .records()
        .map(|row| row.unwrap())
        .zip(&health.prompts)
    {
        assert_eq!(row[0].parse::<usize>().unwrap(), prompt.prompt);
        assert_eq!(row[1].parse::<f32>().unwrap(), prompt.mean);
        assert_eq!(row[4].parse::<f64>().unwrap(), prompt.strongest_relative);
        assert_eq!(&row[5], prompt.usage.name());
    }
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&object).unwrap()).unwrap();
    assert_eq!(json["unused"], serde_json::json!([4]));
    assert_eq!(json["prompts"][3]["usage"], "unused");
    assert_eq!(json["relative_entropy_bits"], health.relative_entropy_bits);
    assert!(health.save(&folder.path().join("h.png")).is_err());
}
