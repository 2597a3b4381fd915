//! The one preprocessing against torchvision's bytes (`tests/golden/preprocess_expected.safetensors`, method.md).

use std::path::{Path, PathBuf};

use puma::photo::{Limits, evaluation_crop, read};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// Mean and largest difference of two pictures' samples.
fn difference(a: &[u8], b: &[u8]) -> (f64, u8) {
    assert_eq!(a.len(), b.len());
    let each = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = each.clone().map(u64::from).sum();
    (sum as f64 / a.len() as f64, each.max().unwrap())
}

#[test]
fn evaluation_crop_gives_torchvisions_pixels() {
    let file = std::fs::read(golden("preprocess_expected.safetensors")).unwrap();
    let expected = safetensors::SafeTensors::deserialize(&file).unwrap();
    assert_eq!(expected.len(), 5);
    for (name, tensor) in expected.tensors() {
        let photo = read(&golden(&format!("photos/{name}.png")), &Limits::default()).unwrap();
        let crop = evaluation_crop(&photo, 224);
        assert_eq!(crop.dimensions(), (224, 224));
        let (mean, largest) = difference(crop.as_raw(), tensor.data());
        println!("{name}: mean {mean:.4}, largest {largest}");
        assert!(
            mean <= 0.5 && largest <= 4,
            "{name}: mean {mean}, largest {largest}"
        );
    }
}
