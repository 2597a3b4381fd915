//! Tests of `index`.
mod cache;
mod nearest;

use puma::index::Vectors;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// L2-normalised vectors around a few centres, so that neighbours are near and many.
fn clustered(rows: usize, width: usize, seed: u64) -> Arc<Vectors> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |spread: f32| -> Vec<f32> {
        (0..width)
            .map(|_| random.random_range(-spread..spread))
            .collect()
    };
    let centres: Vec<Vec<f32>> = (0..12).map(|_| draw(1.0)).collect();
    let values = (0..rows)
        .flat_map(|row| {
            let near: Vec<f32> = centres[row % centres.len()]
                .iter()
                .zip(draw(0.5))
                .map(|(centre, noise)| centre + noise)
                .collect();
            normalised(&near)
        })
        .collect();
    Arc::new(Vectors::new(width, values))
}

fn normalised(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter().map(|value| value / length).collect()
}
