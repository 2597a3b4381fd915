use rayon::prelude::*;

/// How many photos have which score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub lowest: f32,
    /// Width of a bin.
    pub width: f32,
    /// Photos in each bin, from the lowest score to the highest.
    pub counts: Vec<u32>,
}

/// Bins from -1 to 1.
const BINS: usize = 200;
/// Scores that one task counts.
const AT_ONCE: usize = 65_536;

impl Histogram {
    /// Counts the cosines `[N]` of the rows that pass; `None` for all.
    pub(super) fn of(scores: &[f32], passing: Option<&[bool]>) -> Histogram {
        let width = 2.0 / BINS as f32;
        let none = || vec![0; BINS];
        let counts = scores
            .par_chunks(AT_ONCE)
            .enumerate()
            .fold(none, |mut counts, (place, scores)| {
                let passing = passing.map(|passing| &passing[place * AT_ONCE..]);
                for (row, score) in scores.iter().enumerate() {
                    if passing.is_none_or(|passing| passing[row]) {
                        let bin = ((score + 1.0) / width) as usize;
                        counts[bin.min(BINS - 1)] += 1;
                    }
                }
                counts
            })
            .reduce(none, |mut counts, more| {
                counts
                    .iter_mut()
                    .zip(more)
                    .for_each(|(sum, more)| *sum += more);
                counts
            });
        Histogram {
            lowest: -1.0,
            width,
            counts,
        }
    }

    /// Lower edge of a bin.
    pub fn edge(&self, bin: usize) -> f32 {
        self.lowest + self.width * bin as f32
    }

    /// How many photos have at least this score, by whole bins.
    pub fn at_least(&self, score: f32) -> u32 {
        let first = ((score - self.lowest) / self.width).max(0.0) as usize;
        self.counts.iter().skip(first).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_is_counted_once() {
        let scores = [-1.0, 0.0, 0.001, 0.999, 1.0, 1.000_001];
        let histogram = Histogram::of(&scores, None);
        assert_eq!(histogram.counts.iter().sum::<u32>(), 6);
        assert_eq!(histogram.at_least(-1.0), 6);
        assert_eq!(histogram.at_least(0.5), 3);
        assert_eq!(histogram.counts[0], 1);
        assert_eq!(histogram.counts[BINS - 1], 3);
        let some = Histogram::of(&scores, Some(&[true, false, false, true, false, false]));
        assert_eq!((some.counts[0], some.counts[BINS - 1]), (1, 1));
        assert_eq!(some.counts.iter().sum::<u32>(), 2);
        let many: Vec<f32> = (0..200_000).map(|row| (row % 2) as f32 * 0.5).collect();
        let odd: Vec<bool> = (0..200_000).map(|row| row % 2 == 1).collect();
        assert_eq!(Histogram::of(&many, Some(&odd)).at_least(0.5), 100_000);
        assert_eq!(Histogram::of(&many, None).at_least(0.0), 200_000);
    }
}
