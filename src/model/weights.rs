use super::ModelError;
use candle_core::{DType, Device, Tensor};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The tensors of a checkpoint under this project's names, on the device the model runs on.
///
/// A name that is not there is an error, never a fresh tensor.
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
    path: PathBuf,
}

impl Weights {
    /// Moves `tensors` to `device` as f32; variables already there stay the same variables.
    pub fn new(tensors: &BTreeMap<String, Tensor>, device: &Device) -> Result<Self, ModelError> {
        let mut moved = BTreeMap::new();
        for (name, tensor) in tensors {
            let there = tensor.dtype() == DType::F32 && tensor.device().same_device(device);
            let tensor = if there {
                tensor.clone()
            } else {
                tensor.to_device(device)?.to_dtype(DType::F32)?
            };
            moved.insert(name.clone(), tensor);
        }
        Ok(Self {
            tensors: moved,
            path: PathBuf::from("the model"),
        })
    }

    /// The tensor called `name`.
    pub fn get(&self, name: &str) -> Result<Tensor, ModelError> {
        self.tensors
            .get(name)
            .cloned()
            .ok_or_else(|| ModelError::MissingTensor {
                path: self.path.clone(),
                tensor: name.to_owned(),
            })
    }
}
