//! Profiles read from files that other commands wrote.

use super::many;
use puma::eval::{Matrix, SetEmbeddings, report};
use puma::figures::{Profile, StoredProfiles, json, read_profiles};
use std::path::PathBuf;

struct File {
    folder: tempfile::TempDir,
}

impl File {
    fn holding(text: &str) -> (File, PathBuf) {
        let file = File {
            folder: tempfile::tempdir().unwrap(),
        };
        let path = file.folder.path().join("profiles.json");
        std::fs::write(&path, text).unwrap();
        (file, path)
    }
}

fn read(text: &str) -> Vec<Profile> {
    let (_file, path) = File::holding(text);
    read_profiles(&path).unwrap()
}

fn complaint(text: &str) -> String {
    let (_file, path) = File::holding(text);
    read_profiles(&path).unwrap_err().to_string()
}

#[test]
fn what_is_written_reads_back_to_the_same_numbers() {
    let profiles = many(7, 20);
    assert_eq!(read(&json(&profiles).to_string()), profiles);
    let stored = serde_json::to_string(&StoredProfiles::of(&profiles)).unwrap();
    assert_eq!(read(&stored), profiles);
}

#[test]
fn a_report_of_the_benchmark_redraws_its_figure() {
    let set = |name: &str, shift: f32| {
        let (mut embeddings, mut similarities) = (Matrix::new(2), Matrix::new(3));
        for row in 0..4u8 {
            let angle = f32::from(row);
            embeddings.push(&[angle.cos(), angle.sin()]).unwrap();
            similarities.push(&[shift, 0.1 * angle, -shift]).unwrap();
        }
        SetEmbeddings {
            name: name.to_owned(),
            embeddings,
            labels: vec![0, 0, 1, 1],
            roles: Vec::new(),
            similarities,
        }
    };
    let report = report(&[set("cars", 0.25), set("birds", 0.5)]).unwrap();
    let profiles = read(&serde_json::to_string_pretty(&report).unwrap());
    assert_eq!(profiles, report.profiles);
    assert_eq!(
        (profiles[0].domain.as_str(), profiles[0].count),
        ("birds", 4)
    );
    assert!(profiles[0].std[1] > 0.1);
}

#[test]
fn files_without_spread_are_read_with_the_counts_that_they_have() {
    let old =
        r#"{"sets": {"b": {"queries": 12}}, "similarity": {"b": [0.5, -0.25], "a": [0.1, 0.2]}}"#;
    let profiles = read(old);
    let counts: Vec<_> = profiles
        .iter()
        .map(|p| (p.domain.as_str(), p.count))
        .collect();
    assert_eq!(counts, [("a", 1), ("b", 12)]);
    assert_eq!(profiles[1].mean, [0.5, -0.25]);
    assert!(profiles.iter().flat_map(|p| &p.std).all(|std| std.is_nan()));
}

#[test]
fn what_is_no_such_file_is_said() {
    assert!(complaint("no JSON").contains("no JSON"));
    assert!(complaint("{}").contains("puma eval"));
    assert!(complaint(r#"{"similarity": {}}"#).contains("no prompt pool"));
    assert!(complaint(r#"{"similarity": {"a": [1.0], "b": [1.0, 2.0]}}"#).contains("“b” has 2"));
    assert!(complaint(r#"{"similarity": {"a": "x"}}"#).contains("no means"));
    let missing = read_profiles(&PathBuf::from("/nowhere/at all.json")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/at all.json"));
}
