//! Round numbers beside a scale.

/// The smallest 1, 2 or 5 times a power of ten that takes at most `marks` steps over `span`.
pub fn round_step(span: f64, marks: f64) -> f64 {
    let rough = (span / marks).max(1e-9);
    let power = 10f64.powf(rough.log10().floor());
    // A step that misses by rounding alone is taken.
    let fits = |times: &f64| times * power >= rough * 0.999;
    let times = [1.0, 2.0, 5.0].into_iter().find(fits);
    times.unwrap_or(10.0) * power
}

/// The multiples of `step` from `low` to `high`.
pub fn multiples(step: f64, low: f64, high: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    // Adding zero turns -0 into 0.
    (first..=last).map(move |number| number as f64 * step + 0.0)
}

/// Decimals that tell multiples of `step` apart.
pub fn decimals(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 9.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        for (span, marks, expected) in [
            (1.0, 5.0, 0.2),
            (0.9, 5.0, 0.2),
            (7.0, 5.0, 2.0),
            (0.03, 4.0, 0.01),
            (1000.0, 1.0, 1000.0),
        ] {
            let step = round_step(span, marks);
            assert!(
                (step / expected - 1.0).abs() < 1e-9,
                "{span} {marks}: {step}"
            );
        }
        assert!(round_step(0.0, 5.0) > 0.0);
    }

    #[test]
    fn multiples_lie_within_their_range() {
        let marks: Vec<f64> = multiples(0.5, -0.9, 1.2).collect();
        assert_eq!(marks, [-0.5, 0.0, 0.5, 1.0]);
        assert_eq!((decimals(0.5), decimals(0.02), decimals(20.0)), (1, 2, 0));
    }
}
