use crate::eval::Report;
use std::path::Path;

/// The best validation of a run so far, by the harmonic mean of the held-out classes' R@1.
///
/// What it knows stands in `validation.csv`, so that a resumed run needs no other memory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Best {
    best: Option<f64>,
    /// Validations since.
    since: usize,
}

impl Best {
    /// What the log of a run says, as far as it was kept.
    pub fn of_log(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut best = Self::default();
        let values = text.lines().skip(1).filter_map(|line| {
            let harmonic = line.split(',').nth(1)?;
            harmonic.parse::<f64>().ok()
        });
        values.for_each(|value| {
            best.take(value);
        });
        best
    }

    /// Takes in a validation; whether it is better than all before.
    pub fn validated(&mut self, report: &Report) -> bool {
        // Rounded as the log has it, so that a resumed run decides alike.
        let rounded = format!("{:.4}", report.harmonic.recall_at[0]);
        self.take(rounded.parse().unwrap_or(0.0))
    }

    /// Whether the last `patience` validations were no better than one before; never with 0.
    pub fn lost(&self, patience: usize) -> bool {
        patience > 0 && self.since >= patience
    }

    fn take(&mut self, value: f64) -> bool {
        let better = self.best.is_none_or(|best| value > best);
        if better {
            (self.best, self.since) = (Some(value), 0);
        } else {
            self.since += 1;
        }
        better
    }
}

#[cfg(test)]
mod tests {
    use super::Best;

    #[test]
    fn a_run_is_lost_after_so_many_validations_without_a_better_one() {
        let folder = tempfile::TempDir::new().unwrap();
        let log = folder.path().join("validation.csv");
        let rows = |values: &[f64]| {
            let mut text = "step,harmonic_r1,unified_r1,sets\n".to_owned();
            for (step, value) in values.iter().enumerate() {
                text += &format!("{step},{value:.4},0.5000,a=0.5\n");
            }
            std::fs::write(&log, text).unwrap();
            Best::of_log(&log)
        };
        assert!(!rows(&[0.5, 0.6, 0.6]).lost(2));
        assert!(rows(&[0.5, 0.6, 0.6, 0.59]).lost(2));
        assert!(!rows(&[0.5, 0.6, 0.6, 0.59]).lost(0));
        assert!(!rows(&[0.5, 0.6, 0.6, 0.61]).lost(1));
        assert_eq!(Best::of_log(&folder.path().join("none")), Best::default());
    }
}
