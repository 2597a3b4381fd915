//! candle-transformers' ViT and DINOv2 on the same weights: programs of others that know nothing of this one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, IndexOp, Tensor};
use candle_nn::{Activation, VarBuilder};
use candle_transformers::models::{dinov2, vit};
use puma::model::checkpoint::{Backbone, ReadOptions};
use puma::model::{Checkpoint, Network, Pass, resize_matrix};

use super::dinov2::tiny_dinov2;
use super::golden::{golden, largest_difference};

/// The weights under the names of Hugging Face's ViT, with an identity as classifier.
fn hugging_face(checkpoint: &Checkpoint) -> HashMap<String, Tensor> {
    let width = checkpoint.config.vit.width;
    let mut renamed = HashMap::new();
    for (name, tensor) in &checkpoint.tensors {
        let name = name.strip_prefix("vit.").unwrap();
        if let Some((block, part)) = name.split_once(".attn.qkv.") {
            let layer = block.replace("blocks", "vit.encoder.layer");
            for (index, role) in ["query", "key", "value"].iter().enumerate() {
                let slice = tensor.narrow(0, index * width, width).unwrap();
                renamed.insert(format!("{layer}.attention.attention.{role}.{part}"), slice);
            }
            continue;
        }
        let name = name
            .replace("cls_token", "vit.embeddings.cls_token")
            .replace("pos_embed", "vit.embeddings.position_embeddings")
            .replace(
                "patch_embed.proj",
                "vit.embeddings.patch_embeddings.projection",
            )
            .replace("blocks.", "vit.encoder.layer.")
            .replace("attn.proj", "attention.output.dense")
            .replace("mlp.fc1", "intermediate.dense")
            .replace("mlp.fc2", "output.dense")
            .replace("norm1", "layernorm_before")
            .replace("norm2", "layernorm_after");
        let name = match name.strip_prefix("norm.") {
            Some(part) => format!("vit.layernorm.{part}"),
            None => name,
        };
        renamed.insert(name, tensor.clone());
    }
    let identity = Tensor::eye(width, DType::F32, &Device::Cpu).unwrap();
    let zeros = Tensor::zeros(width, DType::F32, &Device::Cpu).unwrap();
    renamed.insert("classifier.weight".into(), identity);
    renamed.insert("classifier.bias".into(), zeros);
    renamed
}

/// Largest difference between the two class tokens, relative to the largest value.
fn vit_difference(checkpoint: &Checkpoint, pixels: &Tensor) -> f32 {
    let ours = &checkpoint.config.vit;
    let config = vit::Config {
        hidden_size: ours.width,
        num_hidden_layers: ours.depth,
        num_attention_heads: ours.heads,
        intermediate_size: ours.mlp_width,
        hidden_act: Activation::Gelu,
        layer_norm_eps: ours.layer_norm_eps,
        image_size: ours.image_size,
        patch_size: ours.patch_size,
        num_channels: 3,
        qkv_bias: true,
    };
    let builder = VarBuilder::from_tensors(hugging_face(checkpoint), DType::F32, &Device::Cpu);
    let theirs = vit::Model::new(&config, ours.width, builder).unwrap();
    let theirs = theirs.forward(pixels).unwrap();
    let network = Network::new(
        &checkpoint.config,
        &checkpoint.tensors,
        ours.image_size,
        &Device::Cpu,
    );
    let output = network.unwrap().forward(pixels, &Pass::Inference).unwrap();
    let cls = output.features.i((.., 0)).unwrap();
    let largest = theirs.abs().unwrap().max_all().unwrap();
    largest_difference(&cls, &theirs) / largest.to_scalar::<f32>().unwrap()
}

#[test]
fn the_vit_of_candle_transformers_agrees() {
    let options = ReadOptions {
        backbone: Some(Backbone::DeitTiny),
        config: None,
    };
    let path = Path::new("tests/golden/vit_tiny.safetensors");
    let mut checkpoint = Checkpoint::read(path, &options).unwrap();
    let pixels = &golden("vit_tiny_forward")["pixels"];
    let difference = vit_difference(&checkpoint, pixels);
    assert!(difference < 1e-5, "{difference}");
    // The comparison sees a mistake: two swapped heads' worth of weights.
    checkpoint.config.vit.heads = 6;
    let network = Network::new(&checkpoint.config, &checkpoint.tensors, 64, &Device::Cpu).unwrap();
    let other = network.forward(pixels, &Pass::Inference).unwrap().features;
    assert!(largest_difference(&other, &golden("vit_tiny_forward")["features"]) > 1e-2);
}

#[test]
fn it_agrees_on_the_real_deit_tiny() {
    let Some(path) = std::env::var_os("PUMA_DEIT").map(PathBuf::from) else {
        println!("skipped: PUMA_DEIT does not name DeiT-Tiny's weights");
        return;
    };
    let checkpoint = Checkpoint::read(&path, &ReadOptions::default()).unwrap();
    let pixels = golden("tiny_forward")["pixels"].i(..1).unwrap();
    let pixels = pixels
        .repeat((1, 1, 4, 4))
        .unwrap()
        .narrow(2, 0, 224)
        .unwrap();
    let pixels = pixels.narrow(3, 0, 224).unwrap().contiguous().unwrap();
    let difference = vit_difference(&checkpoint, &pixels);
    assert!(difference < 1e-4, "{difference}");
}

/// candle's DINOv2 takes the nearest stored position instead of interpolating, LayerNorm's epsilon 1e-5 and the tanh
/// approximation of GELU. The first two are matched here; the third stays as a difference of the order of 1e-3.
#[test]
fn the_dinov2_of_candle_transformers_agrees() {
    let mut checkpoint = tiny_dinov2();
    checkpoint.config.vit.layer_norm_eps = 1e-5;
    checkpoint.config.vit.image_size = 56;
    let (width, grid, stored) = (48, 4, 37);
    let pixels = golden("dinov2_tiny_forward")["pixels"].i(..1).unwrap();

    let mut theirs: HashMap<String, Tensor> = checkpoint
        .tensors
        .iter()
        .map(|(name, tensor)| (name.replacen("vit.", "", 1), tensor.clone()))
        .collect();
    let positions = theirs["pos_embed"].i((0, 1..)).unwrap();
    let resized = resize_matrix(stored, grid, &Device::Cpu).unwrap();
    let resized = resized
        .matmul(&positions)
        .unwrap()
        .to_vec2::<f32>()
        .unwrap();
    let mut rows = vec![vec![0f32; width]; stored * stored];
    for (index, row) in resized.into_iter().enumerate() {
        let nearest = |i: usize| i * stored / grid;
        rows[nearest(index / grid) * stored + nearest(index % grid)] = row;
    }
    let rows = Tensor::new(rows, &Device::Cpu).unwrap();
    let class = theirs["pos_embed"].i((0, ..1)).unwrap();
    let positions = Tensor::cat(&[class, rows], 0)
        .unwrap()
        .unsqueeze(0)
        .unwrap();
    theirs.insert("pos_embed".into(), positions);
    for (name, shape) in [
        ("head.weight", vec![1000, 2 * width]),
        ("head.bias", vec![1000]),
    ] {
        let zeros = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        theirs.insert(name.into(), zeros);
    }
    let builder = VarBuilder::from_tensors(theirs, DType::F32, &Device::Cpu);
    let model = dinov2::DinoVisionTransformer::new(builder, 2, width, 6).unwrap();
    let theirs = model
        .get_intermediate_layers(&pixels, &[1], false, false, true)
        .unwrap()
        .i(0)
        .unwrap();

    let difference = |checkpoint: &Checkpoint| {
        let network =
            Network::new(&checkpoint.config, &checkpoint.tensors, 56, &Device::Cpu).unwrap();
        let output = network.forward(&pixels, &Pass::Inference).unwrap();
        largest_difference(&output.features.i((.., 1..)).unwrap(), &theirs)
    };
    let close = difference(&checkpoint);
    assert!(close < 5e-3, "{close}");
    let scale = "vit.blocks.1.ls2.gamma";
    let doubled = (&checkpoint.tensors[scale] * 1.1).unwrap();
    checkpoint.tensors.insert(scale.into(), doubled);
    let wrong = difference(&checkpoint);
    assert!(wrong > 10.0 * close, "{wrong} against {close}");
}
