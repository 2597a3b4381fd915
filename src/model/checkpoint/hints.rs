//! What tensors do not show, number of heads and pixel normalisation: who may say so, and who goes first.

use std::path::Path;

use super::Backbone;
use crate::model::config::{IMAGENET_MEAN, IMAGENET_STD};
use crate::model::error::ModelError;

/// What the training program wrote down about its run: the arguments of the authors' trainer.
pub(super) type Arguments = serde_json::Map<String, serde_json::Value>;

/// Heads and pixel normalisation, as far as one source knows them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Hints {
    /// Attention heads per block.
    pub heads: Option<usize>,
    /// Mean and standard deviation of pixels.
    pub mean_std: Option<([f32; 3], [f32; 3])>,
}

impl Hints {
    /// What this source does not know, the other says.
    fn or(self, other: Self) -> Self {
        Self {
            heads: self.heads.or(other.heads),
            mean_std: self.mean_std.or(other.mean_std),
        }
    }
}

/// A named model: its width and what it tells.
#[derive(Clone, Copy)]
struct Named {
    width: usize,
    hints: Hints,
}

impl Named {
    fn backbone(backbone: Backbone) -> Self {
        let config = backbone.config();
        Self {
            width: config.vit.width,
            hints: Hints {
                heads: Some(config.vit.heads),
                mean_std: Some((config.mean, config.std)),
            },
        }
    }

    /// What a model's name in timm's manner (`vit_small_patch16_224`) tells. The authors' trainer normalises pixels by
    /// 0.5 for the plain AugReg ViTs and as ImageNet for all others.
    fn timm(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('-', "_");
        let sizes = [
            ("tiny", 192, 3),
            ("small", 384, 6),
            ("vits", 384, 6),
            ("base", 768, 12),
            ("vitb", 768, 12),
        ];
        let (_, width, heads) = sizes.into_iter().find(|(size, ..)| name.contains(size))?;
        let augreg = name.starts_with("vit_") && !name.contains("dino") && !name.contains("clip");
        let mean_std = if augreg {
            ([0.5; 3], [0.5; 3])
        } else {
            (IMAGENET_MEAN, IMAGENET_STD)
        };
        Some(Self {
            width,
            hints: Hints {
                heads: Some(heads),
                mean_std: Some(mean_std),
            },
        })
    }

    /// The hints if this is a model of `width`.
    fn fitting(self, width: usize) -> Hints {
        if self.width == width {
            self.hints
        } else {
            Hints::default()
        }
    }

    /// The hints for a file of a `width` that no model has, which may borrow them from any.
    fn borrowed(self, width: usize) -> Hints {
        if of_width(width, false) == Hints::default() {
            self.hints
        } else {
            Hints::default()
        }
    }
}

/// Everything known about a file of `width`: from its arguments, then from the user, then from the width itself, and
/// last from models of another width.
///
/// # Errors
/// The user named a backbone, but the width is that of another.
pub(super) fn gather(
    width: usize,
    layer_scale: bool,
    arguments: &Arguments,
    backbone: Option<Backbone>,
    path: &Path,
) -> Result<Hints, ModelError> {
    let none = Hints::default();
    let passed = backbone.map(Named::backbone);
    if let (Some(named), Some(backbone)) = (passed, backbone)
        && named.fitting(width) == none
        && named.borrowed(width) == none
    {
        let known = named.width;
        return Err(ModelError::Backbone {
            path: path.to_owned(),
            reason: format!("its tokens are {width} wide, those of {backbone} are {known}"),
        });
    }
    let written = ["model", "backbone", "arch", "model_name"]
        .iter()
        .filter_map(|name| Named::timm(arguments.get(*name)?.as_str()?))
        .next();
    Ok(explicit(arguments, width)
        .or(written.map_or(none, |named| named.fitting(width)))
        .or(passed.map_or(none, |named| named.fitting(width)))
        .or(of_width(width, layer_scale))
        .or(passed.map_or(none, |named| named.borrowed(width)))
        .or(written.map_or(none, |named| named.borrowed(width))))
}

/// The error where [`gather`] does not say everything.
pub(super) fn unknown(width: usize, path: &Path) -> ModelError {
    ModelError::Backbone {
        path: path.to_owned(),
        reason: format!(
            "the file does not say how many heads its ViT of width {width} has or how pixels are normalised; \
             pass --backbone with one of {}",
            Backbone::ALL.map(Backbone::name).join(", ")
        ),
    }
}

fn of_width(width: usize, layer_scale: bool) -> Hints {
    let imagenet = Some((IMAGENET_MEAN, IMAGENET_STD));
    let hints = match width {
        192 => Named::backbone(Backbone::DeitTiny).hints,
        384 => Named::backbone(Backbone::VitSmall).hints,
        768 => Named::backbone(Backbone::VitBase).hints,
        _ => return Hints::default(),
    };
    // Of these only DINOv2 has LayerScale.
    let mean_std = if layer_scale {
        imagenet
    } else {
        hints.mean_std
    };
    Hints { mean_std, ..hints }
}

/// Numbers that the arguments name outright.
fn explicit(arguments: &Arguments, width: usize) -> Hints {
    let heads = ["num_heads", "heads", "n_heads"]
        .iter()
        .find_map(|name| arguments.get(*name)?.as_u64())
        .and_then(|heads| usize::try_from(heads).ok())
        .filter(|heads| *heads > 0 && width.is_multiple_of(*heads));
    let triple = |name: &str| -> Option<[f32; 3]> {
        let values = arguments.get(name)?.as_array()?;
        let values: Vec<f32> = values
            .iter()
            .filter_map(|value| value.as_f64())
            .map(|value| value as f32)
            .collect();
        values.try_into().ok()
    };
    Hints {
        heads,
        mean_std: triple("mean").zip(triple("std")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(width: usize, arguments: &str, backbone: Option<Backbone>) -> Hints {
        let arguments: Arguments = serde_json::from_str(arguments).unwrap_or_default();
        gather(width, false, &arguments, backbone, Path::new("file")).unwrap_or_default()
    }

    fn with(heads: usize, mean: [f32; 3], std: [f32; 3]) -> Hints {
        Hints {
            heads: Some(heads),
            mean_std: Some((mean, std)),
        }
    }

    #[test]
    fn the_arguments_go_before_the_user_and_the_user_before_the_width() {
        let (small, half) = (r#"{"model":"vit_small_patch16_224"}"#, [0.5; 3]);
        let dino = r#"{"model":"vit_small_patch16_224_dino"}"#;
        let dinov2 = Some(Backbone::Dinov2Small);
        assert_eq!(gathered(384, "{}", None), with(6, half, half));
        assert_eq!(gathered(384, small, dinov2), with(6, half, half));
        let imagenet = with(6, IMAGENET_MEAN, IMAGENET_STD);
        assert_eq!(gathered(384, dino, None), imagenet);
        assert_eq!(gathered(384, "{}", dinov2), imagenet);
        let explicit = r#"{"model":"vit_small","num_heads":12,"mean":[0,0,0],"std":[1,1,1]}"#;
        assert_eq!(gathered(384, explicit, None), with(12, [0.0; 3], [1.0; 3]));
    }

    #[test]
    fn a_hint_of_another_width_comes_last() {
        let small = r#"{"model":"vit_small_patch16_224"}"#;
        let tiny = with(3, IMAGENET_MEAN, IMAGENET_STD);
        assert_eq!(gathered(192, small, None), tiny);
        assert_eq!(gathered(48, small, Some(Backbone::DeitTiny)), tiny);
        assert_eq!(gathered(48, small, None), with(6, [0.5; 3], [0.5; 3]));
        assert_eq!(gathered(48, "{}", None), Hints::default());
    }
}
