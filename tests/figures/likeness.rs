//! How alike two profiles are, and which matches are worth a second look.

use puma::figures::{agreeing, cosine, far_profiles, opposing};

#[test]
fn cosines_are_of_the_angle() {
    assert!((cosine(&[1.0, 0.0], &[3.0, 0.0]) - 1.0).abs() < 1e-6);
    assert!((cosine(&[1.0, 1.0], &[1.0, -1.0])).abs() < 1e-6);
    assert!((cosine(&[0.3, -0.1], &[-0.6, 0.2]) + 1.0).abs() < 1e-6);
    assert_eq!(cosine(&[0.0, 0.0], &[1.0, 0.0]), 0.0);
    assert_eq!(cosine(&[], &[]), 0.0);
}

#[test]
fn prompts_agree_where_both_stand_out_on_the_same_side() {
    let a = [2.0, -1.5, 0.2, 3.0, -0.6, 1.0];
    let b = [0.9, -2.0, 0.3, -3.0, -0.7, 0.1];
    assert_eq!(agreeing(&a, &b, 3), [1, 0, 4]);
    assert_eq!(agreeing(&a, &b, 1), [1]);
    assert_eq!(opposing(&a, &b, 3), [3]);
    assert!(agreeing(&[0.1; 6], &[0.1; 6], 3).is_empty());
}

#[test]
fn near_matches_with_far_profiles_are_marked_and_far_ones_are_not() {
    let matches = [
        (0.95, 0.8),
        (0.90, -0.3),
        (0.80, 0.0),
        (0.50, -0.9),
        (0.40, 0.5),
    ];
    // The fourth is far in both: the embedding already says so.
    assert_eq!(
        far_profiles(&matches, None),
        [false, true, false, false, false]
    );
    // A known line counts instead of the better half.
    assert_eq!(
        far_profiles(&matches, Some(0.45)),
        [false, true, false, true, false]
    );
    assert_eq!(far_profiles(&matches, Some(0.92)), [false; 5]);
    assert!(far_profiles(&[], None).is_empty());
}

/// The reason for the threshold: relative profiles add up to zero, so random pairs are neither like nor unlike.
#[test]
fn random_pairs_of_a_library_are_on_average_at_the_threshold() {
    let rows: Vec<[f32; 3]> = (0..60u16)
        .map(|row| {
            let value = |step: u16| f32::from((row * step) % 17) / 17.0;
            [value(3), value(5), value(11)]
        })
        .collect();
    let mean: [f32; 3] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at]).sum::<f32>() / 60.0);
    let relative = |row: &[f32; 3]| -> Vec<f32> {
        row.iter()
            .zip(mean)
            .map(|(value, mean)| value - mean)
            .collect()
    };
    let mut products = 0.0;
    for a in &rows {
        for b in &rows {
            let pair = relative(a).into_iter().zip(relative(b));
            products += pair.map(|(a, b)| a * b).sum::<f32>();
        }
    }
    assert!((products / 3600.0).abs() < 1e-4, "{products}");
}
