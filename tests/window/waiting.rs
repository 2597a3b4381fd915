use std::time::{Duration, Instant};

/// Longest wait for anything, on a slow machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until `look` sees something; `None` when patience ends.
pub fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
