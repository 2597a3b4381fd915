//! Choosing the device a model runs on.

use std::fmt;
use std::str::FromStr;

use candle_core::{DType, Device, DeviceLocation, Tensor};

use super::error::ModelError;

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU this build can use, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
    /// The Metal device.
    Metal,
}

impl DeviceChoice {
    /// The choice that leads to this device.
    pub fn of(device: &Device) -> Self {
        match device.location() {
            DeviceLocation::Cpu => Self::Cpu,
            DeviceLocation::Cuda { gpu_id } => Self::Cuda(gpu_id),
            DeviceLocation::Metal { .. } => Self::Metal,
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        match text.split_once(':') {
            None => match text {
                "auto" => Some(Self::Auto),
                "cpu" => Some(Self::Cpu),
                "cuda" => Some(Self::Cuda(0)),
                "metal" => Some(Self::Metal),
                _ => None,
            },
            Some(("cuda", number)) => number.parse().ok().map(Self::Cuda),
            Some(_) => None,
        }
        .ok_or_else(|| {
            ModelError::Choice(format!(
                "`{text}` is no device; it is one of auto, cpu, cuda, cuda:N, metal"
            ))
        })
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

/// The device that was opened.
#[derive(Clone, Debug)]
pub struct ChosenDevice {
    /// Candle's handle.
    pub device: Device,
    /// Set when `auto` could not have a GPU that this build is made for: why, to be shown once.
    pub note: Option<String>,
}

impl ChosenDevice {
    fn without_note(device: Device) -> Self {
        Self { device, note: None }
    }
}

/// Opens the device asked for. `auto` always succeeds: it falls back to the CPU and says so.
///
/// # Errors
/// [`ModelError::Device`] if this build lacks the feature or this machine the device.
pub fn choose_device(choice: DeviceChoice) -> Result<ChosenDevice, ModelError> {
    match choice {
        DeviceChoice::Cpu => Ok(ChosenDevice::without_note(Device::Cpu)),
        DeviceChoice::Cuda(number) => open_cuda(number).map(ChosenDevice::without_note),
        DeviceChoice::Metal => open_metal().map(ChosenDevice::without_note),
        DeviceChoice::Auto => Ok(automatic()),
    }
}

fn automatic() -> ChosenDevice {
    let attempt = if cfg!(feature = "cuda") {
        open_cuda(0)
    } else if cfg!(feature = "metal") {
        open_metal()
    } else {
        return ChosenDevice::without_note(Device::Cpu);
    };
    match attempt {
        Ok(device) => ChosenDevice::without_note(device),
        Err(error) => ChosenDevice {
            device: Device::Cpu,
            note: Some(format!("{error}; the CPU is used instead")),
        },
    }
}

fn open_cuda(number: usize) -> Result<Device, ModelError> {
    if !cfg!(feature = "cuda") {
        return Err(ModelError::Device(
            "this build cannot use CUDA; build with `cargo build --release --features cuda`, or choose --device cpu"
                .to_string(),
        ));
    }
    // Of its own: with candle's default, each thread has another stream, and work of one does not wait for another's.
    Device::new_cuda_with_stream(number)
        .and_then(tried)
        .map_err(|error| unavailable(&format!("CUDA device {number}"), &error))
}

fn open_metal() -> Result<Device, ModelError> {
    if !cfg!(feature = "metal") {
        return Err(ModelError::Device(
            "this build cannot use Metal; build with `cargo build --release --features metal`, or choose --device cpu"
                .to_string(),
        ));
    }
    Device::new_metal(0)
        .and_then(tried)
        .map_err(|error| unavailable("the Metal device", &error))
}

/// The device, if it can compute at all: a driver may be too old for the kernels, which is not known before one is loaded.
fn tried(device: Device) -> candle_core::Result<Device> {
    let two = (Tensor::ones(1, DType::F32, &device)? + 1.0)?;
    match two.to_vec1::<f32>()?.as_slice() {
        [2.0] => Ok(device),
        other => candle_core::bail!("1 + 1 is {other:?} there"),
    }
}

/// A device as it is called in messages.
pub fn device_name(device: &Device) -> String {
    match DeviceChoice::of(device) {
        DeviceChoice::Cuda(number) => format!("CUDA device {number}"),
        DeviceChoice::Metal => "the Metal device".to_owned(),
        DeviceChoice::Cpu | DeviceChoice::Auto => "the CPU".to_owned(),
    }
}

/// Candle's errors may carry a backtrace and the whole driver message over several lines: the first line says enough.
fn unavailable(device: &str, error: &candle_core::Error) -> ModelError {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    ModelError::Device(format!("{device} cannot be used here ({first})"))
}
