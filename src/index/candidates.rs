use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The rows that may be among the `k` best, going by scores of which each is known to be off by a bound at most.
///
/// A row is left out only when `k` others are better even if all bounds speak against them.
pub(super) struct Candidates {
    k: usize,
    /// The `k` highest scores that rows have at least; the lowest on top.
    least: BinaryHeap<Reverse<Score>>,
    /// Rows with the scores that they have at most.
    rows: Vec<(usize, f32)>,
    /// When `rows` is so long, it is looked through for rows that others have outdone since.
    sift_at: usize,
}

/// Rows that are gathered before the first look through them.
const SIFT_AT: usize = 4096;

impl Candidates {
    pub fn new(k: usize) -> Candidates {
        Candidates {
            k,
            least: BinaryHeap::new(),
            rows: Vec::new(),
            sift_at: SIFT_AT,
        }
    }

    /// The score that a row needs to be of interest.
    pub fn threshold(&self) -> f32 {
        match self.least.peek() {
            Some(Reverse(Score(lowest))) if self.least.len() >= self.k => *lowest,
            _ => f32::NEG_INFINITY,
        }
    }

    /// Takes a row of interest whose score lies between `least` and `most`.
    pub fn offer(&mut self, row: usize, least: f32, most: f32) {
        // A score that is no number promises nothing and may be anything.
        let or = |score: f32, other| if score.is_nan() { other } else { score };
        self.rows.push((row, or(most, f32::INFINITY)));
        self.raise(Score(or(least, f32::NEG_INFINITY)));
        if self.rows.len() >= self.sift_at {
            self.sift();
            self.sift_at = SIFT_AT.max(2 * self.rows.len());
        }
    }

    fn raise(&mut self, least: Score) {
        if self.least.len() < self.k {
            self.least.push(Reverse(least));
        } else if let Some(mut lowest) = self.least.peek_mut()
            && lowest.0 < least
        {
            *lowest = Reverse(least);
        }
    }

    fn sift(&mut self) {
        let threshold = self.threshold();
        self.rows.retain(|(_, most)| *most >= threshold);
    }

    pub fn merge(mut self, other: Candidates) -> Candidates {
        for Reverse(least) in other.least {
            self.raise(least);
        }
        self.rows.extend(other.rows);
        self
    }

    /// The rows with the scores that they have at most, the highest first.
    pub fn into_rows(mut self) -> Vec<(usize, f32)> {
        self.sift();
        self.rows
            .sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.rows
    }
}

/// A score with the order of `total_cmp`.
#[derive(Clone, Copy)]
struct Score(f32);

impl PartialEq for Score {
    fn eq(&self, other: &Score) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Score {}
impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Score) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Score {
    fn cmp(&self, other: &Score) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
