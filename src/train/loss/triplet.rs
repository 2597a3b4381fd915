use super::MetricLoss;
use super::pairs::{Pairs, active_sum};
use candle_core::{Result, Tensor};

/// Triplet loss: an anchor shall be nearer to a photo of its class than to one of another class, by a margin.
///
/// Schroff et al. 2015, arXiv 1503.03832, equation 2, over all triplets of a batch that violate the margin.
#[derive(Clone, Debug)]
pub struct Triplet {
    /// The margin `alpha` on the squared distance of normalised embeddings.
    pub margin: f64,
}

impl Default for Triplet {
    fn default() -> Self {
        Self { margin: 0.2 }
    }
}

impl MetricLoss for Triplet {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], _proxies: &Tensor) -> Result<Tensor> {
        let pairs = Pairs::new(embeddings, labels)?;
        let squared = pairs.cosine.affine(-2.0, 2.0)?;
        let (anchors, places) = pairs_of_a_class(labels);
        if anchors.is_empty() {
            // Gradients are zero then, but there.
            return (&squared * squared.zeros_like()?)?.sum_all();
        }
        // A row for each of the `P` pairs of a class, `[P, B]`: few, where `[B, B, B]` would be gigabytes.
        let anchors = Tensor::new(anchors, squared.device())?;
        let places = Tensor::new(places, squared.device())?;
        let near = squared.flatten_all()?.index_select(&places, 0)?;
        let gap = near
            .unsqueeze(1)?
            .broadcast_sub(&squared.index_select(&anchors, 0)?)?;
        let negative = pairs.negative.index_select(&anchors, 0)?;
        let (sum, active) = active_sum(&(gap + self.margin)?.relu()?, &negative)?;
        sum / active.max(1.0)
    }
}

/// The row of each pair of two different photos of one class in a `[B, B]` matrix, and its place in the flat one.
fn pairs_of_a_class(labels: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let batch = labels.len();
    (0..batch * batch)
        .map(|place| (place / batch, place % batch, place))
        .filter(|&(row, column, _)| row != column && labels[row] == labels[column])
        .map(|(row, _, place)| (row as u32, place as u32))
        .unzip()
}
