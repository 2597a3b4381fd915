use super::{ArcFace, CosFace, CurricularFace, MetricLoss, ProxyAnchor};

/// The losses a training run can choose from.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// [`CurricularFace`], PUMA's own choice
    #[default]
    CurricularFace,
    /// [`ProxyAnchor`], the paper's choice with few images a class
    ProxyAnchor,
    /// [`CosFace`]
    CosFace,
    /// [`ArcFace`]
    ArcFace,
}

impl LossKind {
    /// The loss with its published scale and margin, for `classes` classes.
    pub fn build(self, classes: usize) -> Box<dyn MetricLoss + Send> {
        match self {
            Self::CurricularFace => Box::new(CurricularFace::new(classes)),
            Self::ProxyAnchor => Box::new(ProxyAnchor::default()),
            Self::CosFace => Box::new(CosFace::default()),
            Self::ArcFace => Box::new(ArcFace::default()),
        }
    }
}
