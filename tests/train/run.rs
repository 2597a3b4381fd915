//! Whole runs on a tiny model and a tiny collection of drawn pictures.

use crate::model::golden::{tiny_config, tiny_tensors};
use candle_core::Device;
use image::{Rgb, RgbImage};
use puma::model::Checkpoint;
use puma::train::{Event, HeadStart, Method, ProxyStart, TrainConfig, Trainer};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// Stripes whose direction, width and colour depend on set, class and photo.
fn draw(set: u32, class: u32, photo: u32) -> RgbImage {
    RgbImage::from_fn(80 + photo, 72, |x, y| {
        let along = if set == 0 { x } else { y };
        let on = ((along + photo) / (3 + 2 * class)).is_multiple_of(2);
        let tint = (40 * class + 3 * photo) as u8;
        if on {
            Rgb([200, tint, 60 * set as u8])
        } else {
            Rgb([20, 30, 220 - tint])
        }
    })
}

/// Two sets of `classes` classes of 6 pictures; the first half of the classes trains.
pub fn photos(root: &Path, classes: u32) {
    for set in 0..2 {
        for class in 0..classes {
            let folder = root.join(format!("set{set}/class{class:02}"));
            fs::create_dir_all(&folder).unwrap();
            for photo in 0..6 {
                draw(set, class, photo)
                    .save(folder.join(format!("{photo}.png")))
                    .unwrap();
            }
        }
    }
}

pub fn start() -> Checkpoint {
    Checkpoint {
        config: tiny_config(),
        tensors: tiny_tensors(),
        provenance: serde_json::Value::Null,
    }
}

pub fn config() -> TrainConfig {
    TrainConfig {
        passes: 3,
        batch: 7,
        chunk: 3,
        rank: 16,
        width: 32,
        crop_px: 64,
        threads: 1,
        validation: 0.0,
        ..TrainConfig::default()
    }
}

/// Runs until `stop_after` steps and returns the events.
pub fn run(
    config: &TrainConfig,
    root: &Path,
    out: &Path,
    resume: bool,
    stop_after: usize,
) -> Vec<Event> {
    let mut trainer =
        Trainer::new(config.clone(), root, &start(), out, resume, &Device::Cpu).unwrap();
    let stop = AtomicBool::new(false);
    let mut events = Vec::new();
    trainer
        .run(&stop, &mut |event| {
            if matches!(event, Event::Step { step, .. } if step >= stop_after) {
                stop.store(true, Ordering::Relaxed);
            }
            events.push(event);
        })
        .unwrap();
    events
}

fn error(config: &TrainConfig, root: &Path) -> String {
    let out = TempDir::new().unwrap();
    match Trainer::new(
        config.clone(),
        root,
        &start(),
        out.path(),
        false,
        &Device::Cpu,
    ) {
        Ok(_) => panic!("a run was prepared where it should have failed"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_resumed_run_equals_one_that_was_never_stopped() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    for method in [Method::Puma, Method::Full] {
        let config = TrainConfig {
            method,
            keep: 2.0,
            ..config()
        };
        let [whole, parts] =
            ["whole", "parts"].map(|name| folder.path().join(format!("{name}-{method:?}")));
        let events = run(&config, &root, &whole, false, usize::MAX);
        assert!(events.iter().any(|event| matches!(event, Event::Checked)));
        run(&config, &root, &parts, false, 4);
        let events = run(&config, &root, &parts, true, usize::MAX);
        assert!(
            events
                .iter()
                .any(|event| matches!(event, Event::Resumed { steps: 4 }))
        );
        for name in ["model.safetensors", "state.safetensors"] {
            let [a, b] = [&whole, &parts]
                .map(|run| candle_core::safetensors::load(run.join(name), &Device::Cpu).unwrap());
            assert_eq!(a.len(), b.len());
            for (tensor, value) in &a {
                let [value, other] = [value, &b[tensor]].map(|value| {
                    value
                        .flatten_all()
                        .unwrap()
                        .to_dtype(candle_core::DType::F32)
                        .unwrap()
                });
                let [value, other] = [value, other].map(|value| {
                    value
                        .to_vec1::<f32>()
                        .unwrap()
                        .into_iter()
                        .map(f32::to_bits)
                        .collect::<Vec<_>>()
                });
                assert_eq!(value, other, "{tensor} in {name}");
            }
        }
        let logs = [&whole, &parts].map(|run| {
            let log = fs::read_to_string(run.join("steps.csv")).unwrap();
            let columns = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
            log.lines().map(columns).collect::<Vec<_>>()
        });
        assert_eq!(logs[0], logs[1]);
    }
}

#[test]
fn the_loss_falls_and_held_out_classes_are_measured() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 16);
    let config = TrainConfig {
        passes: 6,
        validation: 0.25,
        head_start: HeadStart::Pca,
        whitening: 0.5,
        proxy_start: ProxyStart::ClassMean,
        proxy_learning_rate: 0.01,
        ..config()
    };
    let events = run(
        &config,
        &root,
        &folder.path().join("run"),
        false,
        usize::MAX,
    );
    let losses: Vec<f32> = events
        .iter()
        .filter_map(|event| match event {
            Event::Step { losses, .. } => Some(losses.metric),
            _ => None,
        })
        .collect();
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let (first, last) = (mean(&losses[..8]), mean(&losses[losses.len() - 8..]));
    assert!(last < 0.8 * first, "{first} to {last}");
    let reports = events
        .iter()
        .filter(|event| matches!(event, Event::Validated { .. }))
        .count();
    assert_eq!(reports, 6);
    let Some(Event::Data {
        held_out, classes, ..
    }) = events.first()
    else {
        panic!("the first event describes the data");
    };
    assert_eq!((*held_out, *classes), (4, 12));
}

#[test]
fn a_corrupt_picture_is_named_and_left_out() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    let bad = root.join("set1/class00/3.png");
    let bytes = fs::read(&bad).unwrap();
    fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    let events = run(
        &config(),
        &root,
        &folder.path().join("run"),
        false,
        usize::MAX,
    );
    let failed: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Failed { path, reason } => Some((path, reason)),
            _ => None,
        })
        .collect();
    assert!(
        !failed.is_empty()
            && failed
                .iter()
                .all(|(path, reason)| **path == bad && !reason.is_empty())
    );
}

#[test]
fn sets_and_classes_may_be_symbolic_links() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&folder.path().join("elsewhere"), 4);
    fs::create_dir(&root).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("elsewhere/set0"), root.join("linked"))
            .unwrap();
        let set = root.join("classes");
        fs::create_dir(&set).unwrap();
        for class in 0..4 {
            let target = folder
                .path()
                .join(format!("elsewhere/set1/class{class:02}"));
            std::os::unix::fs::symlink(target, set.join(format!("{class}"))).unwrap();
        }
        let events = run(&config(), &root, &folder.path().join("run"), false, 1);
        assert!(
            matches!(
                events[0],
                Event::Data {
                    samples: 24,
                    classes: 4,
                    ..
                }
            ),
            "{:?}",
            events[0]
        );
    }
}

#[test]
fn what_cannot_be_trained_on_is_said_plainly() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    assert!(error(&config(), &root).contains("photos"));
    photos(&root, 4);
    let without = TrainConfig {
        without: vec!["cats".into()],
        ..config()
    };
    assert!(error(&without, &root).contains("no set cats"));
    let wrong = TrainConfig {
        crop_px: 60,
        ..config()
    };
    assert!(error(&wrong, &root).contains("multiple of the patch size"));
    // Two training classes a set: one alone would be held out, and is not.
    let impatient = TrainConfig {
        validation: 0.5,
        patience: 2,
        ..config()
    };
    let message = error(&impatient, &root);
    assert!(
        message.contains("patience") && message.contains("raise validation"),
        "{message}"
    );
    fs::create_dir_all(root.join("empty")).unwrap();
    assert!(error(&config(), &root).contains("empty"));
    fs::remove_dir(root.join("empty")).unwrap();
    for photo in 1..6 {
        fs::remove_file(root.join(format!("set0/class01/{photo}.png"))).unwrap();
    }
    let message = error(&config(), &root);
    assert!(
        message.contains("set0/class01") && message.contains("at least 2"),
        "{message}"
    );
}

#[test]
fn a_run_is_not_overwritten_or_mixed_with_another() {
    let folder = TempDir::new().unwrap();
    let [root, out] = ["photos", "run"].map(|name| folder.path().join(name));
    photos(&root, 4);
    run(&config(), &root, &out, false, 1);
    let again = Trainer::new(config(), &root, &start(), &out, false, &Device::Cpu);
    assert!(again.err().unwrap().to_string().contains("--resume"));
    let other = TrainConfig {
        learning_rate: 0.5,
        ..config()
    };
    let mixed = Trainer::new(other, &root, &start(), &out, true, &Device::Cpu);
    assert!(
        mixed
            .err()
            .unwrap()
            .to_string()
            .contains("another configuration")
    );
    let state = out.join("state.safetensors");
    let bytes = fs::read(&state).unwrap();
    fs::write(&state, &bytes[..bytes.len() - 100]).unwrap();
    let damaged = Trainer::new(config(), &root, &start(), &out, true, &Device::Cpu);
    assert!(
        damaged
            .err()
            .unwrap()
            .to_string()
            .contains("state.safetensors")
    );
}
