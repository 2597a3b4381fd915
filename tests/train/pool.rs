//! The options that make prompts specialise: what they start with, what is trained, what the checkpoint holds.

use super::run::{config, photos, run, start};
use candle_core::{Device, IndexOp, Tensor};
use puma::eval::{EmbeddingKind, Part, ablations, evaluate, read_sets};
use puma::model::checkpoint::Precision;
use puma::model::{Checkpoint, Puma};
use puma::train::{Event, KeyStart, PromptStart, TrainConfig};
use tempfile::TempDir;

fn specialised() -> TrainConfig {
    TrainConfig {
        pool_size: 4,
        standardised_query: true,
        key_start: KeyStart::Clusters,
        prompt_start: PromptStart::Own,
        pool_rate_factor: 3.0,
        ..config()
    }
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn a_pool_with_starts_of_its_own_is_trained_measured_and_kept() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    let out = folder.path().join("run");
    let events = run(&specialised(), &root, &out, false, usize::MAX);
    assert!(events.iter().any(|event| matches!(event, Event::Checked)));
    let path = out.join("model.safetensors");
    let checkpoint = Checkpoint::read(&path, &Default::default()).unwrap();
    assert!(checkpoint.config.prompt.as_ref().unwrap().standardised);
    // The first prompt is the published one, the others differ from it.
    let prompts = &checkpoint.tensors["prompt_pool.prompts"];
    for prompt in 1..4 {
        let along: f32 = values(&prompts.i(0).unwrap())
            .iter()
            .zip(values(&prompts.i(prompt).unwrap()))
            .map(|(a, b)| a * b)
            .sum();
        assert!(
            along.abs() < 6.0,
            "prompt {prompt} is the first one: {along}"
        );
    }
    // Standardised queries of photos it was trained on lie about zero, so that the similarities have both signs.
    let puma = Puma::from_checkpoint(&checkpoint, &Device::Cpu).unwrap();
    let sets = read_sets(&root).unwrap();
    let report = evaluate(&puma, &sets, EmbeddingKind::Head, &|_| {})
        .unwrap()
        .0;
    let means: Vec<f32> = report
        .profiles
        .iter()
        .flat_map(|profile| profile.mean.clone())
        .collect();
    assert!(
        means.iter().any(|&mean| mean > 0.05) && means.iter().any(|&mean| mean < -0.05),
        "{means:?}"
    );
    // The authors' layout has no place for it.
    let theirs = checkpoint.write_authors(
        &folder.path().join("authors.safetensors"),
        Precision::Single,
    );
    assert!(theirs.unwrap_err().to_string().contains("authors"));
}

#[test]
fn what_has_no_learning_rate_stays_what_it_was() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    let still = |name: &str, config: TrainConfig, resting: &[&str]| {
        let out = folder.path().join(name);
        let events = run(&config, &root, &out, false, 4);
        assert!(events.iter().any(|event| matches!(event, Event::Checked)));
        let state =
            candle_core::safetensors::load(out.join("state.safetensors"), &Device::Cpu).unwrap();
        for (name, before) in start().tensors {
            if let Some(after) = state.get(&format!("parameter.{name}")) {
                let same = values(after) == values(&before);
                assert_eq!(same, resting.contains(&name.as_str()), "{name}");
            }
        }
    };
    let pool = TrainConfig {
        pool_rate_factor: 0.0,
        ..config()
    };
    let tensors = ["prompts", "keys", "attention"].map(|name| format!("prompt_pool.{name}"));
    let tensors = tensors.each_ref().map(String::as_str);
    still("pool", pool, &tensors);
    let prompts = TrainConfig {
        prompt_rate_factor: 0.0,
        ..config()
    };
    still("prompts", prompts, &tensors[..1]);
}

#[test]
fn a_temperature_is_trained_with_and_travels_in_the_checkpoint() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    let config = TrainConfig {
        prompt_temperature: 0.1,
        prompt_start: PromptStart::Shared,
        ..specialised()
    };
    let out = folder.path().join("run");
    let events = run(&config, &root, &out, false, usize::MAX);
    assert!(events.iter().any(|event| matches!(event, Event::Checked)));
    let checkpoint = Checkpoint::read(&out.join("model.safetensors"), &Default::default()).unwrap();
    assert_eq!(
        checkpoint.config.prompt.as_ref().unwrap().temperature,
        Some(0.1)
    );
    // Prompts that started alike have parted: each learns from the pictures that call it.
    let prompts = &checkpoint.tensors["prompt_pool.prompts"];
    let [first, second] = [0, 1].map(|prompt| values(&prompts.i(prompt).unwrap()));
    let apart = first.iter().zip(&second).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f32::max) > 1e-4);
    let path = folder.path().join("authors.safetensors");
    assert!(checkpoint.write_authors(&path, Precision::Single).is_err());
}

#[test]
fn queries_are_standardised_by_the_training_photos_and_keys_start_at_their_centres() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    let config = TrainConfig {
        // Hardly anything moves, so that the start is seen.
        learning_rate: 1e-7,
        weight_decay: 0.0,
        ..specialised()
    };
    let out = folder.path().join("run");
    run(&config, &root, &out, false, 4);
    let checkpoint = Checkpoint::read(&out.join("model.safetensors"), &Default::default()).unwrap();
    let keys = &checkpoint.tensors["prompt_pool.keys"];
    for key in 0..4 {
        let length: f32 = values(&keys.i(key).unwrap())
            .iter()
            .map(|value| value * value)
            .sum();
        assert!((length - 1.0).abs() < 1e-2, "key {key}: {length}");
    }
    let std = values(&checkpoint.tensors["prompt_pool.query_std"]);
    let mean = values(&checkpoint.tensors["prompt_pool.query_mean"]);
    assert!(std.iter().all(|&std| std > 0.0) && mean.iter().any(|&mean| mean != 0.0));
}

#[test]
fn ablations_measure_what_the_ablated_model_embeds() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    let puma = Puma::from_checkpoint(&start(), &Device::Cpu).unwrap();
    let sets: Vec<_> = read_sets(&root)
        .unwrap()
        .iter()
        .map(|set| set.part(Part::Test))
        .collect();
    let measured = ablations(&puma, &sets, &|_| {}).unwrap();
    let names: Vec<&str> = measured.rows.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "whole model",
            "one prompt for all",
            "no prompts",
            "no adapters"
        ]
    );
    let whole = evaluate(&puma, &sets, EmbeddingKind::Head, &|_| {})
        .unwrap()
        .0;
    let same = measured.whole().unwrap();
    assert_eq!(same.unified.map_at_r, whole.unified.map_at_r);
    assert_eq!(same.profiles, whole.profiles);
    // With one prompt for all, every photo has the same similarities; without prompts there are none.
    let spread = &measured.rows[1].1.profiles[0].std;
    assert!(spread.iter().all(|&std| std < 1e-6), "{spread:?}");
    assert!(measured.rows[2].1.profiles.is_empty());
    assert_ne!(measured.rows[3].1.unified.map_at_r, whole.unified.map_at_r);
}
