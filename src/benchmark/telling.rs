use crate::eval::SetEmbeddings;

/// How well a photo's set is told from its prompt similarities alone: the share of photos, each set counting alike,
/// that lie nearest to the mean profile of their own set.
///
/// Every second photo of a set makes the means, the others are asked; distances are in standard deviations of each
/// prompt over the photos that make the means. Guessing gives 1 in as many sets as there are. `None` where there is
/// no pool, or a set with fewer than two photos.
pub fn sets_told_apart(sets: &[SetEmbeddings]) -> Option<f64> {
    let prompts = sets.first()?.similarities.width();
    if prompts == 0 || sets.iter().any(|set| set.similarities.len() < 2) {
        return None;
    }
    let known = |set: &SetEmbeddings| -> Vec<Vec<f64>> {
        let rows = set.similarities.rows().step_by(2);
        rows.map(|row| row.iter().map(|&value| f64::from(value)).collect())
            .collect()
    };
    let all: Vec<Vec<Vec<f64>>> = sets.iter().map(known).collect();
    let every: Vec<&Vec<f64>> = all.iter().flatten().collect();
    let mean_of = |rows: &[&Vec<f64>], prompt: usize| {
        rows.iter().map(|row| row[prompt]).sum::<f64>() / rows.len() as f64
    };
    let scale: Vec<f64> = (0..prompts)
        .map(|prompt| {
            let mean = mean_of(&every, prompt);
            let square = every.iter().map(|row| (row[prompt] - mean).powi(2));
            (square.sum::<f64>() / every.len() as f64).sqrt().max(1e-12)
        })
        .collect();
    let means: Vec<Vec<f64>> = all
        .iter()
        .map(|rows| {
            let rows: Vec<&Vec<f64>> = rows.iter().collect();
            (0..prompts).map(|prompt| mean_of(&rows, prompt)).collect()
        })
        .collect();
    let nearest = |row: &[f32]| {
        let distance = |mean: &Vec<f64>| -> f64 {
            let parts = row.iter().zip(mean).zip(&scale);
            parts
                .map(|((&value, mean), scale)| ((f64::from(value) - mean) / scale).powi(2))
                .sum()
        };
        (0..means.len()).min_by(|&a, &b| distance(&means[a]).total_cmp(&distance(&means[b])))
    };
    let shares = sets.iter().enumerate().map(|(at, set)| {
        let asked: Vec<&[f32]> = set.similarities.rows().skip(1).step_by(2).collect();
        let right = asked.iter().filter(|row| nearest(row) == Some(at)).count();
        right as f64 / asked.len() as f64
    });
    Some(shares.sum::<f64>() / sets.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Matrix;

    fn set(name: &str, rows: &[[f32; 2]]) -> SetEmbeddings {
        SetEmbeddings {
            name: name.into(),
            embeddings: Matrix::new(1),
            labels: vec![0; rows.len()],
            roles: Vec::new(),
            similarities: Matrix::from_values(2, rows.concat()).unwrap(),
        }
    }

    #[test]
    fn apart_alike_and_without_a_pool() {
        let a = set("a", &[[0.1, 0.5], [0.12, 0.52], [0.11, 0.51], [0.1, 0.5]]);
        let b = set("b", &[[0.5, 0.1], [0.52, 0.12], [0.51, 0.11], [0.5, 0.1]]);
        assert_eq!(sets_told_apart(&[a.clone(), b]), Some(1.0));
        let same = SetEmbeddings {
            name: "c".into(),
            ..a.clone()
        };
        assert_eq!(sets_told_apart(&[a.clone(), same]), Some(0.5));
        let none = SetEmbeddings {
            similarities: Matrix::new(0),
            ..a
        };
        assert_eq!(sets_told_apart(&[none]), None);
    }
}
