//! Time from the start of the program to its window, to its first frame and to its first answer:
//! `cargo bench --bench startup [-- PHOTOS STARTS] [--keep FOLDER]` (Linux, with Xvfb).
//!
//! The library holds PHOTOS (100,000) small drawn photos, which are there, with embeddings about made centres. The program
//! is started on an X server of its own with a picture to ask with, STARTS (7) times after a first one that has only the
//! catalogue and no file kept beside it, and closed as by the cross in its corner. What is on the screen is
//! looked at from outside, every few milliseconds. `--keep` leaves the library in a folder, for the next time.
//!
//! There is no graphics card behind Xvfb: Mesa draws on the processor, in threads whose time is told apart.
#![allow(
    clippy::unwrap_used,
    reason = "the desk is that of the tests, where a failure is a panic"
)]

#[path = "../../window/desk.rs"]
#[allow(dead_code, reason = "tests do more with a desk than to look at it")]
mod desk;
#[path = "../folders.rs"]
mod folders;
#[path = "../../window/key.rs"]
#[allow(dead_code, reason = "nothing is typed here")]
mod key;
mod library;
mod program;
#[path = "../../window/waiting.rs"]
mod waiting;

use desk::Desk;
use program::Start;
use puma::speed::median;
use std::path::{Path, PathBuf};
use waiting::patiently;

fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default);
    let (photos, starts) = (number(0, 100_000), number(1, 7));
    let kept = std::env::args().skip_while(|argument| argument != "--keep");
    let kept = kept.skip(1).map(PathBuf::from).next();
    let Some(desk) = Desk::start() else {
        return Ok(());
    };
    let scratch = tempfile::tempdir()?;
    let home = kept.unwrap_or_else(|| scratch.path().to_owned());
    let library = library::make(&home, photos)?;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photos");
    let picture = home.join("asked.png");
    std::fs::copy(golden.join("rocket.png"), &picture)?;

    library::forget_what_is_kept(&home)?;
    let first = Start::of(&desk, &home, &library, &picture)?;
    println!("{photos} photos, from the catalogue alone:");
    println!("{first}");
    let mut all = Vec::new();
    for _ in 0..starts {
        all.push(Start::of(&desk, &home, &library, &picture)?);
    }
    println!("{photos} photos, medians of {starts} further starts:");
    println!("{}", Start::middle(&all, median));
    println!("the slowest of each:");
    println!(
        "{}",
        Start::middle(&all, |times| times.into_iter().fold(0.0, f64::max))
    );
    Ok(())
}
