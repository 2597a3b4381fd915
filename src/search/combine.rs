use crate::model::Embedded;

/// Below this length a weighted sum of unit vectors points nowhere in particular.
const NOTHING_LEFT: f32 = 1e-3;

/// Several pictures as one query: the normalised weighted sum of their embeddings, as in Rocchio's relevance feedback
/// (Manning, Raghavan and Schütze, Introduction to Information Retrieval, section 9.1.1).
///
/// A positive weight means more like this, a negative one less. The similarities are the weighted mean over the
/// positive parts, or over all by the size of their weights where none is positive. `None` if there are no parts, or
/// if they cancel each other out.
pub fn combine(parts: &[(&Embedded, f32)]) -> Option<Embedded> {
    let (first, _) = parts.first()?;
    let mut embedding = vec![0.0; first.embedding.len()];
    for (part, weight) in parts {
        for (sum, value) in embedding.iter_mut().zip(&part.embedding) {
            *sum += weight * value;
        }
    }
    let length = embedding
        .iter()
        .map(|value| value * value)
        .sum::<f32>()
        .sqrt();
    if length < NOTHING_LEFT {
        return None;
    }
    embedding.iter_mut().for_each(|value| *value /= length);
    let positive = parts.iter().any(|(_, weight)| *weight > 0.0);
    let share = |weight: f32| {
        if positive {
            weight.max(0.0)
        } else {
            weight.abs()
        }
    };
    let total: f32 = parts.iter().map(|(_, weight)| share(*weight)).sum();
    let mut similarity = vec![0.0; first.similarity.len()];
    for (part, weight) in parts {
        for (sum, value) in similarity.iter_mut().zip(&part.similarity) {
            *sum += share(*weight) / total * value;
        }
    }
    Some(Embedded {
        embedding,
        similarity,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(embedding: [f32; 2], similarity: f32) -> Embedded {
        Embedded {
            embedding: embedding.to_vec(),
            similarity: vec![similarity],
        }
    }

    #[test]
    fn parts_are_added_by_weight_and_normalised() {
        let (right, up) = (embedded([1.0, 0.0], 0.2), embedded([0.0, 1.0], 0.8));
        assert_eq!(combine(&[(&right, 3.0)]), Some(right.clone()));
        let both = combine(&[(&right, 1.0), (&up, 1.0)]).unwrap();
        let half = 0.5f32.sqrt();
        assert!(
            both.embedding
                .iter()
                .all(|value| (value - half).abs() < 1e-6)
        );
        assert!((both.similarity[0] - 0.5).abs() < 1e-6);
        let away = combine(&[(&right, 1.0), (&up, -1.0)]).unwrap();
        assert!(away.embedding[1] < 0.0);
        assert!((away.similarity[0] - 0.2).abs() < 1e-6);
    }

    #[test]
    fn what_cancels_out_is_no_query() {
        let right = embedded([1.0, 0.0], 0.2);
        assert_eq!(combine(&[(&right, 1.0), (&right, -1.0)]), None);
        assert_eq!(combine(&[]), None);
        let only_less = combine(&[(&right, -0.5)]).unwrap();
        assert_eq!(only_less, embedded([-1.0, 0.0], 0.2));
    }
}
