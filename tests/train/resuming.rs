//! What a run that is taken up has to agree with, what it makes up for, and what it leaves alone.

use super::run::{config, photos, run, start};
use candle_core::Device;
use puma::model::Checkpoint;
use puma::train::{Event, TrainConfig, TrainError, Trainer};
use safetensors::SafeTensors;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// A folder with photos and a run on them that was stopped after `steps`.
fn stopped(config: &TrainConfig, steps: usize) -> (TempDir, PathBuf, PathBuf) {
    let folder = TempDir::new().unwrap();
    let [root, out] = ["photos", "run"].map(|name| folder.path().join(name));
    photos(&root, 4);
    run(config, &root, &out, false, steps);
    (folder, root, out)
}

/// Why the run in `out` cannot be taken up; nothing where it can.
fn refusal(config: &TrainConfig, root: &Path, out: &Path) -> Option<String> {
    Trainer::new(config.clone(), root, &start(), out, true, &Device::Cpu)
        .err()
        .map(|error| error.to_string())
}

#[test]
fn another_setting_is_named_and_the_run_stays_as_it_was() {
    let (_folder, root, out) = stopped(&config(), 1);
    let kept = fs::read_to_string(out.join("config.toml")).unwrap();
    let other = TrainConfig {
        learning_rate: 0.5,
        ..config()
    };
    let message = refusal(&other, &root, &out).unwrap();
    for part in [
        "learning_rate is 0.001 there and 0.5 now",
        "state.safetensors",
        "--out",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("--resume"), "{message}");
    assert_eq!(fs::read_to_string(out.join("config.toml")).unwrap(), kept);
    assert_eq!(refusal(&config(), &root, &out), None);
}

#[test]
fn threads_and_recomputing_may_be_others() {
    let (_folder, root, out) = stopped(&config(), 1);
    let other = TrainConfig {
        threads: 2,
        recompute: true,
        ..config()
    };
    assert_eq!(refusal(&other, &root, &out), None);
    let written = TrainConfig::read(&out.join("config.toml")).unwrap();
    assert_eq!(written, other);
}

#[test]
fn other_training_photos_are_refused_wherever_they_lie() {
    let (folder, root, out) = stopped(&config(), 1);
    let kept = fs::read_to_string(out.join("config.toml")).unwrap();
    let elsewhere = folder.path().join("elsewhere/photos");
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    fs::rename(&root, &elsewhere).unwrap();
    assert_eq!(refusal(&config(), &elsewhere, &out), None);

    // As many photos of as many classes as before.
    let class = elsewhere.join("set0/class00");
    fs::rename(class.join("2.png"), class.join("new.png")).unwrap();
    let threads = TrainConfig {
        threads: 2,
        ..config()
    };
    let message = refusal(&threads, &elsewhere, &out).unwrap();
    assert!(
        message.contains("training photos") && message.contains("put them back"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(out.join("config.toml")).unwrap(), kept);

    // A state of an older version does not know its photos.
    let path = out.join("state.safetensors");
    let bytes = fs::read(&path).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = metadata.metadata().clone().unwrap();
    let mut header: serde_json::Value = serde_json::from_str(&metadata["run"]).unwrap();
    let photos = header.as_object_mut().unwrap().remove("photos").unwrap();
    assert_eq!(photos.as_str().unwrap().len(), 64);
    metadata.insert("run".into(), header.to_string());
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let older = safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap();
    fs::write(&path, older).unwrap();
    assert_eq!(refusal(&config(), &elsewhere, &out), None);
}

#[test]
fn a_validation_that_a_killed_run_left_out_is_made_up_for() {
    let folder = TempDir::new().unwrap();
    let [root, out] = ["photos", "run"].map(|name| folder.path().join(name));
    photos(&root, 16);
    let config = TrainConfig {
        validation: 0.25,
        ..config()
    };
    // 72 photos in batches of 7.
    let per_pass = 10;
    run(&config, &root, &out, false, per_pass);
    let [log, best] = ["validation.csv", "best.safetensors"].map(|name| out.join(name));
    let validated = fs::read_to_string(&log).unwrap();
    let (header, row) = validated.split_once('\n').unwrap();
    assert!(row.starts_with(&format!("{per_pass},")), "{validated}");
    fs::write(&log, format!("{header}\n")).unwrap();
    fs::remove_file(&best).unwrap();

    let events = run(&config, &root, &out, true, per_pass + 1);
    let told: Vec<(usize, bool)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Validated { step, best, .. } => Some((*step, *best)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(per_pass, true)]);
    assert_eq!(fs::read_to_string(&log).unwrap(), validated);
    let best = Checkpoint::read(&best, &Default::default()).unwrap();
    assert_eq!(best.provenance["steps"], serde_json::json!(per_pass));

    // One that is there is not made again.
    run(&config, &root, &out, true, usize::MAX);
    let events = run(&config, &root, &out, true, usize::MAX);
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Validated { .. }))
    );
}

#[test]
fn steps_too_small_to_change_anything_end_a_fresh_run_alone() {
    // So small that rounding leaves nothing of a step, as late in a cosine.
    let config = TrainConfig {
        learning_rate: 1e-30,
        ..config()
    };
    let (folder, root, out) = stopped(&config, 2);
    let events = run(&config, &root, &out, true, 7);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Step { step: 7, .. }))
    );
    assert!(!events.iter().any(|event| matches!(event, Event::Checked)));

    let fresh = folder.path().join("fresh");
    let mut trainer = Trainer::new(config, &root, &start(), &fresh, false, &Device::Cpu).unwrap();
    let error = trainer
        .run(&AtomicBool::new(false), &mut |_| {})
        .unwrap_err();
    assert!(
        matches!(
            error,
            TrainError::Frozen {
                steps: 3,
                kind: "trainable",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn the_distance_to_the_start_is_among_the_scalars() {
    let kept = TrainConfig {
        keep: 2.0,
        ..config()
    };
    let (_folder, _, out) = stopped(&kept, 1);
    let events = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("events.out.tfevents"));
    let bytes = fs::read(events.unwrap()).unwrap();
    for tag in ["loss/metric", "loss/keep"] {
        let found = bytes.windows(tag.len()).any(|part| part == tag.as_bytes());
        assert!(found, "{tag}");
    }
}
