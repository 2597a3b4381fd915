//! Thumbnails and the graph are caches: damaged or stale ones are made again, and nobody hears of it.
use super::{draw, indexed, library_file, places};
use crate::cli::{Place, errors};
use puma::photo::{Thumbnails, thumbnail};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// What the graph finds for a photo, and what is said beside it.
fn by_graph(place: &Place) -> (Value, String) {
    let output = place.run(&[
        "search",
        "photos/even/0002.png",
        "-k",
        "9",
        "--json",
        "--index",
        "hnsw",
    ]);
    assert!(output.status.success());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    (found["hits"].clone(), errors(&output))
}

/// The files that a search by graph made beside the library.
fn graphs(place: &Place) -> Vec<PathBuf> {
    let folder = library_file(place).parent().unwrap().to_owned();
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".hnsw"))
        .collect();
    files.sort();
    files
}

#[test]
fn a_graph_that_is_damaged_stale_or_gone_is_built_again_without_a_word() {
    let place = indexed(40);
    let (right, said) = by_graph(&place);
    assert_eq!(said, "");
    let files = graphs(&place);
    assert!(!files.is_empty());
    for file in &files {
        let whole = fs::read(file).unwrap();
        let middle = whole.len() / 2;
        let mut flipped = whole.clone();
        flipped[middle] ^= 4;
        let broken = [
            &whole[..0],
            &whole[..20],
            &whole[..middle],
            &flipped,
            b"PUMAHNS1 and no more",
        ];
        for bytes in broken {
            fs::write(file, bytes).unwrap();
            assert_eq!(by_graph(&place), (right.clone(), String::new()));
        }
        fs::remove_file(file).unwrap();
        assert_eq!(by_graph(&place), (right.clone(), String::new()));
    }
    // Of an earlier state of the library.
    draw(&place, 40..44);
    place.done(&["index", "photos"]);
    let (found, said) = by_graph(&place);
    let exact = place.json(&[
        "search",
        "photos/even/0002.png",
        "-k",
        "9",
        "--json",
        "--index",
        "exact",
    ]);
    assert_eq!((&found, said.as_str()), (&exact["hits"], ""));
}

/// A folder of thumbnails with one of a drawn picture, and that picture.
fn with_one() -> (tempfile::TempDir, Thumbnails, image::RgbImage, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let thumbnails = Thumbnails::new(folder.path());
    let picture = image::RgbImage::from_fn(640, 480, |x, y| image::Rgb([x as u8, y as u8, 80]));
    let path = PathBuf::from("/photos/a.jpg");
    thumbnails.store(&path, 1, 2, &picture);
    (folder, thumbnails, picture, path)
}

#[test]
fn a_thumbnail_that_is_not_what_was_stored_is_made_again() {
    let (_folder, thumbnails, picture, path) = with_one();
    let file = thumbnails.file(&path, 1, 2);
    let whole = fs::read(&file).unwrap();
    let other = image::RgbImage::from_pixel(300, 300, image::Rgb([255, 0, 0]));
    let others = PathBuf::from("/photos/b.jpg");
    thumbnails.store(&others, 1, 2, &other);
    let of_another = fs::read(thumbnails.file(&others, 1, 2)).unwrap();
    let mut flipped = whole.clone();
    let middle = whole.len() / 2;
    flipped[middle] ^= 16;
    let mut larger = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut larger, image::ImageFormat::Jpeg)
        .unwrap();
    let larger = larger.into_inner();
    let mut damaged: Vec<&[u8]> = vec![b"", b"no picture", &of_another, &flipped, &larger];
    damaged.extend(
        [1, 10, whole.len() / 3, whole.len() - 40, whole.len() - 1].map(|length| &whole[..length]),
    );
    for bytes in damaged {
        fs::write(&file, bytes).unwrap();
        assert!(
            thumbnails.load(&path, 1, 2).is_none(),
            "{} bytes",
            bytes.len()
        );
        let made = thumbnails
            .load_or_make(&path, 1, 2, || Ok::<_, ()>(picture.clone()))
            .unwrap();
        assert_eq!(made, thumbnail(&picture));
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
}

#[test]
fn a_thumbnail_that_cannot_be_read_or_replaced_costs_its_picture_nothing() {
    let (_folder, thumbnails, picture, path) = with_one();
    let file = thumbnails.file(&path, 1, 2);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let made = thumbnails
        .load_or_make(&path, 1, 2, || Ok::<_, ()>(picture.clone()))
        .unwrap();
    assert_eq!(made, thumbnail(&picture));
}

#[test]
fn indexing_and_searching_do_without_their_caches() {
    let place = indexed(6);
    // A file where the folder of thumbnails should be.
    let folder = places(&place).thumbnails();
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    draw(&place, 6..8);
    let said = place.done(&["index", "photos"]);
    assert!(
        said.starts_with("8 photos found: 2 embedded, 6 unchanged"),
        "{said}"
    );
}
