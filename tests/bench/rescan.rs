//! Time of looking again through a library whose files did not change, beside a plain walk that asks the size and time of
//! every file: `cargo bench --bench rescan [-- PHOTOS]`. After it a folder with a tenth of the photos is renamed, and
//! looked through again.
//!
//! The photos are copies of some small drawn JPEGs, a hundred in each folder and no two the same, and the catalogue holds
//! embeddings of the shipped model's width.

mod folders;

use puma::library::{Finding, Library, ModelKey, Root};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Each time is the best and the middle one of so many.
const TIMES: usize = 7;

fn main() -> anyhow::Result<()> {
    let given = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let photos: usize = given.unwrap_or(100_000);
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("photos");
    folders::draw(&root, photos)?;
    let library = Library::open(&folder.path().join("library.sqlite"))?;
    let root = library.add_root(&root, None)?;
    let model = ModelKey::new("rescan");
    let start = Instant::now();
    folders::fill(&library, &root, &model, |_| {
        (vec![0.5; 192], vec![0.25; 20])
    })?;
    println!(
        "{photos} photos taken in and stored in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let root = library.roots()?.remove(0);
    let (mut walks, mut scans) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        walks.push(timed(|| walk(&root.path, photos))?);
        scans.push(timed(|| {
            scan(&library, &root, &model, &Finding::Unchanged, photos)
        })?);
    }
    let (walked, scanned) = (middle(&mut walks), middle(&mut scans));
    println!(
        "plain walk       {walked:.3} s (best {:.3} s)\nunchanged        {scanned:.3} s (best {:.3} s), {:.1} times the walk",
        walks[0].as_secs_f64(),
        scans[0].as_secs_f64(),
        scanned / walked
    );
    let renamed = photos / 10;
    fs::rename(root.path.join("0"), root.path.join("renamed"))?;
    let time = timed(|| scan(&library, &root, &model, &Finding::Recognised, renamed))?;
    println!(
        "{renamed} in a renamed folder among them: {:.3} s",
        time.as_secs_f64()
    );
    Ok(())
}

/// Scans; fails unless so many files are found to be as they should.
fn scan(
    library: &Library,
    root: &Root,
    model: &ModelKey,
    expected: &Finding,
    count: usize,
) -> anyhow::Result<()> {
    let mut found = 0;
    let report = library.writer()?.scan(root, model, &mut |finding| {
        found += usize::from(finding == *expected);
        true
    })?;
    anyhow::ensure!(
        found == count && report.removed == 0,
        "found {found}, removed {}",
        report.removed
    );
    Ok(())
}

/// Asks size and time of every file.
fn walk(root: &Path, photos: usize) -> anyhow::Result<()> {
    let (mut files, mut newest) = (0, None);
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files += 1;
            newest = newest.max(entry.metadata()?.modified().ok());
        }
    }
    anyhow::ensure!(files == photos && newest.is_some(), "walked {files}");
    Ok(())
}

fn timed(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// The middle one in seconds, of times that are sorted by this.
fn middle(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
