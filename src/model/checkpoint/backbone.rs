//! The backbones whose numbers are known by name.

use std::fmt;
use std::str::FromStr;

use crate::model::config::Config;
use crate::model::error::ModelError;

/// A backbone known by name, for files that do not say what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backbone {
    /// DeiT-Tiny, patch 16.
    DeitTiny,
    /// ViT-Tiny, patch 16, AugReg.
    VitTiny,
    /// ViT-Small, patch 16, AugReg.
    VitSmall,
    /// ViT-Base, patch 16, AugReg.
    VitBase,
    /// DINOv2-Small, patch 14.
    Dinov2Small,
}

impl Backbone {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::DeitTiny,
        Self::VitTiny,
        Self::VitSmall,
        Self::VitBase,
        Self::Dinov2Small,
    ];

    /// The name that `--backbone` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::DeitTiny => "deit-tiny",
            Self::VitTiny => "vit-tiny",
            Self::VitSmall => "vit-small",
            Self::VitBase => "vit-base",
            Self::Dinov2Small => "dinov2-small",
        }
    }

    /// The numbers of this backbone, without any of PUMA's modules.
    pub fn config(self) -> Config {
        match self {
            Self::DeitTiny => Config::deit_tiny(),
            Self::VitTiny => Config::vit_tiny(),
            Self::VitSmall => Config::vit_small(),
            Self::VitBase => Config::vit_base(),
            Self::Dinov2Small => Config::dinov2_small(),
        }
    }

    /// The backbone of this configuration, if it has a name.
    pub fn of(config: &Config) -> Option<Self> {
        Self::ALL.into_iter().find(|backbone| {
            let known = backbone.config();
            known.vit == config.vit && known.mean == config.mean && known.std == config.std
        })
    }
}

impl fmt::Display for Backbone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backbone {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        Self::ALL
            .into_iter()
            .find(|backbone| backbone.name() == text)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join(", ");
                ModelError::Choice(format!("`{text}` is no backbone; it is one of {names}"))
            })
    }
}
