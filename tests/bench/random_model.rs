//! Models whose weights are random: as fast as trained ones.

use candle_core::{Device, Tensor};
use puma::model::Config;
use puma::train::{PromptStart, start_tensors};
use std::collections::BTreeMap;

/// A backbone by its name, without PUMA's modules.
pub fn backbone(name: &str) -> anyhow::Result<Config> {
    Ok(match name {
        "deit-tiny" => Config::deit_tiny(),
        "vit-tiny" => Config::vit_tiny(),
        "vit-small" => Config::vit_small(),
        "vit-base" => Config::vit_base(),
        _ => anyhow::bail!("no backbone `{name}`: deit-tiny, vit-tiny, vit-small or vit-base"),
    })
}

/// All tensors that `config` asks for, on the CPU.
pub fn tensors(config: &Config) -> anyhow::Result<BTreeMap<String, Tensor>> {
    let mut tensors = start_tensors(config, &BTreeMap::new(), 0, PromptStart::Shared)?;
    for (name, shape) in puma::model::checkpoint::expected_tensors(config) {
        let random = (Tensor::randn(0f32, 1.0, shape, &Device::Cpu)? * 0.05)?;
        tensors.entry(name).or_insert(random);
    }
    Ok(tensors)
}
