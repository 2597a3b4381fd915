//! One whole step against the authors' code: losses, gradients and every parameter after AdamW.

use crate::model::golden::{golden, tiny_config, tiny_tensors};
use candle_core::{Device, Tensor, Var};
use puma::model::Network;
use puma::train::loss::{CurricularFace, MetricLoss};
use puma::train::{AdamW, Group, Method, Parameters, StepInput, TrainStep, Workers};
use std::collections::HashMap;

fn relative_difference(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.shape(), b.shape());
    let scale: f32 = b.abs().unwrap().max_all().unwrap().to_scalar().unwrap();
    let largest: f32 = (a - b)
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap()
        .to_scalar()
        .unwrap();
    largest / scale
}

/// The golden tensor of one of our parameters under `prefix` (`grad` or `after`).
fn theirs(golden: &HashMap<String, Tensor>, prefix: &str, name: &str) -> Tensor {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        ["adapters", block, branch, part] => {
            let letter = if *part == "down" { "d" } else { "u" };
            let index = usize::from(*branch == "mlp");
            golden[&format!("{prefix}.body.adapter.{letter}.{block}")]
                .get(index)
                .unwrap()
        }
        ["prompt_pool", part] => {
            golden[&format!("{prefix}.body.prompt.e_{}_-1", &part[..1])].clone()
        }
        ["head", part] => golden[&format!("{prefix}.last_layer.0.{part}")].clone(),
        _ => panic!("{name} is not a trainable parameter"),
    }
}

fn step_equals_golden(chunk_sizes: &[usize], threads: usize) {
    let golden = golden("tiny_train_step");
    let parameters = Parameters::split(&tiny_tensors(), Method::Puma, &Device::Cpu).unwrap();
    let network = Network::new(&tiny_config(), &parameters.tensors(), 64, &Device::Cpu).unwrap();
    let proxies = Var::from_tensor(&golden["proxies_before"]).unwrap();
    let labels: Vec<u32> = golden["labels"]
        .to_vec1::<i64>()
        .unwrap()
        .iter()
        .map(|&label| label as u32)
        .collect();
    let mut loss = CurricularFace::new(5);
    loss.set_state(&golden["pos_sim_before"].to_vec1::<f32>().unwrap())
        .unwrap();

    let mut list: Vec<(String, Var, Group)> = parameters
        .trainable()
        .iter()
        .map(|(name, var)| (name.clone(), var.clone(), Group::Model))
        .collect();
    let names: Vec<String> = list.iter().map(|(name, ..)| name.clone()).collect();
    list.push(("proxies".into(), proxies.clone(), Group::Proxies));
    let mut optimizer = AdamW::new(list, 1e-4).unwrap();
    let pool: Vec<Var> = ["prompts", "keys", "attention"]
        .iter()
        .map(|part| parameters.trainable()[&format!("prompt_pool.{part}")].clone())
        .collect();

    let mut start = 0;
    let mut chunks = Vec::new();
    for &size in chunk_sizes {
        chunks.push(golden["pixels"].narrow(0, start, size).unwrap());
        start += size;
    }
    let input = StepInput {
        chunks: &chunks,
        gates: None,
        labels: &labels,
        keep: None,
        recompute: false,
        mixed_precision: false,
    };
    let step = TrainStep {
        network: &network,
        pool: &pool,
        proxies: &proxies,
    };
    let variables: Vec<Var> = optimizer.variables().cloned().collect();
    let variables: Vec<&Var> = variables.iter().collect();
    let workers = Workers::new(threads).unwrap();
    let (losses, gradients) = step.run(&input, &mut loss, &workers, &variables).unwrap();

    let scalar = |name: &str| golden[name].to_vec1::<f32>().unwrap()[0];
    assert!(
        (losses.metric / scalar("metric_loss") - 1.0).abs() < 1e-4,
        "{losses:?}"
    );
    let penalty = losses.penalty / scalar("prompt_penalty");
    assert!(
        (penalty - 1.0).abs() < 1e-3,
        "{losses:?}, theirs {}",
        scalar("prompt_penalty")
    );
    assert!(
        (losses.total / scalar("total_loss") - 1.0).abs() < 1e-4,
        "{losses:?}"
    );
    for (name, gradient) in names.iter().zip(&gradients) {
        let difference = relative_difference(gradient, &theirs(&golden, "grad", name));
        assert!(
            difference < 1e-3,
            "gradient of {name} differs by {difference}"
        );
    }
    let difference = relative_difference(&gradients[names.len()], &golden["proxies_grad"]);
    assert!(
        difference < 1e-3,
        "gradient of the proxies differs by {difference}"
    );
    let running = Tensor::new(loss.state(), &Device::Cpu).unwrap();
    assert!(relative_difference(&running, &golden["pos_sim_after"]) < 1e-4);

    optimizer
        .step(
            &gradients,
            |group| if group == Group::Model { 1e-3 } else { 1.0 },
        )
        .unwrap();
    for name in &names {
        let var = &parameters.trainable()[name];
        let difference = relative_difference(var, &theirs(&golden, "after", name));
        assert!(
            difference < 1e-3,
            "{name} after the step differs by {difference}"
        );
    }
    let difference = relative_difference(&proxies, &golden["proxies_after"]);
    assert!(
        difference < 1e-3,
        "proxies after the step differ by {difference}"
    );
}

#[test]
fn a_step_equals_the_authors() {
    step_equals_golden(&[6], 1);
}

#[test]
fn a_step_in_chunks_on_two_threads_equals_the_authors() {
    step_equals_golden(&[2, 3, 1], 2);
}

#[test]
fn variables_of_the_full_method_are_all_tensors() {
    let tensors = tiny_tensors();
    let full = Parameters::split(&tensors, Method::Full, &Device::Cpu).unwrap();
    assert_eq!(full.trainable().len(), tensors.len());
    let puma = Parameters::split(&tensors, Method::Puma, &Device::Cpu).unwrap();
    assert!(puma.frozen().keys().all(|name| name.starts_with("vit.")));
    assert_eq!(puma.frozen().len() + puma.trainable().len(), tensors.len());
}
