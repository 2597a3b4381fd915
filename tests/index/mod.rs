//! Tests of `index`.
mod graph;
mod nearest;
mod properties;

use puma::index::{Neighbour, Vectors};
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

/// The definition: score every row in f64, sort, equal scores by row.
fn by_sorting(
    vectors: &Vectors,
    query: &[f32],
    k: usize,
    accept: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut rows: Vec<(f64, usize)> = (0..vectors.len())
        .filter(|row| accept(*row))
        .map(|row| {
            let products = vectors.row(row).iter().zip(query);
            let score = products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            (score, row)
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    rows.into_iter().take(k).map(|(_, row)| row).collect()
}

fn numbers_of(neighbours: &[Neighbour]) -> Vec<usize> {
    neighbours.iter().map(|neighbour| neighbour.row).collect()
}
