//! The tiny network with the authors' weights: tensors computed by their code are the yardstick.

use candle_core::{Device, IndexOp, Tensor};
use puma::model::{Config, Network, Output, Pass};
use std::collections::{BTreeMap, HashMap};

/// Width 48, 12 blocks, 3 heads, 64 pixels; M = 20, L = 8, r = 16, e = 32.
pub fn tiny_config() -> Config {
    let mut config = Config::deit_tiny().with_puma(20, 8, 16, 32);
    config.vit.image_size = 64;
    config.vit.position_grid = 4;
    config.vit.width = 48;
    config.vit.mlp_width = 192;
    config
}

pub fn golden(name: &str) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(format!("tests/golden/{name}.safetensors"), &Device::Cpu)
        .unwrap()
}

/// The golden weights under this project's names.
pub fn tiny_tensors() -> BTreeMap<String, Tensor> {
    let mut tensors = BTreeMap::new();
    for (name, tensor) in golden("tiny_weights") {
        if name.contains(".bn.") || name.contains("adapter.s") {
            continue;
        }
        if let Some(rest) = name.strip_prefix("body.adapter.") {
            let (part, block) = rest.split_once('.').unwrap();
            let part = if part == "d" { "down" } else { "up" };
            for (branch, place) in ["attn", "mlp"].iter().enumerate() {
                tensors.insert(
                    format!("adapters.{block}.{place}.{part}"),
                    tensor.i(branch).unwrap().copy().unwrap(),
                );
            }
        } else if let Some(letter) = name.strip_prefix("body.prompt.e_") {
            let part = match &letter[..1] {
                "p" => "prompts",
                "k" => "keys",
                _ => "attention",
            };
            tensors.insert(format!("prompt_pool.{part}"), tensor);
        } else if let Some(part) = name.strip_prefix("last_layer.0.") {
            tensors.insert(format!("head.{part}"), tensor);
        } else if name == "body.pos_embed" {
            let cls = tensor.i((.., ..1)).unwrap();
            let patches = tensor.i((.., 9..)).unwrap();
            tensors.insert(
                "vit.pos_embed".into(),
                Tensor::cat(&[cls, patches], 1).unwrap(),
            );
        } else {
            tensors.insert(name.replace("body.", "vit."), tensor);
        }
    }
    tensors
}

pub fn tiny_network() -> Network {
    Network::new(&tiny_config(), &tiny_tensors(), 64, &Device::Cpu).unwrap()
}

pub fn largest_difference(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.shape(), b.shape());
    (a - b)
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap()
        .to_scalar()
        .unwrap()
}

fn parts(output: &Output) -> [(&'static str, &Tensor); 5] {
    [
        ("query", output.query.as_ref().unwrap()),
        ("similarity", output.similarity.as_ref().unwrap()),
        (
            "conditional_prompt",
            output.conditional_prompt.as_ref().unwrap(),
        ),
        ("features", &output.features),
        ("embedding", &output.embedding),
    ]
}

#[test]
fn both_passes_give_the_authors_tensors() {
    let expected = golden("tiny_forward");
    let network = tiny_network();
    for pass in [Pass::Inference, Pass::Training(None)] {
        let output = network.forward(&expected["pixels"], &pass).unwrap();
        for (name, tensor) in parts(&output) {
            let difference = largest_difference(tensor, &expected[name]);
            assert!(difference < 1e-4, "{name} differs by {difference}");
        }
    }
}

#[test]
fn inference_and_training_pass_agree() {
    let pixels = &golden("tiny_forward")["pixels"];
    let network = tiny_network();
    let fused = network.forward(pixels, &Pass::Inference).unwrap();
    let training = network.forward(pixels, &Pass::Training(None)).unwrap();
    for ((name, a), (_, b)) in parts(&fused).into_iter().zip(parts(&training)) {
        let difference = largest_difference(a, b);
        assert!(difference < 1e-5, "{name} differs by {difference}");
    }
}

#[test]
fn a_picture_does_not_depend_on_its_batch() {
    let pixels = &golden("tiny_forward")["pixels"];
    let network = tiny_network();
    let together = network.forward(pixels, &Pass::Inference).unwrap();
    for order in [vec![3u32], vec![5, 3], vec![0, 1, 2, 4, 3, 5, 5]] {
        let index = Tensor::new(order.as_slice(), &Device::Cpu).unwrap();
        let batch = pixels.index_select(&index, 0).unwrap();
        let output = network.forward(&batch, &Pass::Inference).unwrap();
        for ((name, all), (_, some)) in parts(&together).into_iter().zip(parts(&output)) {
            let difference = largest_difference(&all.index_select(&index, 0).unwrap(), some);
            assert!(
                difference < 1e-5,
                "{name} differs by {difference} in the batch {order:?}"
            );
        }
    }
}

#[test]
fn the_published_setting_has_the_published_number_of_parameters() {
    let published = Config::vit_small().with_puma(20, 8, 128, 128);
    assert_eq!(published.trainable_parameters(), 2_485_376);
    // Eight fully tuned ViT-S/16, each with a head to 128, against the one PUMA.
    let specialised = 8 * (published.total_vit_parameters() + 384 * 128 + 128);
    let ratio = specialised as f64 / published.trainable_parameters() as f64;
    assert!((69.0..70.0).contains(&ratio), "{ratio}");
}
