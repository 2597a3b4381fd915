use super::TrainError;
use super::clusters::spherical_k_means;
use super::config::{KeyStart, TrainConfig};
use super::data::TrainingData;
use super::prepare::by_backbone;
use super::seed::{Purpose, generator};
use super::workers::Workers;
use crate::eval::Matrix;
use crate::model::Checkpoint;
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;

/// Rounds of k-means; it is at rest long before.
const ROUNDS: usize = 30;

/// Published queries `[photos, d]` of the evaluation crops of the training photos that can be read.
pub fn queries(
    start: &Checkpoint,
    data: &TrainingData,
    workers: &Workers,
    device: &Device,
) -> Result<Matrix, TrainError> {
    let embedded = by_backbone(start, data, workers, device, |backbone, files| {
        backbone.queries(files)
    })?;
    Ok(embedded.embeddings)
}

/// What the pool starts with of the photos' queries: mean and deviation, and keys.
pub fn pool_start(
    queries: &Matrix,
    config: &TrainConfig,
) -> Result<BTreeMap<String, Tensor>, TrainError> {
    let mut tensors = BTreeMap::new();
    let d = queries.width();
    let mut rows: Vec<Vec<f32>> = queries.rows().map(<[f32]>::to_vec).collect();
    if config.standardised_query {
        let (mean, std) = moments(queries);
        for row in &mut rows {
            for (value, (mean, std)) in row.iter_mut().zip(mean.iter().zip(&std)) {
                *value = (*value - mean) / std;
            }
        }
        tensors.insert(
            "prompt_pool.query_mean".into(),
            Tensor::from_vec(mean, d, &Device::Cpu)?,
        );
        tensors.insert(
            "prompt_pool.query_std".into(),
            Tensor::from_vec(std, d, &Device::Cpu)?,
        );
    }
    if config.key_start == KeyStart::Clusters {
        let mut rng = generator(config.seed, Purpose::Keys, 0);
        let centres = spherical_k_means(&rows, config.pool_size, ROUNDS, &mut rng);
        if centres.len() < config.pool_size {
            return Err(TrainError::Config(format!(
                "{} photos are too few for {} keys that start at their centres",
                rows.len(),
                config.pool_size
            )));
        }
        let keys = Tensor::from_vec(centres.concat(), (config.pool_size, d), &Device::Cpu)?;
        tensors.insert("prompt_pool.keys".into(), keys);
    }
    Ok(tensors)
}

/// Mean and standard deviation of each channel, `[d]` each; a channel that never changes has deviation 1.
fn moments(queries: &Matrix) -> (Vec<f32>, Vec<f32>) {
    let count = queries.len().max(1) as f64;
    let mut sums = vec![(0f64, 0f64); queries.width()];
    for row in queries.rows() {
        for (sum, &value) in sums.iter_mut().zip(row) {
            sum.0 += f64::from(value);
            sum.1 += f64::from(value).powi(2);
        }
    }
    sums.into_iter()
        .map(|(sum, square)| {
            let mean = sum / count;
            let std = (square / count - mean * mean).max(0.0).sqrt();
            (mean as f32, if std > 1e-6 { std as f32 } else { 1.0 })
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standardised_queries_have_mean_0_and_deviation_1() {
        let rows = [[1.0, 5.0, 2.0], [3.0, 5.0, 4.0], [5.0, 5.0, 9.0]];
        let queries = Matrix::from_values(3, rows.concat()).unwrap();
        let (mean, std) = moments(&queries);
        assert_eq!(mean, [3.0, 5.0, 5.0]);
        assert!((std[0] - (8.0f32 / 3.0).sqrt()).abs() < 1e-6);
        assert_eq!(std[1], 1.0);
    }
}
