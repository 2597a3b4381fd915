use super::config::TrainConfig;
use crate::model::config::{AdapterConfig, HeadConfig, PromptConfig};
use crate::model::{Config, RivalConfig};
use serde::{Deserialize, Serialize};

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Adapters, prompt pool and head on a frozen ViT: the paper's method
    Puma,
    /// PUMA without its prompt pool
    AdaptersOnly,
    /// PUMA without its adapters
    PromptsOnly,
    /// Head alone, on class tokens of the frozen ViT that are computed once, without augmentation
    Linear,
    /// Every parameter of the ViT, and a head
    FineTuning,
    /// Every parameter of the ViT, the metric being that of its class token
    Full,
    /// Visual prompt tuning: learnt tokens before the first block, and a head
    VptShallow,
    /// Visual prompt tuning: learnt tokens in every block, and a head
    VptDeep,
    /// Low-rank updates of query and value in every block, and a head
    Lora,
    /// AdaptFormer: a bottleneck beside every FFN, and a head
    AdaptFormer,
}

impl Method {
    /// Whether the ViT itself is trained.
    pub fn trains_backbone(self) -> bool {
        matches!(self, Self::FineTuning | Self::Full)
    }
}

/// The configuration that `train` asks for on the backbone of `start`.
pub fn trained_config(start: &Config, train: &TrainConfig) -> Config {
    let mut config = Config::plain(start.vit.clone(), start.mean, start.std);
    if train.method != Method::Full {
        config.head = Some(HeadConfig { width: train.width });
    }
    let rank = train.rank;
    let length = train.prompt_length;
    if matches!(train.method, Method::Puma | Method::AdaptersOnly) {
        config.adapter = Some(AdapterConfig { rank });
    }
    if matches!(train.method, Method::Puma | Method::PromptsOnly) {
        config.prompt = Some(PromptConfig {
            pool_size: train.pool_size,
            length,
            standardised: train.standardised_query,
            temperature: (train.prompt_temperature > 0.0).then_some(train.prompt_temperature),
        });
    }
    config.rival = match train.method {
        Method::VptShallow => Some(RivalConfig::VisualPrompts {
            length,
            deep: false,
        }),
        Method::VptDeep => Some(RivalConfig::VisualPrompts { length, deep: true }),
        Method::Lora => Some(RivalConfig::LowRank { rank }),
        Method::AdaptFormer => Some(RivalConfig::AdaptFormer { rank }),
        _ => None,
    };
    config
}
