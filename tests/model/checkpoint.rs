//! PUMA's own format: what is written is read back, and nothing wrong is ever loaded.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use puma::model::checkpoint::{Precision, ReadOptions, expected_tensors};
use puma::model::{Checkpoint, Config, ModelError};
use puma::train::TrainConfig;
use serde_json::json;

/// Two blocks of width 12 with all of PUMA's modules; every value differs from every other.
pub fn small_config() -> Config {
    let mut config = Config::vit_small().with_puma(4, 3, 5, 6);
    config.vit.image_size = 8;
    config.vit.patch_size = 4;
    config.vit.position_grid = 2;
    config.vit.width = 12;
    config.vit.mlp_width = 16;
    config.vit.depth = 2;
    config
}

pub fn small_checkpoint() -> Checkpoint {
    let config = small_config();
    let mut count = 0;
    let tensors: BTreeMap<String, Tensor> = expected_tensors(&config)
        .into_iter()
        .map(|(name, shape)| {
            let length: usize = shape.iter().product();
            let values: Vec<f32> = (0..length)
                .map(|i| ((count + i) as f32).sin() / 3.0)
                .collect();
            count += length;
            (name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap())
        })
        .collect();
    Checkpoint {
        config,
        tensors,
        provenance: json!({"seed": 7}),
    }
}

pub fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Bit for bit the same tensors under the same names.
pub fn assert_same_tensors(a: &BTreeMap<String, Tensor>, b: &BTreeMap<String, Tensor>) {
    assert_eq!(
        a.keys().collect::<Vec<_>>(),
        b.keys().collect::<Vec<_>>(),
        "names differ"
    );
    for (name, tensor) in a {
        assert_eq!(tensor.dims(), b[name].dims(), "{name}");
        assert!(values(tensor) == values(&b[name]), "{name} differs");
    }
}

fn written(checkpoint: &Checkpoint) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    checkpoint.write(&path).unwrap();
    std::fs::read(&path).unwrap()
}

fn error_of(bytes: &[u8]) -> ModelError {
    Checkpoint::from_bytes(bytes, Path::new("broken.safetensors")).unwrap_err()
}

/// The bytes of a checkpoint whose JSON header went through `change`; the data stays as it is.
fn with_header(bytes: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    change(&mut header);
    let mut text = header.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut changed = (text.len() as u64).to_le_bytes().to_vec();
    changed.extend(text);
    changed.extend(&bytes[8 + length..]);
    changed
}

fn with_config(bytes: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    with_header(bytes, |header| {
        let text = &mut header["__metadata__"]["config"];
        let mut config = serde_json::from_str(text.as_str().unwrap()).unwrap();
        change(&mut config);
        *text = config.to_string().into();
    })
}

#[test]
fn the_shipped_file_is_complete() {
    let bytes = include_bytes!("../../models/puma.safetensors");
    let checkpoint = Checkpoint::from_bytes(bytes, Path::new("shipped")).unwrap();
    assert_eq!(checkpoint.config.prompts(), 20);
}

#[test]
fn the_shipped_file_was_trained_by_the_configuration_beside_it() {
    let bytes = include_bytes!("../../models/puma.safetensors");
    let checkpoint = Checkpoint::from_bytes(bytes, Path::new("shipped")).unwrap();
    let trained_by: TrainConfig =
        serde_json::from_value(checkpoint.provenance["training"].clone()).unwrap();
    let text = include_str!("../../models/training/puma.toml");
    assert_eq!(trained_by, toml::from_str(text).unwrap());
}

#[test]
fn single_precision_gives_back_every_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    let checkpoint = small_checkpoint();
    checkpoint.write_as(&path, Precision::Single).unwrap();
    let read = Checkpoint::read(&path, &ReadOptions::default()).unwrap();
    assert_same_tensors(&checkpoint.tensors, &read.tensors);
    assert_eq!(read.config, checkpoint.config);
    assert_eq!(read.provenance, checkpoint.provenance);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "temporary files are left behind");
}

#[test]
fn half_precision_rounds_once_and_is_written_alike_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    let checkpoint = small_checkpoint();
    checkpoint.write(&path).unwrap();
    let first = std::fs::read(&path).unwrap();
    let read = Checkpoint::read(&path, &ReadOptions::default()).unwrap();
    for (name, tensor) in &checkpoint.tensors {
        let rounded = tensor.to_dtype(DType::F16).unwrap();
        let rounded = rounded.to_dtype(DType::F32).unwrap();
        assert!(values(&rounded) == values(&read.tensors[name]), "{name}");
        assert!(values(tensor) != values(&read.tensors[name]), "{name}");
    }
    read.write(&path).unwrap();
    assert!(std::fs::read(&path).unwrap() == first);
}

#[test]
fn missing_extra_and_misshaped_tensors_are_named() {
    let write = |change: &dyn Fn(&mut Checkpoint)| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrong.safetensors");
        let mut checkpoint = small_checkpoint();
        change(&mut checkpoint);
        let error = checkpoint.write(&path).unwrap_err();
        assert!(!path.exists(), "a wrong checkpoint was written");
        assert!(error.to_string().contains("wrong.safetensors"), "{error}");
        error
    };
    let missing = write(&|checkpoint| {
        checkpoint.tensors.remove("prompt_pool.keys");
    });
    assert!(
        matches!(missing, ModelError::MissingTensor { tensor, .. } if tensor == "prompt_pool.keys")
    );
    let extra = write(&|checkpoint| {
        let tensor = checkpoint.tensors["head.bias"].clone();
        checkpoint.tensors.insert("head.bais".into(), tensor);
    });
    assert!(matches!(extra, ModelError::ExtraTensor { tensor, .. } if tensor == "head.bais"));
    let misshaped = write(&|checkpoint| {
        let tensor = checkpoint.tensors["head.weight"].t().unwrap();
        checkpoint.tensors.insert("head.weight".into(), tensor);
    });
    assert!(
        matches!(misshaped, ModelError::Shape { tensor, expected, found, .. }
        if tensor == "head.weight" && expected == [6, 12] && found == [12, 6])
    );
}

#[test]
fn the_same_mistakes_are_found_when_reading() {
    let bytes = written(&small_checkpoint());
    let missing = with_header(&bytes, |header| {
        let entry = header["vit.norm.bias"].take();
        header["vit.norm.bais"] = entry;
        header.as_object_mut().unwrap().remove("vit.norm.bias");
    });
    assert!(
        matches!(error_of(&missing), ModelError::MissingTensor { tensor, .. } if tensor == "vit.norm.bias")
    );
    let fewer = with_config(&bytes, |config| config["head"] = json!(null));
    assert!(
        matches!(error_of(&fewer), ModelError::ExtraTensor { tensor, .. } if tensor == "head.bias")
    );
    let wider = with_config(&bytes, |config| config["adapter"]["rank"] = json!(6));
    assert!(
        matches!(error_of(&wider), ModelError::Shape { tensor, .. } if tensor == "adapters.0.attn.down")
    );
    let error = error_of(&wider).to_string();
    assert!(
        error.contains("broken.safetensors") && error.contains("[12, 6]"),
        "{error}"
    );
}

#[test]
fn not_a_number_is_refused_both_ways() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut checkpoint = small_checkpoint();
        let mut row = values(&checkpoint.tensors["head.bias"]);
        row[5] = bad;
        let tensor = Tensor::new(row.as_slice(), &Device::Cpu).unwrap();
        checkpoint.tensors.insert("head.bias".into(), tensor);
        let folder = tempfile::tempdir().unwrap();
        let error = checkpoint
            .write(&folder.path().join("nan.safetensors"))
            .unwrap_err();
        assert!(
            matches!(&error, ModelError::Values { tensor, .. } if tensor == "head.bias"),
            "{error}"
        );
    }
    let mut bytes = written(&small_checkpoint());
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(&half::f16::NAN.to_le_bytes());
    assert!(
        matches!(error_of(&bytes), ModelError::Values { tensor, .. } if tensor == "vit.pos_embed")
    );
}

#[test]
fn a_value_beyond_half_precision_is_refused_not_made_infinite() {
    let mut checkpoint = small_checkpoint();
    let tensor = Tensor::full(70_000f32, 6, &Device::Cpu).unwrap();
    checkpoint.tensors.insert("head.bias".into(), tensor);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.safetensors");
    let error = checkpoint.write(&path).unwrap_err();
    assert!(
        matches!(&error, ModelError::Values { tensor, .. } if tensor == "head.bias"),
        "{error}"
    );
    checkpoint.write_as(&path, Precision::Single).unwrap();
}

#[test]
fn no_truncated_file_is_loaded() {
    let bytes = written(&small_checkpoint());
    for length in (0..bytes.len()).step_by(61) {
        let error = error_of(&bytes[..length]);
        assert!(
            matches!(error, ModelError::Format { .. }),
            "{length} bytes: {error}"
        );
    }
    let mut longer = bytes.clone();
    longer.extend([0; 10]);
    assert!(matches!(error_of(&longer), ModelError::Format { .. }));
}

#[test]
fn wrong_configurations_say_which_number() {
    let bytes = written(&small_checkpoint());
    type Change = fn(&mut serde_json::Value);
    let cases: [(&str, Change); 9] = [
        ("vit.heads", |config| config["vit"]["heads"] = json!(5)),
        ("vit.depth", |config| config["vit"]["depth"] = json!(0)),
        ("vit.patch_size", |config| {
            config["vit"]["patch_size"] = json!(3);
        }),
        ("vit.width", |config| {
            config["vit"]["width"] = json!(10_000_000);
        }),
        ("layer_norm_eps", |config| {
            config["vit"]["layer_norm_eps"] = json!(0.0);
        }),
        ("prompt.length", |config| {
            config["prompt"]["length"] = json!(0);
        }),
        ("std", |config| config["std"] = json!([0.5, 0.0, 0.5])),
        ("mean", |config| config["mean"] = json!([0.5, 0.5])),
        ("unknown field", |config| {
            config["lora"] = json!({"rank": 2})
        }),
    ];
    for (expected, change) in cases {
        let error = error_of(&with_config(&bytes, change));
        assert!(matches!(error, ModelError::Config { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(expected) || expected == "mean" && text.contains("length 2"),
            "{expected}: {text}"
        );
    }
    let without = with_header(&bytes, |header| {
        header["__metadata__"]
            .as_object_mut()
            .unwrap()
            .remove("config");
    });
    assert!(matches!(error_of(&without), ModelError::Config { .. }));
    let newer = with_header(&bytes, |header| {
        header["__metadata__"]["version"] = json!("2");
    });
    assert!(error_of(&newer).to_string().contains("version `2`"));
}

#[test]
fn other_files_are_no_checkpoints() {
    for bytes in [
        b"".as_slice(),
        b"hello, this is a text file",
        &[0xff; 100],
        b"\x89PNG\r\n\x1a\n and so on",
        b"PK\x03\x04 but no archive",
        b"\x80\x02}q\x00.",
    ] {
        let error = error_of(bytes);
        assert!(matches!(error, ModelError::Format { .. }), "{error}");
    }
    let error = Checkpoint::read(
        Path::new("no/such/file.safetensors"),
        &ReadOptions::default(),
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("no/such/file.safetensors"),
        "{error}"
    );
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.safetensors");
    let checkpoint = small_checkpoint();
    checkpoint.write(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let mut wrong = checkpoint.clone();
    wrong.tensors.remove("vit.cls_token");
    wrong.write(&path).unwrap_err();
    assert!(std::fs::read(&path).unwrap() == before);
    checkpoint
        .write(&folder.path().join("no/such/folder.safetensors"))
        .unwrap_err();
}

#[test]
fn parameters_are_counted_as_the_paper_counts_them() {
    let published = Config::vit_small().with_puma(20, 8, 128, 128);
    assert_eq!(published.trainable_parameters(), 2_485_376);
    let full = published.total_vit_parameters() + 384 * 128 + 128;
    let ratio = 8.0 * full as f64 / published.trainable_parameters() as f64;
    assert!((69.0..71.0).contains(&ratio), "{ratio}");
    let counted: usize = expected_tensors(&published)
        .values()
        .map(|shape| shape.iter().product::<usize>())
        .sum();
    assert_eq!(
        counted,
        published.total_vit_parameters() + published.trainable_parameters()
    );
}
