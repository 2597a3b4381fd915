//! Profiles of domains and their views.

use puma::figures::{View, overall, profiles};

const ROWS: [(&str, [f32; 2]); 5] = [
    ("sea", [0.1, 0.8]),
    ("air", [0.5, 0.0]),
    ("sea", [0.3, 0.8]),
    ("sea", [0.2, 0.5]),
    ("air", [0.7, -0.4]),
];

fn rows() -> impl Iterator<Item = (&'static str, &'static [f32])> {
    ROWS.iter().map(|(domain, row)| (*domain, row.as_slice()))
}

fn close(got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            (f64::from(*got) - expected).abs() < 1e-6,
            "{got}, expected {expected}"
        );
    }
}

/// Mean and standard deviation in two passes.
fn moments(values: &[f32]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let squares = values
        .iter()
        .map(|v| (f64::from(*v) - mean).powi(2))
        .sum::<f64>();
    (mean, (squares / count).sqrt())
}

#[test]
fn means_and_deviations_by_domain_sorted_by_name() {
    let profiles = profiles(rows());
    assert_eq!(profiles.len(), 2);
    assert_eq!((profiles[0].domain.as_str(), profiles[0].count), ("air", 2));
    assert_eq!((profiles[1].domain.as_str(), profiles[1].count), ("sea", 3));
    for profile in &profiles {
        for prompt in 0..2 {
            let values = ROWS.iter().filter(|(domain, _)| *domain == profile.domain);
            let values = values.map(|(_, row)| row[prompt]).collect::<Vec<_>>();
            let (mean, std) = moments(&values);
            close(&[profile.mean[prompt], profile.std[prompt]], &[mean, std]);
        }
    }
}

#[test]
fn overall_counts_every_photo_once() {
    let all = overall(&profiles(rows())).unwrap();
    assert_eq!(all.count, 5);
    for prompt in 0..2 {
        let values = ROWS.map(|(_, row)| row[prompt]);
        let (mean, std) = moments(&values);
        close(&[all.mean[prompt], all.std[prompt]], &[mean, std]);
    }
    assert!(overall(&[]).is_none());
}

#[test]
fn views_are_relative_to_all_photos() {
    let profiles = profiles(rows());
    let all = overall(&profiles).unwrap();
    let air = &profiles[0];
    close(&air.view(View::Mean, &all), &[0.6, -0.2]);
    close(&air.view(View::Centred, &all), &[0.6 - 0.36, -0.2 - 0.34]);
    let (first, second) = (
        moments(&ROWS.map(|r| r.1[0])),
        moments(&ROWS.map(|r| r.1[1])),
    );
    let expected = [(0.6 - first.0) / first.1, (-0.2 - second.0) / second.1];
    close(&air.view(View::Standardised, &all), &expected);
}

#[test]
fn a_prompt_that_never_varies_is_no_division_by_zero() {
    let row: &[f32] = &[0.5];
    let profiles = profiles([("a", row), ("b", row)].into_iter());
    let all = overall(&profiles).unwrap();
    assert_eq!(profiles[0].view(View::Standardised, &all), [0.0]);
}

#[test]
fn rows_of_another_model_are_left_out() {
    let full: &[f32] = &[0.5, 0.25];
    let profiles = profiles([("a", &[][..]), ("a", full), ("b", &full[..1])].into_iter());
    assert_eq!(profiles.len(), 1);
    assert_eq!((profiles[0].count, profiles[0].mean.as_slice()), (1, full));
}
