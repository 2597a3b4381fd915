//! What decoding in a process of its own costs: `cargo bench --bench decoding -- FOLDER_OF_PHOTOS [PHOTOS]`.
//!
//! Each photo is decoded on the calling thread and in a process right after each other, in changing order, so that other
//! work on the machine hits both alike, which criterion does not do. Files are read once before, so that the disk does
//! not count.

use puma::photo::{Limits, PhotoError, ProcessLimits, Reader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    let Some(folder) = arguments.next() else {
        println!("usage: cargo bench --bench decoding -- FOLDER [PHOTOS]");
        return Ok(());
    };
    let most = arguments.next().map_or(Ok(300), |number| number.parse())?;
    let photos = photos(Path::new(&folder), most);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_puma"));
    let here = Reader::here(Limits::default());
    let started = Instant::now();
    let apart = Reader::apart(program, Limits::default(), ProcessLimits::default());
    let first = &photos[0];
    apart.crop(first, 224, None)?;
    println!(
        "first photo, with the start of its process: {:.1} ms",
        ms(started.elapsed())
    );
    compare(
        "crop of 224 px, as in indexing",
        &photos,
        &here,
        &apart,
        |reader, path| reader.crop(path, 224, None).map(drop),
    )?;
    compare(
        "crop and a copy of 640 px, as in a question",
        &photos,
        &here,
        &apart,
        |reader, path| reader.look(path, 224, 640).map(drop),
    )?;
    compare(
        "whole picture, as in the preview",
        &photos,
        &here,
        &apart,
        |reader, path| reader.read(path).map(drop),
    )
}

/// Every so-many-th photo below a folder, in the order of their names.
fn photos(folder: &Path, most: usize) -> Vec<PathBuf> {
    let is_photo = |path: &PathBuf| matches!(puma::photo::sniff(path), Ok(Some(_)));
    let all: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.is_file() && is_photo(path))
        .collect();
    assert!(!all.is_empty(), "no photos below {}", folder.display());
    all.iter()
        .step_by((all.len() / most).max(1))
        .take(most)
        .cloned()
        .collect()
}

fn compare(
    what: &str,
    photos: &[PathBuf],
    here: &Reader,
    apart: &Reader,
    work: impl Fn(&Reader, &Path) -> Result<(), PhotoError>,
) -> anyhow::Result<()> {
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for (number, path) in photos.iter().enumerate() {
        std::fs::read(path)?;
        let timed = |reader: &Reader, times: &mut Vec<Duration>| {
            let start = Instant::now();
            work(reader, path)?;
            times.push(start.elapsed());
            Ok::<_, PhotoError>(())
        };
        if number % 2 == 0 {
            timed(here, &mut own)?;
            timed(apart, &mut other)?;
        } else {
            timed(apart, &mut other)?;
            timed(here, &mut own)?;
        }
    }
    let total = |times: &[Duration]| times.iter().sum::<Duration>();
    println!(
        "{what}, {} photos: {:.2} ms a photo here, {:.2} ms apart, ratio {:.3}; medians {:.2} and {:.2} ms",
        photos.len(),
        ms(total(&own)) / photos.len() as f64,
        ms(total(&other)) / photos.len() as f64,
        total(&other).as_secs_f64() / total(&own).as_secs_f64(),
        ms(median(own)),
        ms(median(other)),
    );
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
