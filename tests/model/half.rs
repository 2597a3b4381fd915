//! The way of a GPU, taken on the CPU: numbers of 16 bits, batches as large as memory allows, and the way back.

use std::path::Path;

use candle_core::{DType, Device, Var};
use image::RgbImage;
use puma::model::checkpoint::ReadOptions;
use puma::model::{Ablation, Checkpoint, Embedded, Network, Pass, Puma, pixels};

use super::dinov2::tiny_dinov2;
use super::golden::{golden, largest_difference, tiny_config, tiny_network, tiny_tensors};

fn shipped() -> Checkpoint {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/puma.safetensors");
    Checkpoint::read(&path, &ReadOptions::default()).unwrap()
}

fn crops(side_px: u32) -> Vec<RgbImage> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photos");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "png"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 5);
    let crop = |path| {
        let picture = image::open(path).unwrap();
        puma::photo::evaluation_crop(&picture.into_rgb8(), side_px)
    };
    names.iter().map(crop).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The least cosine of the embeddings and the largest difference of the similarities.
fn compare(exact: &[Embedded], other: &[Embedded]) -> (f32, f32) {
    assert_eq!(exact.len(), other.len());
    let mut worst = (1f32, 0f32);
    for (exact, other) in exact.iter().zip(other) {
        worst.0 = worst.0.min(cosine(&exact.embedding, &other.embedding));
        for (a, b) in exact.similarity.iter().zip(&other.similarity) {
            worst.1 = worst.1.max((a - b).abs());
        }
    }
    worst
}

#[test]
fn sixteen_bits_hardly_move_an_embedding() {
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    let crops = crops(puma.image_size());
    let by = |pass: &Pass| puma.embed_by(&crops, pass, &Ablation::None).unwrap();
    let exact = by(&Pass::Inference);
    let (f16, similarity) = compare(&exact, &by(&Pass::Half(DType::F16)));
    assert!(f16 > 0.9999, "{f16}");
    assert!(similarity < 1e-5, "{similarity}");
    // Why GPUs are given f16.
    let (bf16, _) = compare(&exact, &by(&Pass::Half(DType::BF16)));
    assert!(bf16 > 0.99 && bf16 < f16, "{bf16}");
}

#[test]
fn the_authors_numbers_come_out_in_sixteen_bits() {
    let expected = golden("tiny_forward");
    let output = tiny_network()
        .forward(&expected["pixels"], &Pass::Half(DType::F16))
        .unwrap();
    let embedding = largest_difference(&output.embedding, &expected["embedding"]);
    assert!(embedding < 5e-3, "{embedding}");
    let similarity = largest_difference(&output.similarity.unwrap(), &expected["similarity"]);
    assert!(similarity < 1e-5, "{similarity}");
}

#[test]
fn the_class_token_alone_and_parts_left_out_are_those_of_an_f32_pass() {
    let network = tiny_network();
    let pixels = &golden("tiny_forward")["pixels"];
    let half = Pass::Half(DType::F16);
    let ablations = [
        Ablation::None,
        Ablation::PromptsOff,
        Ablation::AdaptersOff,
        Ablation::PromptOff(3),
    ];
    let whole = network.forward(pixels, &Pass::Inference).unwrap().embedding;
    for ablation in ablations {
        let all = network.forward_ablated(pixels, &half, &ablation).unwrap();
        let one = network.embed(pixels, &half, &ablation).unwrap();
        let difference = largest_difference(&all.embedding, &one.embedding);
        assert!(difference < 1e-3, "{ablation:?}: {difference}");
        let exact = network.embed(pixels, &Pass::Inference, &ablation).unwrap();
        let difference = largest_difference(&exact.embedding, &one.embedding);
        assert!(difference < 5e-3, "{ablation:?}: {difference}");
        // The parts matter more than the numbers that they are computed in.
        let moved = largest_difference(&whole, &exact.embedding);
        assert!(ablation == Ablation::None || moved > 2.0 * difference);
    }
}

#[test]
fn layer_scale_is_part_of_the_weights() {
    let checkpoint = tiny_dinov2();
    let config = &checkpoint.config;
    let network = Network::new(config, &checkpoint.tensors, 224, &Device::Cpu).unwrap();
    let pixels = golden("dinov2_tiny_forward")["pixels"]
        .narrow(0, 0, 1)
        .unwrap();
    let pixels = pixels.repeat((1, 1, 4, 4)).unwrap();
    let by = |pass| network.forward(&pixels, &pass).unwrap().embedding;
    let (exact, half) = (by(Pass::Inference), by(Pass::Half(DType::F16)));
    let cosine = (&exact * &half).unwrap().sum_all().unwrap();
    assert!(cosine.to_scalar::<f32>().unwrap() > 0.9999);
    assert!(largest_difference(&exact, &half) > 0.0);
}

#[test]
fn what_is_trained_is_computed_as_it_is_now() {
    let mut tensors = tiny_tensors();
    let name = "adapters.5.mlp.up";
    let variable = Var::from_tensor(&tensors[name]).unwrap();
    tensors.insert(name.into(), variable.as_tensor().clone());
    let network = Network::new(&tiny_config(), &tensors, 64, &Device::Cpu).unwrap();
    let pixels = &golden("tiny_forward")["pixels"];
    let by = |pass| network.forward(pixels, &pass).unwrap().embedding;
    let before = by(Pass::Half(DType::F16));
    assert_eq!(largest_difference(&before, &by(Pass::Inference)), 0.0);
    variable
        .set(&(variable.as_tensor() * 5.0).unwrap())
        .unwrap();
    let after = by(Pass::Half(DType::F16));
    assert_eq!(largest_difference(&after, &by(Pass::Inference)), 0.0);
    assert!(largest_difference(&before, &after) > 1e-3);
}

#[test]
fn the_way_of_a_gpu_gives_the_same_embeddings() {
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    let crops = crops(puma.image_size());
    let rehearsal = Puma::rehearsal(&shipped(), 100).unwrap();
    assert!(rehearsal.uses_gpu() && !puma.uses_gpu());
    assert_eq!(rehearsal.fingerprint(), puma.fingerprint());
    // In f32 only the way of the pixels differs.
    let exact = puma
        .embed_by(&crops, &Pass::Inference, &Ablation::None)
        .unwrap();
    let same = rehearsal.embed_by(&crops, &Pass::Inference, &Ablation::None);
    let (cosine, similarity) = compare(&exact, &same.unwrap());
    assert!(
        cosine > 0.999999 && similarity < 1e-6,
        "{cosine} {similarity}"
    );
    let (cosine, similarity) = compare(&exact, &rehearsal.embed(&crops).unwrap());
    assert!(
        cosine > 0.9999 && similarity < 1e-6,
        "{cosine} {similarity}"
    );
    assert_eq!(rehearsal.take_note(), None);
    let wrong = RgbImage::new(8, 8);
    assert!(
        rehearsal
            .embed(&[wrong])
            .unwrap_err()
            .to_string()
            .contains("224")
    );
}

#[test]
fn numbers_out_of_range_are_computed_in_f32() {
    let mut checkpoint = shipped();
    // No longer an f16; the norm before the head makes it a number like any other.
    let name = "vit.blocks.11.mlp.fc2.weight";
    let large = (&checkpoint.tensors[name] * 1e6).unwrap();
    checkpoint.tensors.insert(name.into(), large);
    let puma = Puma::from_checkpoint(&checkpoint, &Device::Cpu).unwrap();
    let crops = &crops(puma.image_size())[..2];
    let pixels = pixels(crops, &checkpoint.config, 224, &Device::Cpu).unwrap();
    let network = Network::new(&checkpoint.config, &checkpoint.tensors, 224, &Device::Cpu).unwrap();
    let half = network.forward(&pixels, &Pass::Half(DType::F16)).unwrap();
    let lost = half
        .embedding
        .flatten_all()
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    assert!(lost.iter().any(|value| !value.is_finite()));
    let exact = puma
        .embed_by(crops, &Pass::Inference, &Ablation::None)
        .unwrap();
    let rehearsal = Puma::rehearsal(&checkpoint, 100).unwrap();
    let (cosine, _) = compare(&exact, &rehearsal.embed(crops).unwrap());
    assert!(cosine > 0.99999, "{cosine}");
}

#[test]
fn without_memory_fewer_are_embedded_at_a_time_and_at_last_by_the_cpu() {
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    let crops = crops(puma.image_size());
    let by_cpu = puma.embed(&crops).unwrap();
    let small = Puma::rehearsal(&shipped(), 3).unwrap();
    let (cosine, _) = compare(&by_cpu, &small.embed(&crops).unwrap());
    assert!(cosine > 0.9995, "{cosine}");
    assert!(small.uses_gpu());
    assert_eq!(small.at_once(), 2);
    let note = small.take_note().unwrap();
    assert!(note.contains("2 pictures at a time"), "{note}");
    small.clone().embed(&crops).unwrap();
    assert_eq!(small.take_note(), None);

    let none = Puma::rehearsal(&shipped(), 0).unwrap();
    assert_eq!(none.embed(&crops).unwrap(), by_cpu);
    assert!(!none.uses_gpu());
    let note = none.take_note().unwrap();
    assert!(note.contains("the CPU embeds instead"), "{note}");
    assert_eq!(
        none.embed_cls(&crops).unwrap(),
        puma.embed_cls(&crops).unwrap()
    );
    assert_eq!(none.take_note(), None);
}
