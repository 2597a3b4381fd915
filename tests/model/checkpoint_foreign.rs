//! The authors' checkpoints and timm's ViTs, written by PyTorch and timm themselves (`tests/golden/make`).

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use puma::model::checkpoint::{Backbone, Precision, ReadOptions};
use puma::model::{Checkpoint, Config, ModelError, Network, Pass};

use super::checkpoint::{assert_same_tensors, small_checkpoint};
use super::golden::{golden, largest_difference, tiny_config, tiny_tensors};

fn file(name: &str) -> PathBuf {
    Path::new("tests/golden").join(name)
}

fn as_backbone(backbone: Backbone) -> ReadOptions {
    ReadOptions {
        backbone: Some(backbone),
        config: None,
    }
}

#[test]
fn a_pth_as_the_trainer_writes_it() {
    let path = file("authors_tiny.pth");
    let read = Checkpoint::read(&path, &ReadOptions::default()).unwrap();
    // The namespace says vit_small_patch16_224: 6 heads, mean and standard deviation 0.5.
    assert_eq!(read.config.vit.heads, 6);
    assert_eq!((read.config.mean, read.config.std), ([0.5; 3], [0.5; 3]));
    assert_eq!((read.config.vit.width, read.config.vit.depth), (12, 12));
    assert_eq!(
        (read.config.vit.patch_size, read.config.vit.image_size),
        (4, 16)
    );
    let prompt = read.config.prompt.as_ref().unwrap();
    assert_eq!((prompt.pool_size, prompt.length), (5, 3));
    assert_eq!(read.config.adapter.as_ref().unwrap().rank, 4);
    assert_eq!(read.config.embedding_width(), 6);
    assert_eq!(read.provenance["epoch"], 41);
    assert_eq!(read.provenance["arguments"]["loss"], "CurricularFace");
    assert_eq!(read.provenance["arguments"]["seed"], 1u64 << 40);
    let options = as_backbone(Backbone::VitSmall);
    let plain = Checkpoint::read(&file("authors_tiny.safetensors"), &options).unwrap();
    assert_same_tensors(&read.tensors, &plain.tensors);
    assert_eq!(read.config, plain.config);
}

#[test]
fn a_pth_with_views_and_without_namespace() {
    let path = file("authors_views.pth");
    let error = Checkpoint::read(&path, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ModelError::Backbone { .. }), "{error}");
    assert!(error.to_string().contains("--backbone"), "{error}");
    let read = Checkpoint::read(&path, &as_backbone(Backbone::DeitTiny)).unwrap();
    assert_eq!(read.config.vit.heads, 3);
    let options = as_backbone(Backbone::DeitTiny);
    let plain = Checkpoint::read(&file("authors_tiny.safetensors"), &options).unwrap();
    assert_same_tensors(&read.tensors, &plain.tensors);
}

#[test]
fn no_truncated_or_damaged_pth_is_loaded() {
    let bytes = std::fs::read(file("authors_tiny.pth")).unwrap();
    let path = Path::new("broken.pth");
    for length in (4..bytes.len()).step_by(9973) {
        let error = Checkpoint::from_bytes(&bytes[..length], path).unwrap_err();
        assert!(
            matches!(error, ModelError::Format { .. }),
            "{length} bytes: {error}"
        );
    }
    // The checksums of the archive find flipped bits in any storage that is used.
    let whole = Checkpoint::from_bytes(&bytes, path).unwrap();
    for at in (64..bytes.len()).step_by(4999) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        if let Ok(read) = Checkpoint::from_bytes(&damaged, path) {
            assert_same_tensors(&read.tensors, &whole.tensors);
        }
    }
}

#[test]
fn the_golden_weights_give_the_golden_embeddings() {
    let path = file("tiny_weights.safetensors");
    let error = Checkpoint::read(&path, &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("width 48"), "{error}");
    let explicit = ReadOptions {
        backbone: None,
        config: Some(tiny_config()),
    };
    for options in [explicit, as_backbone(Backbone::DeitTiny)] {
        let read = Checkpoint::read(&path, &options).unwrap();
        assert_eq!(read.config, tiny_config());
        assert_same_tensors(&read.tensors, &tiny_tensors());
        let expected = golden("tiny_forward");
        let network = Network::new(&read.config, &read.tensors, 64, &Device::Cpu).unwrap();
        let output = network
            .forward(&expected["pixels"], &Pass::Inference)
            .unwrap();
        let difference = largest_difference(&output.embedding, &expected["embedding"]);
        assert!(difference < 1e-4, "{difference}");
    }
}

#[test]
fn conversion_there_and_back_changes_no_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (puma, authors) = (
        folder.path().join("puma.safetensors"),
        folder.path().join("authors.safetensors"),
    );
    let read = Checkpoint::read(&file("authors_tiny.pth"), &ReadOptions::default()).unwrap();
    read.write_as(&puma, Precision::Single).unwrap();
    let own = Checkpoint::read(&puma, &ReadOptions::default()).unwrap();
    own.write_authors(&authors, Precision::Single).unwrap();
    let theirs = candle_core::safetensors::load(&authors, &Device::Cpu).unwrap();
    let original =
        candle_core::safetensors::load(file("authors_tiny.safetensors"), &Device::Cpu).unwrap();
    assert_eq!(theirs.len(), original.len());
    for (name, tensor) in &original {
        assert_eq!(tensor.dtype(), theirs[name].dtype(), "{name}");
        let difference = (tensor - &theirs[name]).unwrap().abs().unwrap();
        let sum = difference.to_dtype(candle_core::DType::F32).unwrap();
        assert_eq!(
            sum.sum_all().unwrap().to_scalar::<f32>().unwrap(),
            0.0,
            "{name}"
        );
    }
    // The file says itself what it holds, so no hint is needed on the way back.
    let back = Checkpoint::read(&authors, &ReadOptions::default()).unwrap();
    assert_same_tensors(&back.tensors, &read.tensors);
    assert_eq!(back.config, read.config);
    assert_eq!(back.provenance, read.provenance);
}

/// A checkpoint under the authors' names that went through `change`, read again.
fn authors_after(
    change: impl FnOnce(&mut std::collections::HashMap<String, Tensor>),
) -> ModelError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.safetensors");
    small_checkpoint()
        .write_authors(&path, Precision::Single)
        .unwrap();
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    change(&mut tensors);
    candle_core::safetensors::save(&tensors, &path).unwrap();
    Checkpoint::read(&path, &as_backbone(Backbone::VitSmall)).unwrap_err()
}

#[test]
fn what_puma_takes_for_granted_is_checked() {
    let tensor = |values: &[f32]| Tensor::new(values, &Device::Cpu).unwrap();
    let blamed = |error: ModelError, name: &str| {
        assert!(
            matches!(&error, ModelError::Values { tensor, .. } if tensor == name),
            "{error}"
        );
    };
    let name = "body.adapter.s.1";
    let error = authors_after(|tensors| drop(tensors.insert(name.into(), tensor(&[0.1, 0.2]))));
    blamed(error, name);
    let name = "body.prompt.bn.running_var";
    let error =
        authors_after(|tensors| drop(tensors.insert(name.into(), tensor(&[1.0, 1.0, 2.0, 1.0]))));
    blamed(error, name);
    let name = "body.pos_embed";
    let error = authors_after(|tensors| {
        let positions = &tensors[name];
        let row = (positions.narrow(1, 2, 1).unwrap() + 1.0).unwrap();
        let parts = [
            positions.narrow(1, 0, 2).unwrap(),
            row,
            positions.narrow(1, 3, 5).unwrap(),
        ];
        tensors.insert(name.into(), Tensor::cat(&parts, 1).unwrap());
    });
    blamed(error, name);
}

#[test]
fn missing_and_extra_tensors_are_named_as_in_the_file() {
    for name in [
        "body.adapter.s.0",
        "body.prompt.bn.running_mean",
        "body.prompt.e_k_-1",
        "body.cls_token",
        "body.blocks.0.mlp.fc1.weight",
        "last_layer.0.bias",
    ] {
        let error = authors_after(|tensors| drop(tensors.remove(name)));
        assert!(
            matches!(&error, ModelError::MissingTensor { tensor, .. } if tensor == name),
            "{name}: {error}"
        );
    }
    for name in [
        "body.dist_token",
        "body.lora.d.0",
        "last_layer.1.weight",
        "else",
    ] {
        let error = authors_after(|tensors| {
            let tensor = tensors["body.cls_token"].clone();
            tensors.insert(name.into(), tensor);
        });
        assert!(
            matches!(&error, ModelError::ExtraTensor { tensor, .. } if tensor == name),
            "{name}: {error}"
        );
    }
    let error = authors_after(|tensors| {
        let nan = Tensor::full(f32::NAN, 6, &Device::Cpu).unwrap();
        tensors.insert("last_layer.0.bias".into(), nan);
    });
    assert!(
        matches!(&error, ModelError::Values { tensor, .. } if tensor == "last_layer.0.bias"),
        "{error}"
    );
}

#[test]
fn a_backbone_of_another_width_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.safetensors");
    let mut config = Config::deit_tiny();
    config.vit.depth = 1;
    let tensors = puma::model::checkpoint::expected_tensors(&config)
        .into_iter()
        .map(|(name, shape)| (name.replace("vit.", ""), shape))
        .map(|(name, shape)| {
            (
                name,
                Tensor::ones(shape, candle_core::DType::F32, &Device::Cpu).unwrap(),
            )
        })
        .collect();
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let read = Checkpoint::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(read.config, config, "the width alone says DeiT-Tiny");
    let read = Checkpoint::read(&path, &as_backbone(Backbone::VitTiny)).unwrap();
    assert_eq!(read.config.mean, [0.5; 3]);
    let error = Checkpoint::read(&path, &as_backbone(Backbone::VitSmall)).unwrap_err();
    assert!(error.to_string().contains("192"), "{error}");
}

#[test]
fn a_timm_vit_is_a_plain_frozen_model() {
    let options = as_backbone(Backbone::DeitTiny);
    let read = Checkpoint::read(&file("vit_tiny.safetensors"), &options).unwrap();
    assert_eq!(
        (
            read.config.vit.depth,
            read.config.vit.heads,
            read.config.vit.image_size
        ),
        (2, 3, 64)
    );
    assert_eq!(read.config.trainable_parameters(), 0);
    let expected = golden("vit_tiny_forward");
    let network = Network::new(&read.config, &read.tensors, 64, &Device::Cpu).unwrap();
    for pass in [Pass::Inference, Pass::Training(None)] {
        let output = network.forward(&expected["pixels"], &pass).unwrap();
        let difference = largest_difference(&output.features, &expected["features"]);
        assert!(difference < 1e-4, "{difference}");
        assert!(output.similarity.is_none());
    }
}

#[test]
fn the_real_deit_tiny() {
    let Some(path) = std::env::var_os("PUMA_DEIT").map(PathBuf::from) else {
        println!("skipped: PUMA_DEIT does not name DeiT-Tiny's weights");
        return;
    };
    let read = Checkpoint::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(read.config, Config::deit_tiny());
    assert_eq!(read.config.total_vit_parameters(), 5_524_416);
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.safetensors");
    read.write_as(&own, Precision::Single).unwrap();
    let again = Checkpoint::read(&own, &ReadOptions::default()).unwrap();
    assert_same_tensors(&read.tensors, &again.tensors);
}
