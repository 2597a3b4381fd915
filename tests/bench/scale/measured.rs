//! What is measured of an index.

use puma::index::Neighbour;
use puma::speed::processor_s;
use serde::Serialize;
use std::time::{Duration, Instant};

/// One line of the table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    pub index: String,
    pub rows: usize,
    pub threads: usize,
    pub build_s: f64,
    pub memory_mb: f64,
    pub file_mb: Option<f64>,
    pub load_s: Option<f64>,
    /// The quickest, which other programs on the machine disturb least.
    pub least_ms: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// What a query takes of all processors, by which programs on one thread and on several can be compared.
    pub processor_ms: Option<f64>,
    /// The quickest query by that of this program's exact scan of the same embeddings.
    pub to_scan: f64,
    pub recall_at_10: f64,
}

impl Measured {
    /// The table's first line.
    pub fn heading() -> String {
        format!(
            "{:<28} {:>9} {:>3} {:>9} {:>9} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7}",
            "index",
            "rows",
            "thr",
            "build s",
            "memory MB",
            "file MB",
            "load s",
            "least ms",
            "p50 ms",
            "p99 ms",
            "CPU ms",
            "x scan",
            "R@10"
        )
    }

    /// Its line of the table.
    pub fn line(&self) -> String {
        let optional = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        format!(
            "{:<28} {:>9} {:>3} {:>9.2} {:>9.0} {:>8} {:>7} {:>8.3} {:>8.3} {:>8.3} {:>8} {:>7.2} {:>7.4}",
            self.index,
            self.rows,
            self.threads,
            self.build_s,
            self.memory_mb,
            optional(self.file_mb, 0),
            optional(self.load_s, 2),
            self.least_ms,
            self.p50_ms,
            self.p99_ms,
            optional(self.processor_ms, 3),
            self.to_scan,
            self.recall_at_10
        )
    }
}

/// Asks every query by itself and fills in times and the share of the true nearest 10 that was found.
pub fn ask(
    queries: &[Vec<f32>],
    truth: &[Vec<usize>],
    measured: &mut Measured,
    mut nearest: impl FnMut(&[f32]) -> Vec<Neighbour>,
) {
    for query in queries.iter().take(20) {
        nearest(query);
    }
    let (mut times, mut found, mut wanted) = (Vec::new(), 0, 0);
    let mut processor = Some(0.0);
    for (query, truth) in queries.iter().zip(truth) {
        let (before, start) = (processor_s(), Instant::now());
        let hits = nearest(query);
        times.push(ms(start.elapsed()));
        let taken = processor_s()
            .zip(before)
            .map(|(after, before)| after - before);
        processor = processor.zip(taken).map(|(sum, taken)| sum + taken);
        wanted += truth.len();
        found += hits.iter().filter(|hit| truth.contains(&hit.row)).count();
    }
    measured.processor_ms = processor.map(|sum| 1e3 * sum / times.len() as f64);
    measured.least_ms = times.iter().copied().fold(f64::INFINITY, f64::min);
    (measured.p50_ms, measured.p99_ms) = percentiles(times);
    measured.recall_at_10 = found as f64 / wanted as f64;
}

/// The 50th and the 99th hundredth.
pub fn percentiles(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    (at(0.5), at(0.99))
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A line of /proc/self/status in MB: `VmRSS`, what is in memory now, or `VmHWM`, the most that ever was; 0 where the
/// system does not tell.
pub fn memory_mb(line: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = text
        .lines()
        .find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    let kib = value.and_then(|value| value.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1e3 * 1.024
}
