use serde::Serialize;
use std::time::Instant;

/// What some work took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Taken {
    /// Time by the clock in milliseconds.
    pub wall_ms: f64,
    /// Time of all processors in milliseconds, which other programs disturb less; `None` where the system does not tell.
    pub processor_ms: Option<f64>,
}

impl Taken {
    /// The share of one of `count` pieces of work.
    pub fn of_one(self, count: usize) -> Taken {
        let count = count.max(1) as f64;
        Taken {
            wall_ms: self.wall_ms / count,
            processor_ms: self.processor_ms.map(|ms| ms / count),
        }
    }

    /// The medians of both times; nothing for nothing.
    pub fn median(all: &[Taken]) -> Taken {
        Taken {
            wall_ms: median(all.iter().map(|taken| taken.wall_ms)),
            processor_ms: all
                .iter()
                .map(|taken| taken.processor_ms)
                .collect::<Option<Vec<f64>>>()
                .map(median),
        }
    }
}

/// Does the work and gives what came out and what it took, all threads of this process counted.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Taken) {
    let (start, before) = (Instant::now(), processor_s());
    let result = work();
    let (wall, after) = (start.elapsed(), processor_s());
    let taken = Taken {
        wall_ms: 1e3 * wall.as_secs_f64(),
        processor_ms: before
            .zip(after)
            .map(|(before, after)| 1e3 * (after - before)),
    };
    (result, taken)
}

/// Processor time of this process so far in seconds, where the system tells it.
pub fn processor_s() -> Option<f64> {
    let time = cpu_time::ProcessTime::try_now().ok()?;
    Some(time.as_duration().as_secs_f64())
}

/// The middle one, or the mean of the two in the middle; 0 of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_those_in_the_middle() {
        assert_eq!(median([]), 0.0);
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        let taken = |wall_ms, processor_ms| Taken {
            wall_ms,
            processor_ms,
        };
        let all = [taken(3.0, Some(1.0)), taken(1.0, Some(5.0))];
        assert_eq!(Taken::median(&all), taken(2.0, Some(3.0)));
        let untold = [taken(3.0, Some(1.0)), taken(1.0, None)];
        assert_eq!(Taken::median(&untold), taken(2.0, None));
    }

    #[test]
    fn work_takes_time_of_the_clock_and_of_the_processor() {
        let (sum, taken) =
            timed(|| (0..5_000_000u64).fold(0, |sum, one| sum ^ one.wrapping_mul(sum + 1)));
        assert!(taken.wall_ms > 0.0, "{sum}");
        assert!(taken.processor_ms.is_none_or(|ms| ms > 0.0), "{taken:?}");
        assert_eq!(taken.of_one(2).wall_ms, taken.wall_ms / 2.0);
    }
}
