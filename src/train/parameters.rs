use super::TrainError;
use super::method::Method;
use candle_core::{DType, Device, Tensor, Var};
use std::collections::BTreeMap;

/// The tensors of a model, split into variables and frozen ones.
pub struct Parameters {
    trainable: BTreeMap<String, Var>,
    frozen: BTreeMap<String, Tensor>,
}

impl Parameters {
    /// Splits `tensors` as `method` demands: `vit.*` is frozen unless the method trains the backbone.
    pub fn split(
        tensors: &BTreeMap<String, Tensor>,
        method: Method,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let (mut trainable, mut frozen) = (BTreeMap::new(), BTreeMap::new());
        for (name, tensor) in tensors {
            let tensor = tensor.to_device(device)?.to_dtype(DType::F32)?;
            // How queries are standardised is measured, not trained.
            let fixed = name.starts_with("prompt_pool.query_")
                || (name.starts_with("vit.") && !method.trains_backbone());
            if !fixed {
                trainable.insert(name.clone(), Var::from_tensor(&tensor)?);
            } else {
                frozen.insert(name.clone(), tensor);
            }
        }
        Ok(Self { trainable, frozen })
    }

    /// Variables by name.
    pub fn trainable(&self) -> &BTreeMap<String, Var> {
        &self.trainable
    }

    /// Frozen tensors by name.
    pub fn frozen(&self) -> &BTreeMap<String, Tensor> {
        &self.frozen
    }

    /// All tensors; the variables among them stay variables.
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        let variables = self
            .trainable
            .iter()
            .map(|(name, var)| (name.clone(), var.as_tensor().clone()));
        variables.chain(self.frozen.clone()).collect()
    }

    /// All tensors as they are now, cut off from the variables.
    pub fn snapshot(&self) -> Result<BTreeMap<String, Tensor>, TrainError> {
        let mut tensors = self.frozen.clone();
        for (name, var) in &self.trainable {
            tensors.insert(name.clone(), var.as_tensor().detach().copy()?);
        }
        Ok(tensors)
    }
}
