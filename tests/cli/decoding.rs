//! The processes in which `puma index` decodes: killed, they cost nothing, and none outlives the program.

#![cfg(target_os = "linux")]

use super::Place;
use crate::pictures;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Long enough for any machine; nothing waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The decoding processes of a process.
fn decoding(parent: u32) -> Vec<Pid> {
    let children = |task: std::path::PathBuf| fs::read_to_string(task.join("children")).ok();
    let tasks = fs::read_dir(format!("/proc/{parent}/task"))
        .into_iter()
        .flatten();
    tasks
        .flatten()
        .filter_map(|task| children(task.path()))
        .flat_map(|line| {
            line.split_whitespace()
                .filter_map(|number| number.parse().ok().and_then(Pid::from_raw))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn photos_survive_the_death_of_what_decodes_them() {
    let place = Place::new();
    for seed in 10..60 {
        pictures::draw(&place.photos().join(format!("more/{seed}.png")), seed, 256);
    }
    let mut run = place
        .command()
        .args(["index", "photos"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut killed = 0;
    let status = wait_for(|| {
        for process in decoding(run.id()) {
            killed += usize::from(kill_process(process, Signal::KILL).is_ok());
        }
        std::thread::sleep(Duration::from_millis(100));
        run.try_wait().unwrap()
    });
    assert!(status.success());
    println!("{killed} decoding processes killed");
    // A photo whose process was killed twice counts as failed; what was not is embedded.
    place.done(&["index", "photos"]);
    let status = place.json(&["status", "--json"]);
    assert_eq!(status["photos"], 59, "{status}");
}

#[test]
fn no_process_is_left_behind() {
    let place = Place::new();
    for seed in 0..200 {
        pictures::draw(&place.photos().join(format!("more/{seed}.png")), seed, 512);
    }
    let mut run = place
        .command()
        .args(["index", "photos"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let children = wait_for(|| Some(decoding(run.id())).filter(|found| !found.is_empty()));
    run.kill().unwrap();
    run.wait().unwrap();
    for child in children {
        wait_for(|| test_kill_process(child).is_err().then_some(()));
    }
}
