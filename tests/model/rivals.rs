//! The other parameter-efficient methods: each is what its definition says, and its gradients are slopes.

use crate::model::golden::{golden, largest_difference, tiny_config, tiny_tensors};
use candle_core::{Device, Shape, Tensor, Var};
use puma::model::{Ablation, Config, Network, Pass, RivalConfig};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    /// Each test runs in a thread of its own and so draws the same numbers every time.
    static DRAWN: RefCell<ChaCha8Rng> = RefCell::new(ChaCha8Rng::seed_from_u64(7));
}

fn random(shape: impl Into<Shape>) -> Tensor {
    let shape = shape.into();
    let values: Vec<f32> = DRAWN.with_borrow_mut(|rng| {
        let values = rng.sample_iter::<f32, _>(StandardNormal);
        values.take(shape.elem_count()).collect()
    });
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// The golden ViT without PUMA's modules, with another method's of random values.
fn with_rival(rival: RivalConfig) -> (Config, BTreeMap<String, Tensor>) {
    let mut config = Config {
        adapter: None,
        prompt: None,
        ..tiny_config()
    };
    let mut tensors = tiny_tensors();
    tensors.retain(|name, _| name.starts_with("vit.") || name.starts_with("head."));
    for (name, shape) in puma::model::checkpoint::rival_shapes(&rival, &config.vit) {
        tensors.insert(name, (random(shape) * 0.2).unwrap());
    }
    config.rival = Some(rival);
    (config, tensors)
}

fn embed(config: &Config, tensors: &BTreeMap<String, Tensor>, pass: &Pass) -> Tensor {
    let network = Network::new(config, tensors, 64, &Device::Cpu).unwrap();
    let pixels = &golden("tiny_forward")["pixels"];
    network.forward(pixels, pass).unwrap().embedding
}

fn rivals() -> [RivalConfig; 4] {
    [
        RivalConfig::VisualPrompts {
            length: 3,
            deep: false,
        },
        RivalConfig::VisualPrompts {
            length: 3,
            deep: true,
        },
        RivalConfig::LowRank { rank: 5 },
        RivalConfig::AdaptFormer { rank: 7 },
    ]
}

#[test]
fn both_passes_agree_and_every_method_changes_the_embedding() {
    for rival in rivals() {
        let (config, tensors) = with_rival(rival.clone());
        let inference = embed(&config, &tensors, &Pass::Inference);
        let training = embed(&config, &tensors, &Pass::Training(None));
        assert!(
            largest_difference(&inference, &training) < 1e-5,
            "{rival:?}"
        );
        let plain = Config {
            rival: None,
            ..config
        };
        let without = embed(&plain, &tensors, &Pass::Inference);
        assert!(largest_difference(&inference, &without) > 1e-3, "{rival:?}");
    }
}

#[test]
fn low_rank_updates_are_updates_of_the_projection_itself() {
    let (config, mut tensors) = with_rival(RivalConfig::LowRank { rank: 5 });
    let updated = embed(&config, &tensors, &Pass::Inference);
    for block in 0..config.vit.depth {
        let update = |part: &str| {
            let [a, b] =
                ["a", "b"].map(|side| &tensors[&format!("low_rank.{block}.{part}.{side}")]);
            b.matmul(a).unwrap()
        };
        let (query, value) = (update("query"), update("value"));
        let whole = Tensor::cat(&[&query, &query.zeros_like().unwrap(), &value], 0).unwrap();
        let name = format!("vit.blocks.{block}.attn.qkv.weight");
        let weight = (&tensors[&name] + whole).unwrap();
        tensors.insert(name, weight);
    }
    let merged = Config {
        rival: None,
        ..config
    };
    let merged = embed(&merged, &tensors, &Pass::Inference);
    assert!(largest_difference(&updated, &merged) < 1e-5);
}

#[test]
fn an_adapt_former_that_gives_a_constant_is_a_bias_of_the_ffn() {
    let (config, mut tensors) = with_rival(RivalConfig::AdaptFormer { rank: 7 });
    for block in 0..config.vit.depth {
        let name = format!("adapt_former.{block}.down.weight");
        let zeros = tensors[&name].zeros_like().unwrap();
        tensors.insert(name, zeros);
    }
    let adapted = embed(&config, &tensors, &Pass::Inference);
    for block in 0..config.vit.depth {
        let part = |part: &str| &tensors[&format!("adapt_former.{block}.{part}")];
        let hidden = part("down.bias").relu().unwrap().unsqueeze(0).unwrap();
        let constant = hidden.matmul(&part("up.weight").t().unwrap()).unwrap();
        let constant = (constant.squeeze(0).unwrap() + part("up.bias")).unwrap();
        let name = format!("vit.blocks.{block}.mlp.fc2.bias");
        let bias = (&tensors[&name] + (constant * 0.1).unwrap()).unwrap();
        tensors.insert(name, bias);
    }
    let biased = Config {
        rival: None,
        ..config
    };
    let biased = embed(&biased, &tensors, &Pass::Inference);
    assert!(largest_difference(&adapted, &biased) < 1e-5);
}

#[test]
fn shallow_visual_prompts_are_one_prompt_for_all_without_positions() {
    let (config, tensors) = with_rival(RivalConfig::VisualPrompts {
        length: 3,
        deep: false,
    });
    let rival = embed(&config, &tensors, &Pass::Inference);
    // A pool of one prompt, which every picture calls with weight 1 and which gets the class token's position.
    let mut pool = tensors.clone();
    let position = tensors["vit.pos_embed"].narrow(1, 0, 1).unwrap();
    let prompts = tensors["visual_prompts"].broadcast_sub(&position).unwrap();
    pool.insert("prompt_pool.prompts".into(), prompts);
    for name in ["keys", "attention"] {
        let row =
            Tensor::ones((1, config.vit.width), candle_core::DType::F32, &Device::Cpu).unwrap();
        pool.insert(format!("prompt_pool.{name}"), row);
    }
    let puma = Config {
        rival: None,
        prompt: Some(puma::model::config::PromptConfig {
            pool_size: 1,
            length: 3,
            standardised: false,
            temperature: None,
        }),
        ..config
    };
    let network = Network::new(&puma, &pool, 64, &Device::Cpu).unwrap();
    let one = Ablation::OnePromptForAll(vec![1.0]);
    let pixels = &golden("tiny_forward")["pixels"];
    let pooled = network
        .forward_ablated(pixels, &Pass::Inference, &one)
        .unwrap();
    assert!(largest_difference(&rival, &pooled.embedding) < 1e-5);
}

#[test]
fn deep_visual_prompts_count_in_every_block() {
    let (config, tensors) = with_rival(RivalConfig::VisualPrompts {
        length: 3,
        deep: true,
    });
    let before = embed(&config, &tensors, &Pass::Inference);
    for block in 0..config.vit.depth {
        let mut layers: Vec<Tensor> = (0..config.vit.depth)
            .map(|layer| tensors["visual_prompts"].narrow(0, layer, 1).unwrap())
            .collect();
        // Not a constant, which the norm would take out again.
        layers[block] = (&layers[block] + layers[block].sqr().unwrap()).unwrap();
        let mut changed = tensors.clone();
        changed.insert("visual_prompts".into(), Tensor::cat(&layers, 0).unwrap());
        let after = embed(&config, &changed, &Pass::Inference);
        assert!(largest_difference(&before, &after) > 1e-5, "block {block}");
    }
}

#[test]
fn gradients_are_slopes() {
    for rival in rivals() {
        let (config, mut tensors) = with_rival(rival.clone());
        let names: Vec<String> = puma::model::checkpoint::rival_shapes(&rival, &config.vit)
            .into_keys()
            .collect();
        let aim = random((1, 32));
        let value = |tensors: &BTreeMap<String, Tensor>| {
            let embedding = embed(&config, tensors, &Pass::Training(None));
            embedding.broadcast_mul(&aim).unwrap().sum_all().unwrap()
        };
        let mut flat = Vec::new();
        for name in &names {
            let start = tensors[name].clone();
            let var = Var::from_tensor(&start).unwrap();
            tensors.insert(name.clone(), var.as_tensor().clone());
            let gradients = value(&tensors).backward().unwrap();
            let gradient = gradients.get(&var).unwrap();
            let along = gradient.sqr().unwrap().sum_all().unwrap().sqrt().unwrap();
            let length = along.to_scalar::<f32>().unwrap();
            if length < 1e-4 {
                flat.push(name);
                tensors.insert(name.clone(), start);
                continue;
            }
            let direction = (gradient / f64::from(length)).unwrap();
            let mut at = |step: f64| {
                let moved = (&start + (&direction * step).unwrap()).unwrap();
                tensors.insert(name.clone(), moved);
                f64::from(value(&tensors).to_scalar::<f32>().unwrap())
            };
            // Short enough to pass few kinks of ReLU.
            let slope = (at(0.001) - at(-0.001)) / 0.002;
            let length = f64::from(length);
            assert!(
                (slope - length).abs() < 0.03 * length + 2e-3,
                "{rival:?} {name}: {slope} {length}"
            );
            tensors.insert(name.clone(), start);
        }
        assert!(4 * flat.len() <= names.len(), "{rival:?}: {flat:?}");
    }
}
