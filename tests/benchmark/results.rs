//! Results from before: taken, refused, kept in the report.

use super::{CONFIG, bench, outcome};
use crate::train::run::photos;
use std::fs;
use tempfile::TempDir;

/// One method that is measured and one that is trained.
const TWO: &str = r#"
[training]
passes = 1
batch = 7
chunk = 3
rank = 4
width = 16
crop_px = 64
threads = 1
validation = 0.0

[[methods]]
name = "Frozen backbone"
backbone = true

[[methods]]
name = "Linear head"
seeds = [0, 1]
training = { method = "linear" }
"#;

#[test]
fn a_result_of_another_configuration_is_not_taken() {
    let folder = TempDir::new().unwrap();
    photos(&folder.path().join("photos"), 4);
    let text = CONFIG
        .split("[[methods]]\nname = \"Specialised\"")
        .next()
        .unwrap();
    bench(folder.path(), text, usize::MAX).unwrap();
    let other = text.replace("rank = 4", "rank = 5");
    let error = bench(folder.path(), &other, usize::MAX).unwrap_err();
    assert!(
        error.contains("training.rank is 4 there, 5 now") && error.contains("--out"),
        "{error}"
    );
    let result = folder.path().join("out/puma/seed-0/result.json");
    fs::write(&result, "{").unwrap();
    let error = bench(folder.path(), text, usize::MAX).unwrap_err();
    assert!(
        error.contains("result.json") && error.contains("damaged"),
        "{error}"
    );
}

#[test]
fn a_result_of_other_photos_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    bench(folder.path(), TWO, usize::MAX).unwrap();
    let result = |name: &str| folder.path().join("out").join(name).join("result.json");
    let key = |name: &str| {
        let text = fs::read_to_string(result(name)).unwrap();
        let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
        stored["key"]["photos"].as_str().unwrap().to_owned()
    };
    let [frozen, linear] = ["frozen-backbone", "linear-head/seed-0"].map(key);
    assert_eq!(linear, key("linear-head/seed-1"));
    // As many training photos as before, but another: what is not trained is the same.
    let renamed = root.join("set1/class00");
    fs::rename(renamed.join("5.png"), renamed.join("6.png")).unwrap();
    let (_, heard) = outcome(folder.path(), TWO, &[], usize::MAX);
    let [error] = &heard.failed[..] else {
        panic!("{:?}", heard.failed)
    };
    assert!(
        error.contains("linear-head") && error.contains(&format!("photos is \"{linear}\" there")),
        "{error}"
    );
    // A test photo in another class.
    let test = root.join("set1");
    fs::rename(test.join("class02/5.png"), test.join("class03/6.png")).unwrap();
    let (_, heard) = outcome(folder.path(), TWO, &["Frozen backbone"], usize::MAX);
    assert!(
        heard.failed[0].contains(&format!("photos is \"{frozen}\" there")),
        "{:?}",
        heard.failed
    );
    assert_eq!(heard.left_out.len(), 2, "{:?}", heard.left_out);
}

#[test]
fn the_report_keeps_methods_that_are_not_chosen_and_goes_on_after_one_that_fails() {
    let folder = TempDir::new().unwrap();
    photos(&folder.path().join("photos"), 4);
    let out = folder.path().join("out");
    let report = || fs::read_to_string(out.join("report.md")).unwrap();
    let (chosen, _) = outcome(folder.path(), TWO, &["Linear head"], usize::MAX);
    assert_eq!(chosen.comparison.methods.len(), 1);
    assert!(!report().contains("Frozen backbone"));
    outcome(folder.path(), TWO, &["Frozen backbone"], usize::MAX);
    // In the order of the configuration, whatever was measured first.
    let whole = report();
    let place = |name: &str| whole.find(&format!("| {name} |")).unwrap();
    assert!(place("Frozen backbone") < place("Linear head"));

    // The first method's result is damaged: it fails, and the second is trained.
    fs::write(out.join("frozen-backbone/result.json"), "{").unwrap();
    fs::remove_dir_all(out.join("linear-head/seed-1")).unwrap();
    let (failed, heard) = outcome(folder.path(), TWO, &[], usize::MAX);
    assert_eq!(failed.failed, ["Frozen backbone"]);
    assert!(heard.failed[0].contains("damaged") && heard.steps > 0);
    assert_eq!(failed.comparison.methods[0].seeds.len(), 2);
    assert!(!report().contains("Frozen backbone") && report().contains("| Linear head |"));
}

#[test]
fn a_benchmark_that_is_stopped_writes_what_there_is() {
    let folder = TempDir::new().unwrap();
    photos(&folder.path().join("photos"), 4);
    let (_, heard) = outcome(folder.path(), TWO, &["Linear head"], usize::MAX);
    let out = folder.path().join("out");
    fs::remove_dir_all(&out).unwrap();
    // In the second seed's first step, the first seed being done.
    let (stopped, _) = outcome(folder.path(), TWO, &[], heard.steps / 2 + 1);
    assert!(stopped.stopped && stopped.failed.is_empty());
    let report = fs::read_to_string(out.join("report.md")).unwrap();
    assert!(report.contains("| Frozen backbone |"), "{report}");
    assert!(
        report.contains("- Linear head: 1 of 2 seeds so far."),
        "{report}"
    );
    // Stopped before anything is done, there is no report.
    fs::remove_dir_all(&out).unwrap();
    outcome(folder.path(), TWO, &["Linear head"], 1);
    assert!(!out.join("report.md").exists());
}

#[test]
fn a_training_that_cannot_be_taken_up_names_the_folder_to_remove() {
    let folder = TempDir::new().unwrap();
    photos(&folder.path().join("photos"), 4);
    outcome(folder.path(), TWO, &["Linear head"], 1);
    let other = TWO.replace("batch = 7", "batch = 6");
    let (_, heard) = outcome(folder.path(), &other, &["Linear head"], usize::MAX);
    let [error] = &heard.failed[..] else {
        panic!("{:?}", heard.failed)
    };
    let seed = folder.path().join("out/linear-head/seed-0");
    assert!(
        error.contains("training Linear head")
            && error.contains("another configuration")
            && error.contains(&format!("remove {}", seed.display()))
            && !error.contains("--resume"),
        "{error}"
    );
    fs::remove_dir_all(seed).unwrap();
    bench(folder.path(), &other, usize::MAX).unwrap();
}
