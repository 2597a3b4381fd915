//! Thumbnails: size, names, rebuilding.

use std::cell::Cell;
use std::convert::Infallible;
use std::fs;
use std::path::Path;

use image::RgbImage;
use puma::photo::{Thumbnails, thumbnail};

use super::drawn::{self, difference};

#[test]
fn the_longest_side_is_256_and_nothing_grows() {
    for (from, to) in [
        ((1000, 500), (256, 128)),
        ((500, 1000), (128, 256)),
        ((257, 257), (256, 256)),
        ((100_000, 3), (256, 1)),
        ((256, 20), (256, 20)),
        ((10, 7), (10, 7)),
    ] {
        assert_eq!(
            thumbnail(&RgbImage::new(from.0, from.1)).dimensions(),
            to,
            "{from:?}"
        );
    }
}

/// Asks for the thumbnail of the drawn picture; the second value tells whether it had to be made.
fn ask(cache: &Thumbnails, path: &str, mtime_ns: i64, size_bytes: u64) -> (RgbImage, bool) {
    let made = Cell::new(false);
    let small = cache.load_or_make(Path::new(path), mtime_ns, size_bytes, || {
        made.set(true);
        Ok::<_, Infallible>(drawn::rgb())
    });
    let Ok(small) = small;
    (small, made.get())
}

#[test]
fn a_stored_one_is_used_until_the_photo_changes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Thumbnails::new(folder.path().join("not/there/yet"));
    let (first, made) = ask(&cache, "a.jpg", 1, 2);
    assert!(made);
    assert_eq!(first, drawn::rgb());
    let (again, made) = ask(&cache, "a.jpg", 1, 2);
    assert!(!made);
    assert!(difference(&again, &first).0 < 4.0);
    for (path, mtime_ns, size_bytes) in [("b.jpg", 1, 2), ("a.jpg", 2, 2), ("a.jpg", 1, 3)] {
        assert!(
            ask(&cache, path, mtime_ns, size_bytes).1,
            "{path} {mtime_ns} {size_bytes}"
        );
    }
}

#[test]
fn a_damaged_one_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Thumbnails::new(folder.path());
    ask(&cache, "a.jpg", 1, 2);
    let file = cache.file(Path::new("a.jpg"), 1, 2);
    let whole = fs::read(&file).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"", b"not a picture"] {
        fs::write(&file, damaged).unwrap();
        assert!(ask(&cache, "a.jpg", 1, 2).1);
        assert!(!ask(&cache, "a.jpg", 1, 2).1);
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
    let left = fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "temporary files were left behind");
}

#[test]
fn an_unwritable_cache_and_a_failing_photo_are_no_disaster() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("a_file");
    fs::write(&occupied, "in the way").unwrap();
    let (small, made) = ask(&Thumbnails::new(&occupied), "a.jpg", 1, 2);
    assert!(made);
    assert_eq!(small, drawn::rgb());

    let cache = Thumbnails::new(folder.path());
    let failed = cache.load_or_make(Path::new("a.jpg"), 1, 2, || {
        Err::<RgbImage, _>("no such photo")
    });
    assert_eq!(failed.unwrap_err(), "no such photo");
    assert!(!cache.file(Path::new("a.jpg"), 1, 2).exists());
}
