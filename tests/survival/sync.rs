//! The order in which the program writes and syncs, as the system sees it; needs `strace`.
#![cfg(target_os = "linux")]
use super::{draw, place};
use crate::cli::errors;
use std::process::Command;

const PHOTOS: u32 = 24;
const BATCH: usize = 4;

/// What is written and not yet synced.
#[derive(Default)]
struct Disk {
    journal_open: bool,
    main_open: bool,
    syncs: usize,
    taken_in: usize,
    removed: usize,
}

impl Disk {
    fn see(&mut self, call: &str) {
        let on = |name: &str| call.contains(&format!("library.sqlite{name}>"));
        let writes = call.contains("pwrite64(");
        let syncs = call.contains("fsync(") || call.contains("fdatasync(");
        if writes && on("-wal") {
            self.journal_open = true;
        } else if syncs && on("-wal") {
            self.journal_open = false;
            self.syncs += 1;
        } else if writes && on("") {
            assert!(!self.journal_open, "taken in before it was synced: {call}");
            self.main_open = true;
            self.taken_in += 1;
        } else if syncs && on("") {
            self.main_open = false;
        } else if call.contains("unlink(") && call.contains("library.sqlite-wal") {
            assert!(
                !self.main_open,
                "removed before the library was synced: {call}"
            );
            self.removed += 1;
        }
    }
}

#[test]
fn every_batch_is_synced_and_nothing_is_removed_before_its_successor_is() {
    let place = place();
    draw(&place, 0..PHOTOS);
    let trace = place.folder.path().join("trace");
    let puma = place.command();
    let mut traced = Command::new("strace");
    traced
        .args([
            "-f",
            "-y",
            "-e",
            "trace=pwrite64,fsync,fdatasync,unlink",
            "-o",
        ])
        .arg(&trace)
        .arg(puma.get_program())
        .args(["index", "photos", "--batch", &BATCH.to_string()])
        .envs(
            puma.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(place.folder.path());
    let output = match traced.output() {
        Ok(output) if output.status.success() => output,
        refused => {
            println!(
                "skipped, nothing can be traced here: {:?}",
                refused.map(|output| errors(&output))
            );
            return;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("24 photos found: 24 embedded"), "{said}");
    let mut disk = Disk::default();
    for call in std::fs::read_to_string(trace).unwrap().lines() {
        disk.see(call);
    }
    assert!(
        disk.syncs >= PHOTOS as usize / BATCH,
        "{} syncs",
        disk.syncs
    );
    assert!(
        disk.taken_in > 0 && disk.removed > 0,
        "the journal was never taken in"
    );
}
