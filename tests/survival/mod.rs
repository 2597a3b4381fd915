//! What the program survives: being killed, power cuts, full and read-only disks, damaged files, clocks set back, and
//! everything at once. It is run as a user runs it, with a tiny model that starts at once.
mod caches;
mod clock;
mod damaged;
mod disks;
mod killed;
mod models;
mod power;
mod stress;
mod sync;

use crate::cli::Place;
use crate::model::golden::{tiny_config, tiny_tensors};
use crate::pictures;
use puma::library::{Library, ModelKey};
use puma::model::{Checkpoint, Puma};
use puma::settings::{Places, Settings};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// Side of the drawn photos: what the tiny model looks at.
const SIDE_PX: u32 = 64;

/// A home folder whose settings name the tiny model, and no photos yet.
fn place() -> Place {
    let place = Place {
        folder: tempfile::tempdir().unwrap(),
    };
    let model = place.folder.path().join("tiny.safetensors");
    write_model(&model, 1.0);
    let settings = Settings {
        model: Some(model),
        ..Settings::default()
    };
    settings.save(&places(&place)).unwrap();
    place
}

/// A place with so many photos, all indexed.
fn indexed(photos: u32) -> Place {
    let place = place();
    draw(&place, 0..photos);
    place.done(&["index", "photos"]);
    place
}

/// Writes the tiny model with its head scaled, so that every factor is another model.
pub fn write_model(path: &Path, factor: f64) {
    let mut tensors = tiny_tensors();
    let bias = tensors.get_mut("head.bias").unwrap();
    *bias = (&*bias * factor).unwrap();
    let checkpoint = Checkpoint {
        config: tiny_config(),
        tensors,
        provenance: serde_json::Value::Null,
    };
    checkpoint.write(path).unwrap();
}

/// The key of a model file in the catalogue.
pub fn key(model: &Path) -> ModelKey {
    let puma = Puma::load(model, &candle_core::Device::Cpu).unwrap();
    ModelKey::new(puma.fingerprint())
}

fn tiny(place: &Place) -> PathBuf {
    place.folder.path().join("tiny.safetensors")
}

fn places(place: &Place) -> Places {
    Places::under(&place.folder.path().join("home"))
}

fn library_file(place: &Place) -> PathBuf {
    places(place).library_file()
}

fn draw(place: &Place, seeds: std::ops::Range<u32>) {
    for seed in seeds {
        let name = format!("{}/{seed:04}.png", ["even", "odd"][seed as usize % 2]);
        pictures::draw(&place.photos().join(name), seed, SIDE_PX);
    }
}

/// How many photos the file holds that are embedded with the tiny model; opening it does what a next start would do.
fn embedded(file: &Path, model: &ModelKey) -> usize {
    let library = Library::open_existing(file).unwrap();
    library.counts(model).unwrap().embedded
}

/// The file is whole in SQLite's eyes, and no row refers to one that is not there.
#[track_caller]
fn is_whole(file: &Path) {
    let catalogue = Connection::open(file).unwrap();
    let said: String = catalogue
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(said, "ok");
    let mut apart = catalogue.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!apart.exists([]).unwrap());
}

/// The seed of what is drawn by lot: another one each time, or that of `PUMA_SEED`.
fn seed(test: &str) -> u64 {
    let seed = match std::env::var("PUMA_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => rand::random(),
    };
    println!("{test}: PUMA_SEED={seed}");
    seed
}
