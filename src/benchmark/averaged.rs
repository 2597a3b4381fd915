use crate::eval::{EvalError, Matrix, SetEmbeddings};

/// The averaged ensemble of several models on the same photos: the mean of their L2-normalised embeddings, again of
/// unit length.
///
/// `models` holds each model's embeddings of the same sets in the same order.
///
/// # Errors
/// Fails if the models do not give embeddings of the same photos and width.
pub fn average(models: &[Vec<SetEmbeddings>]) -> Result<Vec<SetEmbeddings>, EvalError> {
    let Some(first) = models.first() else {
        return Ok(Vec::new());
    };
    let mut averaged = Vec::with_capacity(first.len());
    for (at, set) in first.iter().enumerate() {
        let mut sum = vec![0f32; set.embeddings.values().len()];
        for model in models {
            let other = model.get(at).map_or(&[][..], |set| set.embeddings.values());
            if other.len() != sum.len() {
                return Err(EvalError::Shape {
                    what: "values of another model's embeddings",
                    got: other.len(),
                    expected: sum.len(),
                });
            }
            sum.iter_mut()
                .zip(other)
                .for_each(|(sum, value)| *sum += value);
        }
        let width = set.embeddings.width();
        for row in sum.chunks_exact_mut(width.max(1)) {
            let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            row.iter_mut().for_each(|value| *value /= norm.max(1e-12));
        }
        averaged.push(SetEmbeddings {
            embeddings: Matrix::from_values(width, sum)?,
            similarities: Matrix::new(0),
            ..set.clone()
        });
    }
    Ok(averaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(rows: &[f32]) -> SetEmbeddings {
        SetEmbeddings {
            name: "a".into(),
            embeddings: Matrix::from_values(2, rows.to_vec()).unwrap(),
            labels: vec![0; rows.len() / 2],
            roles: Vec::new(),
            similarities: Matrix::new(0),
        }
    }

    #[test]
    fn the_average_of_directions_lies_between_them_and_has_unit_length() {
        let averaged = average(&[
            vec![set(&[1.0, 0.0, 0.0, 1.0])],
            vec![set(&[0.0, 1.0, 0.0, 1.0])],
        ])
        .unwrap();
        let half = 0.5f32.sqrt();
        let expected = [half, half, 0.0, 1.0];
        for (value, expected) in averaged[0].embeddings.values().iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6);
        }
        assert!(average(&[vec![set(&[1.0, 0.0])], vec![set(&[1.0, 0.0, 0.0, 1.0])]]).is_err());
    }
}
