//! DINOv2 against timm: patch 14, LayerScale, position embeddings interpolated to the picture's grid.

use std::path::Path;

use candle_core::Device;
use puma::model::checkpoint::{Backbone, ReadOptions};
use puma::model::{Checkpoint, Network, Pass};

use super::golden::{golden, largest_difference};

pub fn tiny_dinov2() -> Checkpoint {
    let options = ReadOptions {
        backbone: Some(Backbone::Dinov2Small),
        config: None,
    };
    Checkpoint::read(Path::new("tests/golden/dinov2_tiny.safetensors"), &options).unwrap()
}

#[test]
fn its_configuration_is_read_off_the_tensors() {
    let vit = tiny_dinov2().config.vit;
    assert!(vit.layer_scale);
    assert_eq!((vit.patch_size, vit.position_grid), (14, 37));
    assert_eq!((vit.image_size, vit.heads, vit.depth), (224, 6, 2));
}

#[test]
fn features_equal_timms_at_two_sizes() {
    let checkpoint = tiny_dinov2();
    let expected = golden("dinov2_tiny_forward");
    for (size, repeat) in [(56, 1), (224, 4)] {
        let mut pixels = expected["pixels"].clone();
        if repeat > 1 {
            pixels = pixels.narrow(0, 0, 1).unwrap();
            pixels = pixels.repeat((1, 1, repeat, repeat)).unwrap();
        }
        let mut config = checkpoint.config.clone();
        config.vit.image_size = size;
        let network = Network::new(&config, &checkpoint.tensors, size, &Device::Cpu).unwrap();
        for pass in [Pass::Inference, Pass::Training(None)] {
            let features = network.forward(&pixels, &pass).unwrap().features;
            let difference = largest_difference(&features, &expected[&format!("features_{size}")]);
            assert!(difference < 1e-4, "{size} pixels: {difference}");
        }
    }
}
