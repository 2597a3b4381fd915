//! Device choice: what can be typed, and what a build or machine without the device says.

use puma::model::{DeviceChoice, choose_device};

#[test]
fn what_is_shown_can_be_typed() {
    for text in ["auto", "cpu", "cuda:0", "cuda:3", "metal"] {
        let choice: DeviceChoice = text.parse().unwrap();
        assert_eq!(choice.to_string(), text);
    }
    assert_eq!(
        "cuda".parse::<DeviceChoice>().unwrap(),
        DeviceChoice::Cuda(0)
    );
    for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "CPU"] {
        let error = text.parse::<DeviceChoice>().unwrap_err().to_string();
        assert!(error.contains("auto, cpu, cuda"), "{error}");
    }
}

#[test]
fn auto_always_gives_a_device() {
    let chosen = choose_device(DeviceChoice::Auto).unwrap();
    let has_gpu_feature = cfg!(any(feature = "cuda", feature = "metal"));
    let fell_back = has_gpu_feature && chosen.device.is_cpu();
    assert_eq!(chosen.note.is_some(), fell_back, "{:?}", chosen.note);
}

#[test]
fn a_device_that_is_not_there_is_an_error_with_a_way_out() {
    for choice in [DeviceChoice::Cuda(4096), DeviceChoice::Metal] {
        if choice == DeviceChoice::Metal && cfg!(feature = "metal") {
            continue;
        }
        let error = choose_device(choice).unwrap_err().to_string();
        let name = if choice == DeviceChoice::Metal {
            "Metal"
        } else {
            "CUDA"
        };
        assert!(error.contains(name), "{error}");
        assert!(
            error.contains("build") || error.contains("cannot be used here"),
            "{error}"
        );
    }
}
