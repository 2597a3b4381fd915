use super::round::{decimals, round_step};

/// A vertical axis with round marks that covers zero and all values.
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) step: f64,
}

impl Axis {
    /// About `marks` steps of 1, 2 or 5 times a power of ten around the finite ones of `values`.
    pub(super) fn over(values: impl Iterator<Item = f64>, marks: f64) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((0f64, 0f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let span = if high > low { high - low } else { 1.0 };
        let step = round_step(span, marks);
        let low = (low / step).floor() * step;
        let high = (high / step).ceil().max(low / step + 1.0) * step;
        Self { low, high, step }
    }

    /// The marked values from below.
    pub(super) fn marks(&self) -> impl Iterator<Item = f64> + '_ {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(|mark| self.low + mark as f64 * self.step)
    }

    /// How a marked value is written, with the decimals the step needs.
    pub(super) fn label(&self, value: f64) -> String {
        let decimals = decimals(self.step);
        // Adding zero turns -0 into 0.
        format!(
            "{:.decimals$}",
            (value / self.step).round() * self.step + 0.0
        )
    }

    /// Where a value lies, 0 at the low end and 1 at the high one.
    pub(super) fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}
