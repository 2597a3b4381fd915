//! Every method of the paper's comparison on a tiny model: what it trains, what it keeps, what its checkpoint gives.

use super::run::{config, photos, run, start};
use candle_core::Device;
use puma::model::ops::kernels::Isa;
use puma::model::{Checkpoint, Puma};
use puma::train::{Event, Method, TrainConfig};
use std::path::Path;
use tempfile::TempDir;

const METHODS: [Method; 9] = [
    Method::Puma,
    Method::AdaptersOnly,
    Method::PromptsOnly,
    Method::Linear,
    Method::FineTuning,
    Method::VptShallow,
    Method::VptDeep,
    Method::Lora,
    Method::AdaptFormer,
];

/// Parameters of each method's modules on the tiny ViT (width 48, 12 blocks, rank 16, 8 tokens) and of its head of 32.
fn parameters(method: Method) -> usize {
    let adapters = 12 * 2 * 2 * 48 * 16;
    let pool = 20 * (8 + 2) * 48;
    let modules = match method {
        Method::Puma => adapters + pool,
        Method::AdaptersOnly => adapters,
        Method::PromptsOnly => pool,
        Method::Linear => 0,
        Method::FineTuning => start().config.total_vit_parameters(),
        Method::VptShallow => 8 * 48,
        Method::VptDeep => 12 * 8 * 48,
        Method::Lora => 12 * 2 * 2 * 48 * 16,
        Method::AdaptFormer => 12 * (2 * 48 * 16 + 16 + 48),
        Method::Full => unreachable!("it has no head"),
    };
    modules + 32 * 48 + 32
}

fn tensors(path: &Path) -> std::collections::HashMap<String, candle_core::Tensor> {
    candle_core::safetensors::load(path, &Device::Cpu).unwrap()
}

#[test]
fn each_method_trains_its_own_parameters_and_its_checkpoint_can_be_used() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    for method in METHODS {
        let config = TrainConfig { method, ..config() };
        let out = folder.path().join(format!("{method:?}"));
        let events = run(&config, &root, &out, false, usize::MAX);
        // The trainer itself compares every tensor with its start.
        assert!(
            events.iter().any(|event| matches!(event, Event::Checked)),
            "{method:?}"
        );
        let Some(Event::Data {
            parameters: count, ..
        }) = events.first()
        else {
            panic!("the first event describes the data");
        };
        assert_eq!(*count, parameters(method), "{method:?}");
        let checkpoint =
            Checkpoint::read(&out.join("model.safetensors"), &Default::default()).unwrap();
        let puma = Puma::from_checkpoint(&checkpoint, &Device::Cpu).unwrap();
        let crop = image::RgbImage::from_pixel(64, 64, image::Rgb([90, 120, 30]));
        let embedded = puma.embed(&[crop]).unwrap().remove(0);
        let length: f32 = embedded.embedding.iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-4, "{method:?}");
        let pool = matches!(method, Method::Puma | Method::PromptsOnly);
        assert_eq!(embedded.similarity.len(), if pool { 20 } else { 0 });
    }
}

#[test]
fn methods_of_every_kind_go_on_where_they_were_stopped() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    for method in [
        Method::Linear,
        Method::FineTuning,
        Method::VptDeep,
        Method::Lora,
    ] {
        let config = TrainConfig { method, ..config() };
        let [whole, parts] =
            ["whole", "parts"].map(|name| folder.path().join(format!("{name}-{method:?}")));
        run(&config, &root, &whole, false, usize::MAX);
        run(&config, &root, &parts, false, 4);
        run(&config, &root, &parts, true, usize::MAX);
        let [a, b] = [&whole, &parts].map(|run| tensors(&run.join("state.safetensors")));
        for (name, value) in &a {
            let [value, other] = [value, &b[name]].map(|value| {
                let values = value.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            });
            assert_eq!(value, other, "{method:?} {name}");
        }
    }
}

#[test]
fn activations_computed_again_give_the_same_run() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    let states = [false, true].map(|recompute| {
        let config = TrainConfig {
            recompute,
            ..config()
        };
        let out = folder.path().join(format!("{recompute}"));
        run(&config, &root, &out, false, usize::MAX);
        tensors(&out.join("model.safetensors"))
    });
    for (name, value) in &states[0] {
        let [value, other] = [value, &states[1][name]].map(|value| {
            let value = value.to_dtype(candle_core::DType::F32).unwrap();
            value.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        });
        assert_eq!(value, other, "{name}");
    }
}

#[test]
fn a_run_without_progress_ends_early_and_keeps_its_best_model() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 16);
    let config = TrainConfig {
        passes: 30,
        validation: 0.25,
        patience: 2,
        // Hardly anything changes, so that no validation is better than the first.
        learning_rate: 1e-7,
        proxy_learning_rate: 1e-7,
        ..config()
    };
    let out = folder.path().join("run");
    let events = run(&config, &root, &out, false, usize::MAX);
    let best: Vec<bool> = events
        .iter()
        .filter_map(|event| match event {
            Event::Validated { best, .. } => Some(*best),
            _ => None,
        })
        .collect();
    assert_eq!(best, [true, false, false]);
    assert!(matches!(
        events.last(),
        Some(Event::Lost { validations: 2 })
    ));
    let first = events.iter().find_map(|event| match event {
        Event::Validated { step, .. } => Some(*step),
        _ => None,
    });
    let kept = Checkpoint::read(&out.join("best.safetensors"), &Default::default()).unwrap();
    assert_eq!(kept.provenance["steps"], serde_json::json!(first.unwrap()));
    // Taken up again, it is still over.
    let again = run(&config, &root, &out, true, usize::MAX);
    assert!(
        !again
            .iter()
            .any(|event| matches!(event, Event::Step { .. }))
    );
}

#[test]
fn mixed_precision_ends_near_full_precision() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    let rounds = Isa::best() >= Isa::Avx512Bf16;
    if !rounds {
        eprintln!("this processor has no products of bf16: both runs have to be alike");
    }
    for method in [Method::Puma, Method::FineTuning, Method::Lora] {
        let states = [false, true].map(|mixed_precision| {
            let config = TrainConfig {
                method,
                mixed_precision,
                ..config()
            };
            let out = folder.path().join(format!("{method:?} {mixed_precision}"));
            run(&config, &root, &out, false, usize::MAX);
            // The checkpoint is in half precision, the state is not.
            tensors(&out.join("state.safetensors"))
        });
        let (mut apart, mut length) = (0.0, 0.0);
        for (name, value) in &states[0] {
            if name.starts_with("parameter.") {
                let sum = |x: candle_core::Tensor| {
                    let x = x.to_dtype(candle_core::DType::F64).unwrap();
                    x.sqr()
                        .unwrap()
                        .sum_all()
                        .unwrap()
                        .to_scalar::<f64>()
                        .unwrap()
                };
                apart += sum((value - &states[1][name]).unwrap());
                length += sum(value.clone());
            }
        }
        let apart = (apart / length).sqrt();
        assert_eq!(apart > 0.0, rounds, "{method:?}: {apart}");
        // Adam turns small differences of small gradients into whole steps; a wrong gradient ends about 1 apart.
        assert!(apart < 0.2, "{method:?}: {apart}");
    }
}
