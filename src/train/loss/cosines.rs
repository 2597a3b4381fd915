use candle_core::{D, DType, Result, Tensor};

/// The cosines of a batch with every proxy, and where in them each sample's own class stands.
pub(super) struct Cosines {
    /// `[B, C]`, in -1..1 up to rounding.
    pub(super) cosine: Tensor,
    /// `[B, C]` of u8, 1 where the column is the sample's own class.
    pub(super) own: Tensor,
}

impl Cosines {
    /// Normalises both sides and compares them; checks the labels against the number of proxies.
    pub(super) fn new(embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<Self> {
        Self::of(
            labels,
            normalise(embeddings)?.matmul(&normalise(proxies)?.t()?)?,
        )
    }

    /// Takes the cosines `[B, C]` of a batch with its classes; checks the labels against them.
    pub(super) fn of(labels: &[u32], cosine: Tensor) -> Result<Self> {
        let (batch, classes) = cosine.dims2()?;
        if labels.is_empty() || labels.len() != batch {
            candle_core::bail!("{} labels for a batch of {batch} embeddings", labels.len());
        }
        if let Some(label) = labels.iter().find(|&&label| label as usize >= classes) {
            candle_core::bail!("label {label} has no proxy, there are {classes}");
        }
        let mut own = vec![0u8; batch * classes];
        for (row, &label) in labels.iter().enumerate() {
            own[row * classes + label as usize] = 1;
        }
        let own = Tensor::from_vec(own, (batch, classes), cosine.device())?;
        Ok(Self { cosine, own })
    }

    /// The cosine of each sample with its own proxy, `[B, 1]`.
    pub(super) fn positive(&self) -> Result<Tensor> {
        (&self.cosine * self.own.to_dtype(self.cosine.dtype())?)?.sum_keepdim(D::Minus1)
    }

    /// `[B, C]`: `positive` `[B, 1]` in the column of the own class, `negative` `[B, C]` elsewhere.
    pub(super) fn with_positive(&self, positive: &Tensor, negative: &Tensor) -> Result<Tensor> {
        let positive = positive.broadcast_as(self.cosine.shape())?;
        self.own.where_cond(&positive, negative)
    }

    /// The mean cross-entropy of `logits` `[B, C]` against the own classes.
    pub(super) fn cross_entropy(&self, logits: &Tensor) -> Result<Tensor> {
        // Subtracting a constant changes neither the value nor the gradient, so the maximum needs no graph.
        let largest = logits.detach().max_keepdim(D::Minus1)?;
        let logits = logits.broadcast_sub(&largest)?;
        let log_sum = logits.exp()?.sum(D::Minus1)?.log()?;
        let own = (&logits * self.own.to_dtype(logits.dtype())?)?.sum(D::Minus1)?;
        (log_sum - own)?.mean_all()
    }
}

/// `cos(theta + margin)` of a cosine, and a straight line where `theta + margin` would pass pi and fold back.
///
/// Deng et al. 2019, arXiv 1801.07698, section 2, with the usual continuation `c - m sin(pi - m)`.
pub(super) fn add_angular_margin(cosine: &Tensor, margin: f64) -> Result<Tensor> {
    // The floor keeps the square root's slope finite where embedding and proxy coincide.
    let sine = cosine.sqr()?.affine(-1.0, 1.0)?.maximum(1e-12)?.sqrt()?;
    let shifted = ((cosine * margin.cos())? - (sine * margin.sin())?)?;
    let line = (cosine - margin * (std::f64::consts::PI - margin).sin())?;
    let threshold = (std::f64::consts::PI - margin).cos();
    cosine.detach().gt(threshold)?.where_cond(&shifted, &line)
}

/// Rows of length 1, `[R, e]`; a row of zeros stays zero.
pub(super) fn normalise(rows: &Tensor) -> Result<Tensor> {
    let rows = rows.to_dtype(DType::F32)?;
    let length = rows.sqr()?.sum_keepdim(D::Minus1)?.maximum(1e-24)?.sqrt()?;
    rows.broadcast_div(&length)
}
