//! Methods trained and measured side by side, on the tiny model and drawn pictures.

use crate::train::run::{photos, start};
use candle_core::Device;
use puma::benchmark::{BenchmarkConfig, BenchmarkError, BenchmarkEvent, Comparison, Files, run};
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

/// Runs until `stop_after` training steps were heard; gives the comparison and how many steps were.
fn bench(
    folder: &Path,
    text: &str,
    stop_after: usize,
) -> Result<(Option<Comparison>, usize), BenchmarkError> {
    let start = start();
    let (data, out) = (folder.join("photos"), folder.join("out"));
    let files = Files {
        data: &data,
        start: &start,
        out: &out,
    };
    let stop = AtomicBool::new(false);
    let mut steps = 0;
    let comparison = run(
        &config(folder, text),
        &files,
        &Device::Cpu,
        &stop,
        &mut |event| {
            if let BenchmarkEvent::Training {
                event: Event::Step { .. },
                ..
            } = event
            {
                steps += 1;
                if steps >= stop_after {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        },
    )?;
    Ok((comparison, steps))
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
    comparison.write(&out).unwrap();
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
    let error = bench(folder.path(), &other, usize::MAX)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("training.rank") && error.contains("--out"),
        "{error}"
    );
    let result = folder.path().join("out/puma/seed-0/result.json");
    fs::write(&result, "{").unwrap();
    let error = bench(folder.path(), text, usize::MAX)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("result.json") && error.contains("damaged"),
        "{error}"
    );
}
