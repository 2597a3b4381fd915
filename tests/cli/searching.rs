//! `puma search` and `puma embed`.
use super::{Place, errors, text};
use candle_core::Device;
use puma::model::Checkpoint;
use puma::model::checkpoint::ReadOptions;
use puma::speed::made;
use serde_json::Value;
use std::path::Path;

#[test]
fn search_gives_absolute_paths_with_the_own_file_first() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    let found = place.json(&["search", "photos/golden/rocket.png", "-k", "4", "--json"]);
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 4);
    assert_eq!(
        hits[0]["path"],
        text(&place.photos().join("golden/rocket.png"))
    );
    assert_eq!(hits[0]["domain"], "golden");
    let scores: Vec<f64> = hits
        .iter()
        .map(|hit| hit["score"].as_f64().unwrap())
        .collect();
    assert!(
        scores[0] > 0.9999 && scores.is_sorted_by(|a, b| a >= b),
        "{scores:?}"
    );
    let said = place.done(&["search", "photos/golden/rocket.png", "-k", "4"]);
    assert_eq!(said.lines().count(), 4);
    assert!(
        said.lines()
            .next()
            .unwrap()
            .ends_with("photos/golden/rocket.png")
    );
}

#[test]
fn the_graph_and_the_scan_print_the_same_hits() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    let ask = |index: &str| {
        place.json(&[
            "search",
            "photos/rings/2.png",
            "-k",
            "7",
            "--json",
            "--index",
            index,
        ])
    };
    let (exact, hnsw, again) = (ask("exact"), ask("hnsw"), ask("hnsw"));
    assert_eq!(exact["hits"].as_array().unwrap().len(), 7);
    assert_eq!(
        (&exact["index"], &hnsw["index"]),
        (&"exact".into(), &"hnsw".into())
    );
    assert_eq!(exact["hits"], hnsw["hits"]);
    assert_eq!(exact["hits"], again["hits"]);
    assert_eq!(ask("auto")["index"], "exact");
    let home = place.folder.path().join("home/config");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("settings.toml"), "index_kind = \"hnsw\"").unwrap();
    assert_eq!(
        place.json(&["search", "photos/rings/2.png", "--json"])["index"],
        "hnsw"
    );
}

#[test]
fn a_picture_from_outside_finds_its_copy() {
    let place = Place::new();
    place.done(&["index", "photos/golden"]);
    let outside = crate::pictures::golden("astronaut.png");
    let found = place.json(&["search", text(&outside), "-k", "1", "--json"]);
    let expected = place.photos().join("golden/astronaut.png");
    assert_eq!(found["hits"][0]["path"], text(&expected));
}

/// A large photo comes out of its decoder reduced, for the question as for the index.
#[test]
fn a_question_sees_what_indexing_saw() {
    let place = Place::new();
    let file = place.photos().join("large/photo.jpg");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let photo = made::photo(3200, 2400, 0);
    std::fs::write(&file, made::jpeg(&photo).unwrap()).unwrap();
    place.done(&["index", "photos/large"]);
    let found = place.json(&["search", "photos/large/photo.jpg", "--json"]);
    assert_eq!(found["hits"][0]["path"], text(&file));
    let score = found["hits"][0]["score"].as_f64().unwrap();
    assert!(score >= 0.99999, "{score}");
}

#[test]
fn a_query_that_cannot_be_read_is_named() {
    let place = Place::with_damage();
    place.done(&["index", "photos"]);
    assert!(
        place
            .refused(&["search", "photos/none.png"])
            .contains("none.png")
    );
    let complaint = place.refused(&["search", "photos/rings/broken.jpg"]);
    assert!(complaint.contains("truncated"), "{complaint}");
    assert_eq!(complaint.matches("truncated").count(), 1, "{complaint}");
}

#[test]
fn a_library_of_another_model_is_told_apart_and_can_be_indexed_again() {
    let place = Place::new();
    place.done(&["index", "photos/rings"]);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/puma.safetensors");
    let mut other = Checkpoint::read(&shipped, &ReadOptions::default()).unwrap();
    let bias = other.tensors["head.bias"].to_device(&Device::Cpu).unwrap();
    let shifted = bias.affine(1.0, 0.125).unwrap();
    other.tensors.insert("head.bias".to_owned(), shifted);
    other
        .write(&place.folder.path().join("other.safetensors"))
        .unwrap();

    let with_other = ["--model", "other.safetensors"];
    let search = ["search", "photos/rings/1.png", "--json"];
    let complaint = place.refused(&[&search[..], &with_other].concat());
    assert!(
        complaint.contains("another model") && complaint.contains("puma index"),
        "{complaint}"
    );
    let status = place.json(&[&["status", "--json"][..], &with_other].concat());
    assert_eq!(
        (&status["embedded"], &status["pending"]),
        (&0.into(), &4.into())
    );
    place.done(&[&["index"][..], &with_other].concat());
    for arguments in [search.to_vec(), [&search[..], &with_other].concat()] {
        assert_eq!(place.json(&arguments)["hits"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn embed_prints_a_line_a_picture_and_goes_on_after_a_failure() {
    let place = Place::with_damage();
    let output = place.run(&[
        "embed",
        "photos/golden/coffee.png",
        "photos/rings/broken.jpg",
        "photos/rings/0.png",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("broken.jpg"));
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0]["path"],
        text(&place.photos().join("golden/coffee.png"))
    );
    assert_eq!(lines[1]["path"], text(&place.photos().join("rings/0.png")));
    for line in &lines {
        let length: f64 = line["embedding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap().powi(2))
            .sum();
        assert!((length - 1.0).abs() < 1e-4, "{length}");
        assert_eq!(line["similarity"].as_array().unwrap().len(), 20);
    }
    assert!(
        place
            .done(&["embed", "photos/rings/0.png"])
            .contains("nearest prompts")
    );
}
