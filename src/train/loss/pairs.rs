use super::cosines::normalise;
use candle_core::{D, Result, Tensor};

/// The cosines of a batch with itself, and which pairs are of one class and which are not.
///
/// Pair losses need several photos a class in a batch; a photo without another one of its class adds nothing.
pub(super) struct Pairs {
    /// `[B, B]`, in -1..1 up to rounding.
    pub(super) cosine: Tensor,
    /// `[B, B]`, 1 where two different photos are of one class, else 0.
    pub(super) positive: Tensor,
    /// `[B, B]`, 1 where two photos are of different classes, else 0.
    pub(super) negative: Tensor,
}

impl Pairs {
    /// Normalises the embeddings `[B, e]` and compares each with all.
    pub(super) fn new(embeddings: &Tensor, labels: &[u32]) -> Result<Self> {
        let batch = embeddings.dim(0)?;
        if labels.is_empty() || labels.len() != batch {
            candle_core::bail!("{} labels for a batch of {batch} embeddings", labels.len());
        }
        let unit = normalise(embeddings)?;
        let mask = |holds: &dyn Fn(usize, usize) -> bool| {
            let values: Vec<f32> = (0..batch * batch)
                .map(|place| f32::from(u8::from(holds(place / batch, place % batch))))
                .collect();
            Tensor::from_vec(values, (batch, batch), embeddings.device())
        };
        Ok(Self {
            cosine: unit.matmul(&unit.t()?)?,
            positive: mask(&|row, column| row != column && labels[row] == labels[column])?,
            negative: mask(&|row, column| labels[row] != labels[column])?,
        })
    }

    /// Euclidean distances of the normalised embeddings, `[B, B]`.
    pub(super) fn distance(&self) -> Result<Tensor> {
        // The floor keeps the slope finite where two embeddings coincide.
        self.cosine.affine(-2.0, 2.0)?.maximum(1e-6)?.sqrt()
    }

    /// In each row the largest of `values` `[B, B]` that `mask` lets pass, `[B, 1]`; very small where it lets none.
    pub(super) fn largest(values: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let barred = (mask.affine(-1.0, 1.0)? * -1e9)?;
        (values + barred)?.max_keepdim(D::Minus1)
    }
}

/// The weighted sum of `terms` that are 0 or more, and how many of them are above 0, counted by their weights.
pub(super) fn active_sum(terms: &Tensor, weights: &Tensor) -> Result<(Tensor, f64)> {
    let active = (terms.detach().gt(0.0)?.to_dtype(terms.dtype())? * weights)?;
    let active = f64::from(active.sum_all()?.to_scalar::<f32>()?);
    Ok(((terms * weights)?.sum_all()?, active))
}
