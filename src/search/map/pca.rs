use super::{Layout, fitted};
use crate::index::Vectors;
use nalgebra::{DMatrix, SymmetricEigen};

/// More rows than these say no more about the main directions.
const MOST_MEASURED: usize = 30_000;

/// The two directions in which embeddings differ most: principal component analysis.
#[derive(Clone, Debug)]
pub struct Pca {
    mean: Vec<f32>,
    /// Unit vectors `[e]`, the direction of largest variance first.
    axes: [Vec<f32>; 2],
    /// Share of the whole variance along each of them, 0 to 1.
    pub explained: [f32; 2],
}

impl Pca {
    /// Measures the rows of `vectors`; of very many, evenly chosen ones.
    ///
    /// The eigenvectors of the covariance matrix, each turned so that its largest component is positive: the same rows
    /// give the same axes.
    pub fn of(vectors: &Vectors) -> Pca {
        let (rows, width) = (vectors.len(), vectors.width());
        let step = rows.div_ceil(MOST_MEASURED).max(1);
        let measured = || (0..rows).step_by(step).map(|row| vectors.row(row));
        let count = measured().count().max(1) as f64;
        let mut mean = vec![0f64; width];
        for row in measured() {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += f64::from(*value) / count;
            }
        }
        let mut covariance = vec![0f64; width * width];
        let mut centred = vec![0f64; width];
        for row in measured() {
            for ((slot, value), mean) in centred.iter_mut().zip(row).zip(&mean) {
                *slot = f64::from(*value) - mean;
            }
            for (at, &value) in centred.iter().enumerate() {
                let sums = &mut covariance[at * width..at * width + at + 1];
                for (sum, other) in sums.iter_mut().zip(&centred) {
                    *sum += value * other;
                }
            }
        }
        let matrix = DMatrix::from_fn(width, width, |i, j| {
            covariance[i.max(j) * width + i.min(j)] / count
        });
        let total = matrix.trace().max(f64::MIN_POSITIVE);
        let eigen = SymmetricEigen::new(matrix);
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let axis = |place: usize| match order.get(place) {
            Some(&at) => turned(eigen.eigenvectors.column(at).iter().copied().collect()),
            None => vec![0.0; width],
        };
        let share = |place: usize| {
            let value = order.get(place).map_or(0.0, |&at| eigen.eigenvalues[at]);
            (value.max(0.0) / total) as f32
        };
        Pca {
            axes: [axis(0), axis(1)],
            explained: [share(0), share(1)],
            mean: mean.into_iter().map(|value| value as f32).collect(),
        }
    }

    /// Where an embedding `[e]` falls on the two axes.
    pub fn project(&self, embedding: &[f32]) -> [f32; 2] {
        let along = |axis: &[f32]| {
            let pairs = embedding.iter().zip(&self.mean).zip(axis);
            pairs
                .map(|((value, mean), axis)| (value - mean) * axis)
                .sum()
        };
        [along(&self.axes[0]), along(&self.axes[1])]
    }

    /// The map of all rows.
    pub fn layout(&self, vectors: &Vectors) -> Layout {
        let rows = 0..vectors.len();
        let mut points: Vec<_> = rows.map(|row| self.project(vectors.row(row))).collect();
        fitted(&mut points);
        Layout {
            laid_out: points.len(),
            points,
        }
    }
}

/// The same line, in the direction in which its largest component is positive.
fn turned(axis: Vec<f64>) -> Vec<f32> {
    let largest = axis
        .iter()
        .copied()
        .reduce(|a, b| if b.abs() > a.abs() { b } else { a });
    let sign = if largest.is_some_and(|value| value < 0.0) {
        -1.0
    } else {
        1.0
    };
    axis.into_iter()
        .map(|value| (sign * value) as f32)
        .collect()
}
