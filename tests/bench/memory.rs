//! Memory of `puma index`, with the processes that it starts:
//! `cargo bench --bench memory [-- PHOTOS ROWS]` (Linux; real photos from `PUMA_PHOTOS`, else drawn ones).
//!
//! It indexes PHOTOS (3,000) ordinary photos, then photos of 12, 100 and 200 megapixels made from them, then a folder of
//! ROWS (100,000) small pictures twice, asks for one of them, and prints the largest memory of each run.

use image::{Rgb, RgbImage, imageops::FilterType};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often memory is looked at.
const EVERY: Duration = Duration::from_millis(10);
/// Sizes of the large photos: name, pixels, and how many of them.
const LARGE: [(&str, [u32; 2], usize); 3] = [
    ("12 megapixels", [4000, 3000], 24),
    ("100 megapixels", [11_600, 8_700], 6),
    ("200 megapixels", [16_320, 12_240], 4),
];

/// A segment that says that the camera was held upright, so that the picture has to be turned.
const TURNED: [u8; 36] =
    *b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let (photos, rows) = (
        numbers.first().copied().unwrap_or(3_000),
        numbers.get(1).copied().unwrap_or(100_000),
    );
    let folder = tempfile::tempdir()?;
    let sources = sources(folder.path(), photos)?;
    let ordinary = folder.path().join("ordinary");
    fs::create_dir_all(&ordinary)?;
    for (number, source) in sources.iter().enumerate() {
        fs::copy(source, ordinary.join(format!("{number}.jpg")))?;
    }
    report(folder.path(), "ordinary photos", &ordinary)?;
    for (name, size, count) in LARGE {
        let large = folder.path().join(name);
        fs::create_dir_all(&large)?;
        let made: Vec<PathBuf> = (0..2)
            .map(|number| {
                enlarge(
                    &sources[number * sources.len() / 2],
                    size,
                    &large.join(format!("{number}.jpg")),
                )
            })
            .collect::<anyhow::Result<_>>()?;
        for number in made.len()..count {
            // Other bytes behind the picture, so that each is a photo of its own.
            let copy = large.join(format!("{number}.jpg"));
            let mut bytes = fs::read(&made[number % 2])?;
            if number % 3 == 0 {
                bytes.splice(2..2, TURNED);
            }
            bytes.extend(number.to_le_bytes());
            fs::write(copy, bytes)?;
        }
        report(folder.path(), name, &large)?;
    }
    let small = folder.path().join("small");
    let drawn: Vec<PathBuf> = (0..64)
        .map(|seed| {
            drawn(
                &folder.path().join(format!("drawn/{seed}.png")),
                seed,
                [64, 48],
            )
        })
        .collect::<anyhow::Result<_>>()?;
    link(&drawn, &small, rows)?;
    report(folder.path(), "many small pictures", &small)?;
    report(folder.path(), "the same again", &small)?;
    let ask = [OsStr::new("search"), drawn[0].as_os_str()];
    measure(folder.path(), "a search among them", &small, &ask)?;
    Ok(())
}

/// Indexes a folder into a library named after it, and prints what that took.
fn report(home: &Path, name: &str, photos: &Path) -> anyhow::Result<()> {
    let arguments = [OsStr::new("index"), photos.as_os_str()];
    let said = measure(home, name, photos, &arguments)?;
    println!("    {}", said.trim());
    Ok(())
}

/// Runs the program on the library of the folder `photos`, prints the memory and time that it took, and gives what it
/// said.
fn measure(home: &Path, name: &str, photos: &Path, arguments: &[&OsStr]) -> anyhow::Result<String> {
    let start = Instant::now();
    let mut run = Command::new(env!("CARGO_BIN_EXE_puma"))
        .args(arguments)
        .arg("--library")
        .arg(photos.with_extension("sqlite"))
        .env("PUMA_HOME", home.join("home"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (mut alone, mut together) = (0, 0);
    while run.try_wait()?.is_none() {
        let memory = memory(run.id());
        alone = alone.max(memory.0);
        together = together.max(memory.1);
        std::thread::sleep(EVERY);
    }
    let mut said = String::new();
    if let Some(mut output) = run.stdout.take() {
        output.read_to_string(&mut said)?;
    }
    println!(
        "{name}: {:.0} MB, {:.0} MB with its processes, {:.1} s",
        alone as f64 / 1e3,
        together as f64 / 1e3,
        start.elapsed().as_secs_f64(),
    );
    Ok(said)
}

/// Largest memory of a process so far, and of it and those it started now, in kB.
fn memory(process: u32) -> (u64, u64) {
    let status = |process: u32, entry: &str| -> u64 {
        let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(entry));
        line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or(0)
    };
    let mut together = 0;
    let mut waiting = vec![process];
    while let Some(next) = waiting.pop() {
        together += status(next, "VmRSS:");
        for thread in fs::read_dir(format!("/proc/{next}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            waiting.extend(
                children
                    .split_whitespace()
                    .filter_map(|child| child.parse::<u32>().ok()),
            );
        }
    }
    (status(process, "VmHWM:"), together)
}

/// Real photos, evenly from all sets, or drawn ones.
fn sources(folder: &Path, count: usize) -> anyhow::Result<Vec<PathBuf>> {
    let Some(photos) = std::env::var_os("PUMA_PHOTOS") else {
        println!("PUMA_PHOTOS is not set: the photos are drawn");
        return (0..64)
            .map(|seed| {
                drawn(
                    &folder.join(format!("sources/{seed}.jpg")),
                    seed,
                    [1024, 768],
                )
            })
            .collect();
    };
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(photos)
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|ending| ending == "jpg"))
        .collect();
    found.sort();
    let step = (found.len() / count).max(1);
    Ok(found.into_iter().step_by(step).take(count).collect())
}

/// Gives so many files below `folder` that are those of `sources` under other names.
fn link(sources: &[PathBuf], folder: &Path, count: usize) -> anyhow::Result<()> {
    for number in 0..count {
        let source = &sources[number % sources.len()];
        let ending = source.extension().unwrap_or_default().to_string_lossy();
        let target = folder.join(format!("{}/{number}.{ending}", number / 1000));
        if number % 1000 == 0 {
            fs::create_dir_all(folder.join((number / 1000).to_string()))?;
        }
        // Other file systems, and files that have too many names already.
        if fs::hard_link(source, &target).is_err() {
            fs::copy(source, &target)?;
        }
    }
    Ok(())
}

fn enlarge(source: &Path, [width, height]: [u32; 2], target: &Path) -> anyhow::Result<PathBuf> {
    let photo = image::open(source)?.into_rgb8();
    image::imageops::resize(&photo, width, height, FilterType::Triangle).save(target)?;
    Ok(target.to_owned())
}

fn drawn(target: &Path, seed: u32, [width, height]: [u32; 2]) -> anyhow::Result<PathBuf> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    let wave = |value: u32, phase: u32| ((value * (1 + seed % 7) + phase * 37) % 256) as u8;
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([
            wave(x / 3, seed),
            wave(y / 2, 2 * seed),
            wave((x + y) / 5, 3 * seed),
        ])
    })
    .save(target)?;
    Ok(target.to_owned())
}
