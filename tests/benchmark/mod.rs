//! Methods trained and measured side by side, on the tiny model and drawn pictures.

mod command;
mod photo_sets;
mod results;

use crate::train::run::{photos, start};
use candle_core::Device;
use puma::benchmark::{BenchmarkConfig, BenchmarkEvent, BenchmarkOutcome, Comparison, Files, run};
use puma::eval::{EmbeddingKind, Part, evaluate, read_sets};
use puma::model::Puma;
use puma::train::Event;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

const CONFIG: &str = r#"
[training]
passes = 2
batch = 7
chunk = 3
rank = 4
width = 16
pool_size = 6
prompt_length = 2
crop_px = 64
threads = 1
validation = 0.0

[[methods]]
name = "Frozen backbone"
backbone = true

[[methods]]
name = "PUMA"
seeds = [0, 1]
training = { method = "puma" }

[[methods]]
name = "Specialised"
each_set = true
training = { method = "fine-tuning", learning_rate = 3e-4 }

[[methods]]
name = "Linear head"
training = { method = "linear" }
"#;

fn config(folder: &Path, text: &str) -> BenchmarkConfig {
    let path = folder.join("benchmark.toml");
    fs::write(&path, text).unwrap();
    BenchmarkConfig::read(&path).unwrap()
}

/// What was heard of a benchmark.
#[derive(Default)]
struct Heard {
    /// Training steps.
    steps: usize,
    /// What was wrong with methods that failed.
    failed: Vec<String>,
    /// The same of those that were not chosen.
    left_out: Vec<String>,
    /// Test photos that could not be read.
    unread: Vec<String>,
}

/// Runs on `photos` in the folder until `stop_after` training steps were heard, the methods of these names alone if there
/// are any.
fn outcome(
    folder: &Path,
    text: &str,
    chosen: &[&str],
    stop_after: usize,
) -> (BenchmarkOutcome, Heard) {
    let start = start();
    let (data, out) = (folder.join("photos"), folder.join("out"));
    let files = Files {
        data: &data,
        start: &start,
        out: &out,
    };
    let mut config = config(folder, text);
    if !chosen.is_empty() {
        let chosen: Vec<String> = chosen.iter().map(|&name| name.to_owned()).collect();
        config.choose(&chosen).unwrap();
    }
    let stop = AtomicBool::new(false);
    let mut heard = Heard::default();
    let outcome = run(
        &config,
        &files,
        &Device::Cpu,
        &stop,
        &mut |event| match event {
            BenchmarkEvent::Training {
                event: Event::Step { .. },
                ..
            } => {
                heard.steps += 1;
                if heard.steps >= stop_after {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            BenchmarkEvent::Failed { error, .. } => heard.failed.push(error.to_string()),
            BenchmarkEvent::LeftOut { error, .. } => heard.left_out.push(error.to_string()),
            BenchmarkEvent::Unread { path, .. } => {
                let name = path.file_name().unwrap().to_str().unwrap();
                heard.unread.push(name.to_owned());
            }
            _ => {}
        },
    )
    .unwrap();
    assert_eq!(outcome.failed.len(), heard.failed.len());
    (outcome, heard)
}

/// Runs until `stop_after` training steps were heard; gives the comparison, if it was not stopped, and how many steps were;
/// what was wrong with a method that failed is an error.
fn bench(
    folder: &Path,
    text: &str,
    stop_after: usize,
) -> Result<(Option<Comparison>, usize), String> {
    let (outcome, heard) = outcome(folder, text, &[], stop_after);
    match heard.failed.into_iter().next() {
        Some(error) => Err(error),
        None => Ok((
            (!outcome.stopped).then_some(outcome.comparison),
            heard.steps,
        )),
    }
}

#[test]
fn a_benchmark_that_is_stopped_again_and_again_gives_what_an_unbroken_one_does() {
    let [whole, parts] = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    for folder in [&whole, &parts] {
        photos(&folder.path().join("photos"), 4);
    }
    let (unbroken, steps) = bench(whole.path(), CONFIG, usize::MAX).unwrap();
    let unbroken = unbroken.unwrap();
    let mut done = 0;
    let broken = loop {
        let (comparison, steps) = bench(parts.path(), CONFIG, 5).unwrap();
        done += steps;
        if let Some(comparison) = comparison {
            break comparison;
        }
    };
    assert_eq!(done, steps, "no step is done twice");
    for (one, other) in unbroken.methods.iter().zip(&broken.methods) {
        for (one, other) in one.seeds.iter().zip(&other.seeds) {
            assert_eq!(one.recall_at_1, other.recall_at_1);
            assert_eq!((one.harmonic, one.unified), (other.harmonic, other.unified));
            assert_eq!(
                (one.trained_parameters, one.steps),
                (other.trained_parameters, other.steps)
            );
            assert_eq!(one.profiles, other.profiles);
        }
    }
    // Everything is known now.
    assert_eq!(bench(parts.path(), CONFIG, 1).unwrap().1, 0);
}

#[test]
fn the_report_holds_every_method_and_agrees_with_what_eval_measures() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    let comparison = bench(folder.path(), CONFIG, usize::MAX).unwrap().0.unwrap();
    let out = folder.path().join("out");
    let markdown = fs::read_to_string(out.join("report.md")).unwrap();
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    for name in ["Frozen backbone", "PUMA", "Specialised", "Linear head"] {
        assert!(markdown.contains(&format!("| {name} |")), "{markdown}");
        assert!(html.contains(name));
    }
    assert!(markdown.contains('±'), "PUMA has two seeds: {markdown}");
    assert!(html.contains("data:image/jpeg;base64,") && html.contains("<svg"));
    assert!(
        out.join("figure3-puma.svg").is_file() && out.join("figure3-puma-relative.svg").is_file()
    );
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(json["methods"][1]["seeds"][1]["seed"], 1);

    let tests: Vec<_> = read_sets(&root)
        .unwrap()
        .iter()
        .map(|set| set.part(Part::Test))
        .collect();
    let measure = |path: &Path| {
        let puma = Puma::load(path, &Device::Cpu).unwrap();
        evaluate(&puma, &tests, EmbeddingKind::Head, &|_| {})
            .unwrap()
            .0
    };
    let puma = measure(&out.join("puma/seed-1/run/model.safetensors"));
    let measured = &comparison.methods[1].seeds[1];
    assert_eq!(measured.harmonic, puma.harmonic.recall_at[0]);
    assert_eq!(measured.unified, puma.unified.recall_at_1());
    assert!(measured.training_s > 0.0 && measured.sets_told_apart.is_some());
    // A specialised model answers for its own set.
    let specialised = &comparison.methods[2].seeds[0];
    for set in ["set0", "set1"] {
        let own = measure(&out.join(format!("specialised/seed-0/run-{set}/model.safetensors")));
        assert_eq!(
            specialised.recall_at_1[set],
            own.sets[set].metrics.recall_at_1()
        );
    }
    let one = start().config.total_vit_parameters() + 16 * 48 + 16;
    assert_eq!(specialised.trained_parameters, 2 * one);
    assert!(specialised.profiles.is_empty() && specialised.sets_told_apart.is_none());
}
