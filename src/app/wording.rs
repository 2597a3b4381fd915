//! Numbers, durations and paths as people read them.

use super::engine::Failure;
use std::path::Path;
use std::time::Duration;

/// `1234567` as `1,234,567`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 photo`, `2 photos`.
pub fn counted(number: usize, singular: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {singular}{plural}", count(number))
}

/// A rough duration: `40 s`, `3 min`, `2 h 5 min`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The last part of a path, or the whole path where it has none (such as `/`).
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// `text` cut to at most `limit` characters in its middle, where names differ least.
pub fn shortened(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit || limit < 3 {
        return text.to_owned();
    }
    let head = (limit - 1) / 2;
    let tail = limit - 1 - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

/// A line for each file: path, tab, reason.
pub fn list_of_failures(failures: &[Failure]) -> String {
    let line = |failure: &Failure| format!("{}\t{}\n", failure.path.display(), failure.reason);
    failures.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1_234), "1,234");
        assert_eq!(count(100_000), "100,000");
        assert_eq!(counted(1, "photo"), "1 photo");
        assert_eq!(counted(2_000, "photo"), "2,000 photos");
        assert_eq!(duration(Duration::from_millis(12_200)), "13 s");
        assert_eq!(duration(Duration::from_secs(61)), "2 min");
        assert_eq!(duration(Duration::from_secs(7_500)), "2 h 5 min");
    }

    #[test]
    fn long_names_keep_both_ends_in_any_script() {
        assert_eq!(shortened("short.jpg", 20), "short.jpg");
        assert_eq!(shortened("abcdefghij.jpeg", 9), "abcd…jpeg");
        assert_eq!(shortened("写真写真写真写真.jpg", 9).chars().count(), 9);
    }
}
