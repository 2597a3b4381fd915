//! As many embeddings as wanted, made of real ones so that neighbours are as hard to tell apart.
//!
//! A made embedding lies between a real one and one of its neighbours, or now and then any other, and is moved by
//! differences that neighbours elsewhere have: noise with the shape that real variation has. How far it is moved is
//! chosen so that a sample as large as the real set has nearest neighbours at the same score as the real set.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Neighbours that a real embedding is mixed with and that differences are taken from.
const AMONG: usize = 8;
/// The share of mixtures of any two instead of neighbours.
const ACROSS: f64 = 0.15;
/// Differences that are added up.
const DIFFERENCES: usize = 4;
/// Neighbours from which local intrinsic dimension is measured.
const MEASURED: usize = 20;
/// Rows that one generator makes.
const CHUNK: usize = 4096;

/// Makes embeddings; the same seed makes the same ones.
pub struct Maker<'a> {
    real: &'a [Vec<f32>],
    /// The nearest of each, the nearest first.
    near: Vec<Vec<usize>>,
    noise: f32,
}

/// How hard the neighbours of a set of embeddings are to tell apart.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Hardness {
    /// Score of the nearest neighbour at the 10th, 50th and 90th hundredth.
    pub nearest_score: [f64; 3],
    /// Local intrinsic dimension there: the maximum likelihood estimate from 20 neighbours (Amsaleg et al., KDD 2015).
    pub local_dimension: [f64; 3],
}

impl<'a> Maker<'a> {
    /// Chooses the noise by halving.
    pub fn new(real: &'a [Vec<f32>]) -> Maker<'a> {
        let wanted = hardness(real).nearest_score[1];
        let near = neighbours(real, AMONG)
            .into_iter()
            .map(|near| near.into_iter().map(|(_, row)| row).collect())
            .collect();
        let mut maker = Maker {
            real,
            near,
            noise: 0.0,
        };
        let (mut low, mut high) = (0.0, 2.0);
        for _ in 0..8 {
            maker.noise = (low + high) / 2.0;
            let made = hardness(&maker.make(real.len(), 99)).nearest_score[1];
            if made > wanted {
                low = maker.noise;
            } else {
                high = maker.noise;
            }
        }
        maker
    }

    /// How far embeddings are moved, in differences of neighbours.
    pub fn noise(&self) -> f32 {
        self.noise
    }

    /// Makes `[count, e]`.
    pub fn make(&self, count: usize, seed: u64) -> Vec<Vec<f32>> {
        (0..count.div_ceil(CHUNK))
            .into_par_iter()
            .flat_map_iter(|chunk| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                rng.set_stream(chunk as u64);
                let rows = CHUNK.min(count - chunk * CHUNK);
                (0..rows).map(move |_| self.one(&mut rng))
            })
            .collect()
    }

    fn one(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let any = |rng: &mut ChaCha8Rng| rng.random_range(0..self.real.len());
        let near = |one: usize, rng: &mut ChaCha8Rng| {
            self.near[one][rng.random_range(0..self.near[one].len())]
        };
        let one = any(rng);
        let other = if rng.random_bool(ACROSS) {
            any(rng)
        } else {
            near(one, rng)
        };
        let share: f32 = rng.random_range(0.0..0.5);
        let mut made: Vec<f32> = self.real[one]
            .iter()
            .zip(&self.real[other])
            .map(|(a, b)| a + share * (b - a))
            .collect();
        for _ in 0..DIFFERENCES {
            let from = any(rng);
            let to = near(from, rng);
            let far = self.noise / (DIFFERENCES as f32).sqrt() * rng.random_range(-1.0f32..1.0);
            for (value, (a, b)) in made
                .iter_mut()
                .zip(self.real[from].iter().zip(&self.real[to]))
            {
                *value += far * (b - a);
            }
        }
        let length = made.iter().map(|value| value * value).sum::<f32>().sqrt();
        made.iter_mut().for_each(|value| *value /= length);
        made
    }
}

/// Measures a set of embeddings.
pub fn hardness(rows: &[Vec<f32>]) -> Hardness {
    let near = neighbours(rows, MEASURED);
    let scores = near.iter().map(|near| near[0].0).collect();
    let dimensions = near.iter().filter_map(|near| dimension(near)).collect();
    Hardness {
        nearest_score: hundredths(scores),
        local_dimension: hundredths(dimensions),
    }
}

fn dimension(near: &[(f64, usize)]) -> Option<f64> {
    let distance = |score: f64| (2.0 - 2.0 * score).max(0.0).sqrt();
    let farthest = distance(near.last()?.0);
    let logs = near[..near.len() - 1]
        .iter()
        .map(|(score, _)| (distance(*score) / farthest).ln());
    let mean = logs.sum::<f64>() / (near.len() - 1) as f64;
    let dimension = -1.0 / mean;
    dimension.is_finite().then_some(dimension)
}

fn hundredths(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [0.1, 0.5, 0.9].map(|share| values[((values.len() - 1) as f64 * share) as usize])
}

/// The `k` nearest others of each, with their scores.
fn neighbours(rows: &[Vec<f32>], k: usize) -> Vec<Vec<(f64, usize)>> {
    rows.par_iter()
        .enumerate()
        .map(|(row, query)| {
            let mut scored: Vec<(f64, usize)> = rows
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != row)
                .map(|(other, vector)| (super::exact_score(query, vector), other))
                .collect();
            scored.select_nth_unstable_by(k, |a, b| b.0.total_cmp(&a.0));
            scored.truncate(k);
            scored.sort_by(|a, b| b.0.total_cmp(&a.0));
            scored
        })
        .collect()
}
