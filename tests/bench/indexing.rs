//! What indexing large photos costs: `PUMA_PHOTOS=FOLDER cargo bench --bench indexing [-- PHOTOS [ROUNDS]]
//! [--keep FOLDER]`.
//!
//! Photos of 12 megapixels (JPEG, quality 92, 4:2:0) are made as mosaics of real ones with the noise of a sensor, then indexed by
//! the program itself as a user would, each round into a new library. Processor time is that of the program and of all
//! its decoding processes, which is nothing for criterion. `--keep` leaves the photos in a folder, for the next time with
//! as many of them and for `tests/bench/peers/indexing.py`.

use anyhow::Context;
use image::{Rgb, RgbImage, imageops};
use puma::speed::made;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const SIZE_PX: [u32; 2] = [4000, 3000];
/// Side of a tile: real photos keep their own detail.
const TILE_PX: u32 = 200;

fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let count = numbers.first().copied().unwrap_or(40);
    let rounds = numbers.get(1).copied().unwrap_or(3);
    let Some(source) = std::env::var_os("PUMA_PHOTOS") else {
        println!("PUMA_PHOTOS=FOLDER is needed: real photos that the large ones are made of");
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let kept = std::env::args()
        .skip_while(|argument| argument != "--keep")
        .nth(1);
    let photos = kept.map_or_else(|| folder.path().join("photos"), PathBuf::from);
    std::fs::create_dir_all(&photos)?;
    let there = sizes(&photos)?;
    let bytes: u64 = match there.len() {
        0 => make(Path::new(&source), &photos, count)?,
        // All that lies there is indexed, and the figures are of as many as were asked for.
        files => {
            anyhow::ensure!(
                files == count,
                "{}: holds {files} files, not the {count} photos asked for; ask for as many, empty it or name another \
                 folder",
                photos.display()
            );
            there.iter().sum()
        }
    };
    println!(
        "{count} photos of {} megapixels, {:.1} MB each",
        SIZE_PX[0] * SIZE_PX[1] / 1_000_000,
        bytes as f64 / count as f64 / 1e6
    );
    for round in 0..rounds {
        let home = folder.path().join(format!("home-{round}"));
        let (started, before) = (Instant::now(), children_s()?);
        let status = Command::new(env!("CARGO_BIN_EXE_puma"))
            .arg("index")
            .arg(&photos)
            .env("PUMA_HOME", &home)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "puma index ended with {status}");
        let (wall_s, cpu_s) = (started.elapsed().as_secs_f64(), children_s()? - before);
        let cores = std::thread::available_parallelism()?.get() as f64;
        println!(
            "round {round}: {:.0} CPU-ms a photo, {:.1} photos/s, {:.0} % of {cores} cores",
            1e3 * cpu_s / count as f64,
            count as f64 / wall_s,
            100.0 * cpu_s / wall_s / cores
        );
    }
    Ok(())
}

/// Sizes in bytes of the photos that an earlier run has left.
fn sizes(folder: &Path) -> anyhow::Result<Vec<u64>> {
    let files = std::fs::read_dir(folder)?;
    files.map(|file| Ok(file?.metadata()?.len())).collect()
}

/// Makes the photos; gives the bytes of all of them.
fn make(source: &Path, folder: &Path, count: usize) -> anyhow::Result<u64> {
    let tiles: Vec<PathBuf> = walkdir::WalkDir::new(source)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|ending| ending == "jpg")
        })
        .map(walkdir::DirEntry::into_path)
        .collect();
    anyhow::ensure!(!tiles.is_empty(), "{}: no .jpg below it", source.display());
    let sizes = (0..count).into_par_iter().map(|number| {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(number as u64);
        let mut picture = RgbImage::new(SIZE_PX[0], SIZE_PX[1]);
        for y in (0..SIZE_PX[1]).step_by(TILE_PX as usize) {
            for x in (0..SIZE_PX[0]).step_by(TILE_PX as usize) {
                let tile = image::open(&tiles[rng.random_range(0..tiles.len())])?;
                let tile = tile.resize_to_fill(TILE_PX, TILE_PX, imageops::FilterType::CatmullRom);
                imageops::replace(&mut picture, &tile.to_rgb8(), i64::from(x), i64::from(y));
            }
        }
        for Rgb(pixel) in picture.pixels_mut() {
            for value in pixel {
                *value = value.saturating_add_signed(rng.random_range(-3..=3));
            }
        }
        let path = folder.join(format!("{number:04}.jpg"));
        let bytes = made::jpeg(&picture)?;
        std::fs::write(&path, &bytes)?;
        Ok(bytes.len() as u64)
    });
    Ok(sizes.collect::<anyhow::Result<Vec<u64>>>()?.iter().sum())
}

/// Processor time in seconds of all processes that this one has started and that have ended (Linux).
fn children_s() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("processor times need Linux")?;
    let fields: Vec<&str> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .collect();
    let ticks = |index: usize| -> anyhow::Result<f64> {
        Ok(fields.get(index).context("a short line")?.parse::<f64>()?)
    };
    Ok((ticks(13)? + ticks(14)?) / 100.0)
}
