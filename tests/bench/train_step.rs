//! Time of one training step, randomly initialised DeiT-Tiny:
//! `cargo bench --bench train_step [-- CROP_PX BATCH CHUNK ROUNDS] [puma] [full] [mixed] [device=cpu] [backbone=deit-tiny]
//! [tf32]`. On a GPU a batch is one chunk, whatever is said; `tf32` lets CUDA round products to 11 bits.
//!
//! Figures are taken in turn with PyTorch's by `tests/bench/peers/speed.py`, not by criterion.

mod random_model;

use candle_core::{Tensor, Var};
use puma::model::{DeviceChoice, Gates, Network, Pass, choose_device};
use puma::speed::processor_s;
use puma::train::loss::CurricularFace;
use puma::train::{AdamW, Group, Method, Parameters, StepInput, TrainStep, Workers};
use rand::SeedableRng;
use std::time::Instant;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Processor time of this process so far in seconds, where the system tells it; else 0.
fn cpu_s() -> f64 {
    processor_s().unwrap_or_default()
}

fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default);
    let (crop_px, batch) = (number(0, 224), number(1, 48));
    let text = |name: &str, default: &str| {
        let words: Vec<String> = std::env::args().collect();
        let found = words.iter().find_map(|word| word.strip_prefix(name));
        found.unwrap_or(default).to_owned()
    };
    let device = choose_device(text("device=", "cpu").parse::<DeviceChoice>()?)?.device;
    let backbone = random_model::backbone(&text("backbone=", "deit-tiny"))?;
    let (chunk, threads) = match device.is_cpu() {
        true => (number(2, 6), std::thread::available_parallelism()?.get()),
        false => (batch, 1),
    };
    let asked = |name: &str| std::env::args().any(|arg| arg == name);
    candle_core::cuda::set_gemm_reduced_precision_f32(asked("tf32"));
    for method in [Method::Puma, Method::Full] {
        let (name, other) = match method {
            Method::Puma => ("puma", "full"),
            _ => ("full", "puma"),
        };
        if asked(other) && !asked(name) {
            continue;
        }
        let config = match method {
            Method::Puma => backbone.clone().with_puma(20, 8, 128, 128),
            _ => backbone.clone(),
        };
        let tensors = random_model::tensors(&config)?;
        let parameters = Parameters::split(&tensors, method, &device)?;
        let network = Network::new(&config, &parameters.tensors(), crop_px, &device)?;
        let width = config.embedding_width();
        let proxies = Var::randn(0f32, 1f32, (268, width), &device)?;
        let mut list: Vec<_> = parameters
            .trainable()
            .iter()
            .map(|(name, var)| (name.clone(), var.clone(), Group::Model))
            .collect();
        list.push(("proxies".into(), proxies.clone(), Group::Proxies));
        let mut optimizer = AdamW::new(list, 1e-4)?;
        let variables: Vec<Var> = optimizer.variables().cloned().collect();
        let variables: Vec<&Var> = variables.iter().collect();
        let mut loss = CurricularFace::new(268);
        let workers = Workers::new(threads)?;
        let labels: Vec<u32> = (0..batch as u32).map(|i| i * 5 % 268).collect();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
        let mut chunks = Vec::new();
        let mut gates = Vec::new();
        for start in (0..batch).step_by(chunk) {
            let size = chunk.min(batch - start);
            chunks.push(Tensor::randn(
                0f32,
                1f32,
                (size, 3, crop_px, crop_px),
                &device,
            )?);
            gates.push(Gates::draw(&mut rng, size, config.vit.depth, 0.5, &device)?);
        }
        let step = TrainStep {
            network: &network,
            pool: &[],
            proxies: &proxies,
        };
        let input = StepInput {
            chunks: &chunks,
            gates: Some(&gates),
            labels: &labels,
            keep: None,
            recompute: false,
            mixed_precision: asked("mixed"),
        };
        for round in 0..number(3, 3) {
            let (start, cpu) = (Instant::now(), cpu_s());
            workers.map(chunks.len(), |index| {
                network
                    .forward(&chunks[index], &Pass::Inference)
                    .map(|_| ())
            })?;
            // A GPU has only been told so far.
            device.synchronize()?;
            let (inference_s, inference_cpu) = (start.elapsed().as_secs_f64(), cpu_s() - cpu);
            let (start, cpu) = (Instant::now(), cpu_s());
            let (_, gradients) = step.run(&input, &mut loss, &workers, &variables)?;
            optimizer.step(&gradients, |_| 1e-3)?;
            device.synchronize()?;
            let (step_s, step_cpu) = (start.elapsed().as_secs_f64(), cpu_s() - cpu);
            println!(
                "{method:?} round {round}: inference {:.1} pictures/s ({:.0} CPU-ms each), step {:.1} pictures/s ({:.0} CPU-ms each)",
                batch as f64 / inference_s,
                1e3 * inference_cpu / batch as f64,
                batch as f64 / step_s,
                1e3 * step_cpu / batch as f64
            );
        }
    }
    Ok(())
}
