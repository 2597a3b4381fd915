//! The largest memory of this process since it was last asked to forget it; Linux alone tells.

use std::path::Path;

/// Forgets the largest memory so far; does nothing where the system cannot.
pub fn forget_peak() {
    // 5 resets the high-water mark (proc(5), clear_refs).
    if let Err(error) = std::fs::write(Path::new("/proc/self/clear_refs"), "5") {
        tracing::debug!("the memory's peak is not reset: {error}");
    }
}

/// The largest resident memory in bytes, where the system tells it.
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn the_peak_rises_with_what_is_used() {
        let before = super::peak_bytes().unwrap();
        let mut block = vec![0u8; 64 << 20];
        block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        assert!(super::peak_bytes().unwrap() >= before.min(64 << 20));
        assert!(super::peak_bytes().unwrap() > 60 << 20);
        drop(block);
    }
}
