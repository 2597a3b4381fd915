//! `puma eval` as it is called from a terminal, and the reference figures of the frozen backbone.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn puma(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_puma"))
        .args(["eval", "--device", "cpu"])
        .args(arguments)
        .output()
        .unwrap()
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Two sets of two classes, each class a photo and its mirror image; one broken file more.
fn benchmark(root: &Path) {
    let classes = [
        ("cats", "a"),
        ("cats", "b"),
        ("things", "a"),
        ("things", "b"),
    ];
    for ((set, class), photo) in classes
        .iter()
        .zip(["chelsea", "astronaut", "coffee", "rocket"])
    {
        let folder = root.join(set).join(class);
        std::fs::create_dir_all(&folder).unwrap();
        let image = image::open(format!("tests/golden/photos/{photo}.png")).unwrap();
        image.save(folder.join("1.png")).unwrap();
        image.fliph().save(folder.join("2.png")).unwrap();
    }
    std::fs::write(root.join("cats/b/broken.jpg"), "no picture").unwrap();
}

#[test]
fn table_json_and_figures_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    benchmark(&root);
    let file = |name: &str| folder.path().join(name);
    let (json, svg) = (file("out.json"), file("out.svg"));
    let [root, json, svg] = [&root, &json, &svg].map(|path: &PathBuf| path.to_str().unwrap());
    let output = puma(&[
        "--data", root, "--part", "all", "--json", json, "--figure", svg,
    ]);
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("broken.jpg"), "{stderr}");
    for name in ["R@1", "MAP@R", "cats", "things", "harmonic", "unified"] {
        assert!(stdout.contains(name), "{stdout}");
    }

    let json = read_json(Path::new(json));
    for set in ["cats", "things"] {
        assert_eq!(json["sets"][set]["queries"], 4);
        assert!(json["sets"][set]["R@1"].is_f64());
        assert_eq!(json["similarity"][set].as_array().unwrap().len(), 20);
    }
    assert_eq!(json["unified"]["queries"], 8);
    assert!(json["harmonic"]["R@1"].is_f64());
    assert_eq!(json["failed"].as_array().unwrap().len(), 1);
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.contains("cats (4 photos)") && svg.contains("things (4 photos)"));

    // By default the second half of the classes is measured, and only the sets that were asked for.
    let out = file("test.json");
    let output = puma(&[
        "--data",
        root,
        "--sets",
        "cats",
        "--precision",
        "single",
        "--json",
        out.to_str().unwrap(),
    ]);
    assert!(output.status.success());
    let test = read_json(&out);
    assert_eq!(test["part"], "test");
    assert_eq!(
        [&json["precision"], &test["precision"]],
        ["rounded", "single"]
    );
    assert_eq!(test["sets"]["cats"]["queries"], 2);
    assert!(test["sets"]["things"].is_null());
}

#[test]
fn what_cannot_be_done_is_said_before_the_model_works() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    benchmark(&root);
    let root = root.to_str().unwrap();
    for (arguments, expected) in [
        (vec!["--data", "/nowhere at all"], "/nowhere at all"),
        (
            vec!["--data", root, "--sets", "dogs"],
            "the sets are cats, things",
        ),
        (vec!["--data", root, "--figure", "figure.bmp"], "figure.bmp"),
        (
            vec!["--data", root, "--json", "no such folder/out.json"],
            "no such folder",
        ),
        (
            vec!["--data", root, "--model", "none.safetensors"],
            "none.safetensors",
        ),
        (
            vec!["--data", root, "--figure", "f.svg", "--embedding", "cls"],
            "prompt",
        ),
    ] {
        let output = puma(&arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_set_of_broken_photos_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let class = folder.path().join("wreck/class");
    std::fs::create_dir_all(&class).unwrap();
    std::fs::write(class.join("broken.jpg"), "no picture").unwrap();
    let output = puma(&["--data", folder.path().to_str().unwrap()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        stderr.contains("wreck") && stderr.contains("broken.jpg"),
        "{stderr}"
    );
}

/// R@1 in percent of DeiT-Tiny's class token on the test halves of the photo collection.
const REFERENCE: [(&str, f64); 8] = [
    ("birds", 89.9),
    ("butterflies", 80.0),
    ("cars", 26.4),
    ("fashion", 81.5),
    ("flowers", 92.4),
    ("food", 69.8),
    ("grocery", 83.1),
    ("leaves", 70.1),
];
const REFERENCE_HARMONIC: f64 = 63.9;
const REFERENCE_UNIFIED: f64 = 71.4;

/// Needs the photo collection in `PUMA_PHOTOS`, DeiT-Tiny's weights in `PUMA_DEIT`, and some minutes.
#[test]
fn the_frozen_backbone_gives_the_reference_figures() {
    let (Some(photos), Some(deit)) = (
        std::env::var_os("PUMA_PHOTOS"),
        std::env::var_os("PUMA_DEIT"),
    ) else {
        println!("skipped: PUMA_PHOTOS and PUMA_DEIT are not both set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.json");
    let output = puma(&[
        "--embedding",
        "cls",
        "--data",
        photos.to_str().unwrap(),
        "--model",
        deit.to_str().unwrap(),
        "--json",
        out.to_str().unwrap(),
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let json = read_json(&out);
    let close = |name: &str, got: &serde_json::Value, expected: f64| {
        let got = got["R@1"].as_f64().unwrap() * 100.0;
        assert!(
            (got - expected).abs() <= 0.3,
            "{name}: {got:.2}, expected {expected}"
        );
    };
    for (set, expected) in REFERENCE {
        close(set, &json["sets"][set], expected);
    }
    close("harmonic", &json["harmonic"], REFERENCE_HARMONIC);
    close("unified", &json["unified"], REFERENCE_UNIFIED);
}
