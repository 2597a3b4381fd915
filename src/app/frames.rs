use std::time::{Duration, Instant};

/// No frame of ours should take longer than this.
const LONG: Duration = Duration::from_millis(50);
/// Resolution of the statistics.
const BUCKET: Duration = Duration::from_micros(100);
/// Longer frames than this many buckets (one second) share the last one.
const BUCKETS: usize = 10_000;

/// How long frames take in our own code (drawing what it lays out is egui's work), and where the time goes.
///
/// `RUST_LOG=puma::frames=debug` tells of every long frame and sums up at the end.
pub struct Frames {
    since: Instant,
    /// What the frame under way spent on what.
    spent: Vec<(&'static str, Duration)>,
    buckets: Vec<u32>,
    longest: Duration,
}

impl Default for Frames {
    fn default() -> Self {
        Frames {
            since: Instant::now(),
            spent: Vec::new(),
            buckets: vec![0; BUCKETS],
            longest: Duration::ZERO,
        }
    }
}

impl Frames {
    /// The code of this frame takes over now.
    pub fn resume(&mut self) {
        self.since = Instant::now();
    }

    /// What ran since the last mark was `part`.
    pub fn mark(&mut self, part: &'static str) {
        let now = Instant::now();
        self.spent.push((part, now - self.since));
        self.since = now;
    }

    /// The frame is laid out.
    pub fn end(&mut self) {
        let took: Duration = self.spent.iter().map(|(_, time)| *time).sum();
        self.count(took);
        if took > LONG {
            let mut parts = std::mem::take(&mut self.spent);
            parts.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
            let parts: Vec<String> = parts
                .iter()
                .take_while(|(_, time)| *time > BUCKET)
                .map(|(part, time)| format!("{part} {}", ms(*time)))
                .collect();
            tracing::debug!(target: "puma::frames", "a frame took {}: {}", ms(took), parts.join(", "));
        }
        self.spent.clear();
    }

    /// Tells of all frames together.
    pub fn sum_up(&self) {
        tracing::debug!(
            target: "puma::frames",
            "{} frames: half of them under {}, 99 in 100 under {}, the longest {}",
            self.number(),
            ms(self.quantile(0.5)),
            ms(self.quantile(0.99)),
            ms(self.longest)
        );
    }

    fn count(&mut self, took: Duration) {
        let bucket = (took.as_micros() / BUCKET.as_micros()) as usize;
        self.buckets[bucket.min(BUCKETS - 1)] += 1;
        self.longest = self.longest.max(took);
    }

    fn number(&self) -> u64 {
        self.buckets.iter().map(|&frames| u64::from(frames)).sum()
    }

    /// A time that the share `part` of all frames stays under.
    fn quantile(&self, part: f64) -> Duration {
        let wanted = (self.number() as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (bucket, &frames) in self.buckets.iter().enumerate() {
            seen += u64::from(frames);
            if seen >= wanted {
                return (BUCKET * (bucket as u32 + 1)).min(self.longest);
            }
        }
        self.longest
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_frames() {
        let mut frames = Frames::default();
        assert_eq!(frames.quantile(0.5), Duration::ZERO);
        for number in 1..=100 {
            frames.count(Duration::from_millis(number));
        }
        assert_eq!(frames.number(), 100);
        assert_eq!(frames.longest, Duration::from_millis(100));
        let close = |a: Duration, ms: f64| (a.as_secs_f64() * 1000.0 - ms).abs() < 0.2;
        assert!(
            close(frames.quantile(0.5), 50.0),
            "{:?}",
            frames.quantile(0.5)
        );
        assert!(close(frames.quantile(0.99), 99.0));
        frames.count(Duration::from_secs(9));
        assert_eq!(
            frames.quantile(1.0),
            Duration::from_secs(9).min(BUCKET * BUCKETS as u32)
        );
    }
}
