//! What the ablations leave out, against passes that never had it and sums made by hand.

use super::golden::{golden, largest_difference, tiny_config, tiny_network, tiny_tensors};
use candle_core::{Device, IndexOp, Tensor};
use puma::model::{Ablation, Checkpoint, Embedded, ModelError, Network, Pass, Puma};
use std::path::Path;

fn pixels() -> Tensor {
    golden("tiny_forward")["pixels"].clone()
}

fn ablated(network: &Network, ablation: &Ablation) -> Tensor {
    let output = network
        .forward_ablated(&pixels(), &Pass::Inference, ablation)
        .unwrap();
    output.embedding
}

fn crop(name: &str) -> image::RgbImage {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photos");
    let image = image::open(folder.join(name)).unwrap().into_rgb8();
    puma::photo::evaluation_crop(&image, 224)
}

#[test]
fn nothing_left_out_is_the_whole_model_to_the_last_bit() {
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    let crops = ["chelsea.png", "coffee.png", "rocket.png"].map(crop);
    let whole = puma.embed(&crops).unwrap();
    assert_eq!(whole, puma.embed_ablated(&crops, &Ablation::None).unwrap());
    // Neither pass is the ablated one by mistake.
    for ablation in [Ablation::PromptsOff, Ablation::AdaptersOff] {
        let changed = puma.embed_ablated(&crops, &ablation).unwrap();
        let cosine = |a: &Embedded, b: &Embedded| -> f32 {
            let pairs = a.embedding.iter().zip(&b.embedding);
            pairs.map(|(a, b)| a * b).sum()
        };
        for (a, b) in whole.iter().zip(&changed) {
            let score = cosine(a, b);
            assert!(score < 0.9999, "{ablation:?} changes nothing: {score}");
        }
    }
}

#[test]
fn prompts_off_is_a_network_without_a_pool() {
    let mut config = tiny_config();
    config.prompt = None;
    let mut tensors = tiny_tensors();
    tensors.retain(|name, _| !name.starts_with("prompt_pool."));
    let without = Network::new(&config, &tensors, 64, &Device::Cpu).unwrap();
    let expected = without.forward(&pixels(), &Pass::Inference).unwrap();
    let output = tiny_network()
        .forward_ablated(&pixels(), &Pass::Inference, &Ablation::PromptsOff)
        .unwrap();
    assert!(output.similarity.is_none() && output.conditional_prompt.is_none());
    assert_eq!(output.features.dims(), expected.features.dims());
    assert!(largest_difference(&output.embedding, &expected.embedding) < 1e-6);
    assert!(largest_difference(&output.embedding, &golden("tiny_forward")["embedding"]) > 1e-3);
}

#[test]
fn adapters_off_is_a_network_without_adapters() {
    let mut config = tiny_config();
    config.adapter = None;
    let mut tensors = tiny_tensors();
    tensors.retain(|name, _| !name.starts_with("adapters."));
    let without = Network::new(&config, &tensors, 64, &Device::Cpu).unwrap();
    let expected = without.forward(&pixels(), &Pass::Inference).unwrap();
    let found = ablated(&tiny_network(), &Ablation::AdaptersOff);
    assert!(largest_difference(&found, &expected.embedding) < 1e-6);
    assert!(largest_difference(&found, &golden("tiny_forward")["embedding"]) > 1e-3);
}

/// The weighted sum is written out here, prompt by prompt, from the authors' similarities.
#[test]
fn one_prompt_off_leaves_its_term_out_of_the_sum() {
    let network = tiny_network();
    let similarity = golden("tiny_forward")["similarity"]
        .to_vec2::<f32>()
        .unwrap();
    let prompts = tiny_tensors()["prompt_pool.prompts"].clone();
    let (m, l, d) = prompts.dims3().unwrap();
    for off in [0, 7, m - 1] {
        let output = network
            .forward_ablated(&pixels(), &Pass::Inference, &Ablation::PromptOff(off))
            .unwrap();
        let found = output.conditional_prompt.unwrap();
        for (row, weights) in similarity.iter().enumerate() {
            let mut sum = vec![0f64; l * d];
            for (at, weight) in weights.iter().enumerate() {
                if at != off {
                    let prompt = prompts.i(at).unwrap().flatten_all().unwrap();
                    for (value, part) in sum.iter_mut().zip(prompt.to_vec1::<f32>().unwrap()) {
                        *value += f64::from(*weight) * f64::from(part);
                    }
                }
            }
            let found = found.i(row).unwrap().flatten_all().unwrap();
            for (value, expected) in found.to_vec1::<f32>().unwrap().iter().zip(&sum) {
                assert!((f64::from(*value) - expected).abs() < 1e-4);
            }
        }
        let weights = output.similarity.unwrap().to_vec2::<f32>().unwrap();
        assert!(weights.iter().all(|row| row[off] == 0.0));
        let whole = golden("tiny_forward")["embedding"].clone();
        assert!(largest_difference(&output.embedding, &whole) > 1e-6);
    }
}

/// A pool whose prompt `k` is zero cannot tell that prompt's being left out.
#[test]
fn one_prompt_off_equals_that_prompt_being_zero() {
    let mut tensors = tiny_tensors();
    let prompts = tensors["prompt_pool.prompts"].clone();
    let kept = (0..prompts.dim(0).unwrap()).map(|at| if at == 3 { 0f32 } else { 1.0 });
    let kept = Tensor::from_iter(kept, &Device::Cpu).unwrap();
    let kept = kept.reshape(((), 1, 1)).unwrap();
    tensors.insert(
        "prompt_pool.prompts".into(),
        prompts.broadcast_mul(&kept).unwrap(),
    );
    let zeroed = Network::new(&tiny_config(), &tensors, 64, &Device::Cpu).unwrap();
    let expected = zeroed.forward(&pixels(), &Pass::Inference).unwrap();
    let found = ablated(&tiny_network(), &Ablation::PromptOff(3));
    assert!(largest_difference(&found, &expected.embedding) < 1e-5);
}

#[test]
fn one_prompt_for_all_gives_each_picture_the_mean_prompt() {
    let expected = golden("tiny_forward");
    let similarity = expected["similarity"].mean(0).unwrap();
    let mean = similarity.to_vec1::<f32>().unwrap();
    let network = tiny_network();
    let shared = Ablation::OnePromptForAll(mean);
    let output = network
        .forward_ablated(&pixels(), &Pass::Inference, &shared)
        .unwrap();
    let prompt = output.conditional_prompt.unwrap();
    let mean_prompt = expected["conditional_prompt"].mean_keepdim(0).unwrap();
    let mean_prompt = mean_prompt.broadcast_as(prompt.shape()).unwrap();
    let mean_prompt = mean_prompt.contiguous().unwrap();
    assert!(largest_difference(&prompt, &mean_prompt) < 1e-4);
    assert!(largest_difference(&output.embedding, &expected["embedding"]) > 1e-6);
}

/// With a temperature the prompts' weights are written out here from the authors' similarities.
#[test]
fn with_a_temperature_prompts_are_weighted_by_a_softmax_and_have_a_mean_too() {
    let mut config = tiny_config();
    config.prompt.as_mut().unwrap().temperature = Some(0.05);
    let network = Network::new(&config, &tiny_tensors(), 64, &Device::Cpu).unwrap();
    let output = network.forward(&pixels(), &Pass::Inference).unwrap();
    let expected = golden("tiny_forward");
    let similarity = output.similarity.unwrap();
    assert!(largest_difference(&similarity, &expected["similarity"]) < 1e-4);
    let rows = similarity.to_vec2::<f32>().unwrap();
    let prompts = tiny_tensors()["prompt_pool.prompts"].clone();
    let (m, l, d) = prompts.dims3().unwrap();
    let mut made = Vec::new();
    for row in &rows {
        let weights: Vec<f64> = row.iter().map(|s| (f64::from(*s) / 0.05).exp()).collect();
        let total: f64 = weights.iter().sum();
        let weights: Vec<f32> = weights
            .iter()
            .map(|weight| (weight / total) as f32)
            .collect();
        let weights = Tensor::from_vec(weights, (1, m), &Device::Cpu).unwrap();
        let prompt = weights.matmul(&prompts.reshape((m, l * d)).unwrap());
        made.push(prompt.unwrap().reshape((1, l, d)).unwrap());
    }
    let made = Tensor::cat(&made, 0).unwrap();
    assert!(largest_difference(&output.conditional_prompt.unwrap(), &made) < 1e-4);

    let checkpoint = Checkpoint {
        config,
        tensors: tiny_tensors(),
        provenance: serde_json::Value::Null,
    };
    let puma = Puma::from_checkpoint(&checkpoint, &Device::Cpu).unwrap();
    let mean = puma.similarity_of_mean_prompt(rows.iter().map(Vec::as_slice));
    let shared = network
        .forward_ablated(
            &pixels(),
            &Pass::Inference,
            &Ablation::OnePromptForAll(mean),
        )
        .unwrap();
    let mean_prompt = made.mean_keepdim(0).unwrap();
    let mean_prompt = mean_prompt.broadcast_as(made.shape()).unwrap();
    let prompt = shared.conditional_prompt.unwrap();
    assert!(largest_difference(&prompt, &mean_prompt.contiguous().unwrap()) < 1e-4);
}

#[test]
fn what_a_model_does_not_have_cannot_be_left_out() {
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    let crops = [crop("coffee.png")];
    for ablation in [
        Ablation::PromptOff(puma.prompts()),
        Ablation::OnePromptForAll(vec![0.0; puma.prompts() + 1]),
    ] {
        let error = puma.embed_ablated(&crops, &ablation).unwrap_err();
        assert!(matches!(error, ModelError::Choice(_)), "{error}");
    }
    assert!(Ablation::PromptsOff.check(0).is_err());
    assert!(Ablation::AdaptersOff.check(0).is_ok());
}
