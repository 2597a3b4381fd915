use super::TrainError;
use super::config::TrainConfig;
use crate::eval::Matrix;
use candle_core::{Device, Tensor};
use nalgebra::{DMatrix, SymmetricEigen};

/// Smallest eigenvalue that is divided by, as a part of the largest.
const FLOOR: f64 = 1e-6;

/// A head `(weight [e, d], bias [e])` onto the principal axes of class tokens `[N, d]`, their mean at the origin.
///
/// With `whitening` 0 angles about the mean stay what they were, as far as `e` axes hold them. With `whitening` `w`
/// each axis is divided by its standard deviation to the power `w`: 1 makes all axes count alike.
pub fn principal_head(
    class_tokens: &Matrix,
    config: &TrainConfig,
) -> Result<(Tensor, Tensor), TrainError> {
    let (d, e) = (class_tokens.width(), config.width);
    if e > d {
        return Err(TrainError::Config(format!(
            "a pca head of width {e} needs class tokens at least as wide, not {d}"
        )));
    }
    let count = class_tokens.len().max(1) as f64;
    let mut mean = vec![0f64; d];
    for row in class_tokens.rows() {
        mean.iter_mut()
            .zip(row)
            .for_each(|(mean, value)| *mean += f64::from(*value) / count);
    }
    let mut moments = DMatrix::<f64>::zeros(d, d);
    for row in class_tokens.rows() {
        let row: Vec<f64> = row
            .iter()
            .zip(&mean)
            .map(|(value, mean)| f64::from(*value) - mean)
            .collect();
        for (i, a) in row.iter().enumerate() {
            for (j, b) in row.iter().enumerate().take(i + 1) {
                moments[(i, j)] += a * b / count;
            }
        }
    }
    moments.fill_upper_triangle_with_lower_triangle();
    let eigen = SymmetricEigen::new(moments);
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let largest = eigen.eigenvalues[order[0]].max(f64::MIN_POSITIVE);
    let mut weight = Vec::with_capacity(e * d);
    for &axis in &order[..e] {
        let mean_square = eigen.eigenvalues[axis].max(FLOOR * largest) / largest;
        let factor = mean_square.powf(-0.5 * config.whitening);
        weight.extend(
            eigen
                .eigenvectors
                .column(axis)
                .iter()
                .map(|value| (factor * value) as f32),
        );
    }
    let towards_mean = |axis: &[f32]| {
        axis.iter()
            .zip(&mean)
            .map(|(a, b)| f64::from(*a) * b)
            .sum::<f64>()
    };
    let bias: Vec<f32> = weight
        .chunks_exact(d)
        .map(|axis| -towards_mean(axis) as f32)
        .collect();
    let weight = Tensor::from_vec(weight, (e, d), &Device::Cpu)?;
    Ok((weight, Tensor::from_vec(bias, e, &Device::Cpu)?))
}

/// The mean embedding of each class `[classes, e]`, of unit length.
pub fn class_means(
    embeddings: &Matrix,
    labels: &[u32],
    classes: usize,
) -> Result<Tensor, TrainError> {
    let e = embeddings.width();
    let mut sums = vec![0f32; classes * e];
    for (row, &label) in embeddings.rows().zip(labels) {
        let sum = &mut sums[label as usize * e..][..e];
        sum.iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += value);
    }
    let means = Tensor::from_vec(sums, (classes, e), &Device::Cpu)?;
    Ok(crate::model::normalise(&means)?)
}
