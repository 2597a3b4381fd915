use super::{
    ArcFace, CosFace, CurricularFace, Margin, MetricLoss, MultiSimilarity, ProxyAnchor, SoftTriple,
    Triplet,
};

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
    /// [`SoftTriple`], several centres a class
    SoftTriple,
    /// [`Triplet`], over the pairs of a batch
    Triplet,
    /// [`Margin`], over the pairs of a batch
    Margin,
    /// [`MultiSimilarity`], over the pairs of a batch
    MultiSimilarity,
}

impl LossKind {
    /// The loss with its published scale and margin, for `classes` classes.
    pub fn build(self, classes: usize) -> Box<dyn MetricLoss + Send> {
        match self {
            Self::CurricularFace => Box::new(CurricularFace::new(classes)),
            Self::ProxyAnchor => Box::new(ProxyAnchor::default()),
            Self::CosFace => Box::new(CosFace::default()),
            Self::ArcFace => Box::new(ArcFace::default()),
            Self::SoftTriple => Box::new(SoftTriple::default()),
            Self::Triplet => Box::new(Triplet::default()),
            Self::Margin => Box::new(Margin::default()),
            Self::MultiSimilarity => Box::new(MultiSimilarity::default()),
        }
    }

    /// Proxies of a class.
    pub fn centres(self) -> usize {
        match self {
            Self::SoftTriple => SoftTriple::default().centres,
            _ => 1,
        }
    }

    /// Whether a photo is compared with others of its batch, which then has to hold several of each class.
    pub fn compares_pairs(self) -> bool {
        matches!(self, Self::Triplet | Self::Margin | Self::MultiSimilarity)
    }
}
