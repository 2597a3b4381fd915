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

impl Histogram {
    /// Counts cosines.
    pub(super) fn of(scores: impl Iterator<Item = f32>) -> Histogram {
        let width = 2.0 / BINS as f32;
        let mut counts = vec![0; BINS];
        for score in scores {
            let bin = ((score + 1.0) / width) as usize;
            counts[bin.min(BINS - 1)] += 1;
        }
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
        let histogram = Histogram::of([-1.0, 0.0, 0.001, 0.999, 1.0, 1.000_001].into_iter());
        assert_eq!(histogram.counts.iter().sum::<u32>(), 6);
        assert_eq!(histogram.at_least(-1.0), 6);
        assert_eq!(histogram.at_least(0.5), 3);
        assert_eq!(histogram.counts[0], 1);
        assert_eq!(histogram.counts[BINS - 1], 3);
    }
}
