use rand::Rng;

/// Directions that are no further apart than this are the same one.
const SAME: f64 = 1e-6;

/// Centres of unit length of `count` groups of rows by direction; fewer where there are fewer rows.
///
/// Spherical k-means (Dhillon and Modha, Machine Learning 42, 2001), started as k-means++ with `1 - cos` as the
/// squared distance. A group that becomes empty keeps its centre.
pub fn spherical_k_means(
    rows: &[Vec<f32>],
    count: usize,
    rounds: usize,
    rng: &mut impl Rng,
) -> Vec<Vec<f32>> {
    let rows: Vec<Vec<f32>> = rows.iter().map(|row| unit(row)).collect();
    let mut centres = first_centres(&rows, count, rng);
    let mut groups = vec![usize::MAX; rows.len()];
    for _ in 0..rounds {
        let before = groups.clone();
        for (group, row) in groups.iter_mut().zip(&rows) {
            *group = nearest(row, &centres);
        }
        if groups == before {
            break;
        }
        let mut sums = vec![vec![0f32; rows.first().map_or(0, Vec::len)]; centres.len()];
        for (&group, row) in groups.iter().zip(&rows) {
            sums[group]
                .iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += value);
        }
        for (centre, sum) in centres.iter_mut().zip(sums) {
            if sum.iter().any(|value| *value != 0.0) {
                *centre = unit(&sum);
            }
        }
    }
    centres
}

/// Rows drawn one after the other, those far from all drawn before the likelier.
fn first_centres(rows: &[Vec<f32>], count: usize, rng: &mut impl Rng) -> Vec<Vec<f32>> {
    let mut centres: Vec<Vec<f32>> = Vec::with_capacity(count);
    let mut distances = vec![1f64; rows.len()];
    while centres.len() < count {
        let all: f64 = distances.iter().sum();
        if all <= 0.0 {
            break;
        }
        let mut left = rng.random_range(0.0..all);
        let drawn = distances.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        let centre = rows[drawn.unwrap_or(rows.len() - 1)].clone();
        for (distance, row) in distances.iter_mut().zip(rows) {
            let far = 1.0 - f64::from(dot(row, &centre));
            // What is left by rounding is no distance.
            *distance = distance.min(if far < SAME { 0.0 } else { far });
        }
        centres.push(centre);
    }
    centres
}

fn nearest(row: &[f32], centres: &[Vec<f32>]) -> usize {
    let best =
        (0..centres.len()).max_by(|&a, &b| dot(row, &centres[a]).total_cmp(&dot(row, &centres[b])));
    best.unwrap_or(0)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn unit(row: &[f32]) -> Vec<f32> {
    let norm = dot(row, row).sqrt().max(1e-12);
    row.iter().map(|value| value / norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn groups_of_directions_are_found() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
        let mut rows = Vec::new();
        for number in 0..60 {
            let axis = axes[number % 3];
            rows.push(
                axis.iter()
                    .map(|value| 3.0 * value + rng.random_range(-0.3..0.3))
                    .collect(),
            );
        }
        let centres = spherical_k_means(&rows, 3, 20, &mut rng);
        for axis in axes {
            assert!(
                centres.iter().any(|centre| dot(centre, &axis) > 0.99),
                "{centres:?}"
            );
        }
        assert_eq!(spherical_k_means(&rows[..2], 3, 20, &mut rng).len(), 2);
    }
}
