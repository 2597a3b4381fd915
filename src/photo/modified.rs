use std::fs::Metadata;
use std::time::UNIX_EPOCH;

/// The time of a file's last change in nanoseconds since 1970, negative before; 0 if the system keeps none.
pub fn mtime_ns(facts: &Metadata) -> i64 {
    let Ok(time) = facts.modified() else { return 0 };
    let clamp = |nanoseconds: u128| i64::try_from(nanoseconds).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => clamp(after.as_nanos()),
        Err(before) => -clamp(before.duration().as_nanos()),
    }
}
