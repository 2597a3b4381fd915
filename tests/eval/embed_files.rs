//! Embedding files: order, batches, failures, and the same vectors as the model gives for one crop.

use candle_core::Device;
use puma::eval::{EmbeddingKind, embed_files, embed_files_with};
use puma::model::{Embedded, ModelError, Puma};
use puma::photo::{Limits, evaluation_crop, read};
use std::path::PathBuf;
use std::sync::Mutex;

const PHOTOS: [&str; 5] = ["astronaut", "camera_grey", "chelsea", "coffee", "rocket"];

fn photo(name: &str) -> PathBuf {
    PathBuf::from(format!("tests/golden/photos/{name}.png"))
}

/// The first pixel in place of a model.
fn first_pixel(crop: &image::RgbImage) -> Vec<f32> {
    crop.get_pixel(0, 0).0.map(f32::from).to_vec()
}

#[test]
fn rows_are_what_the_model_gives_and_failures_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.jpg");
    std::fs::write(&broken, b"\xff\xd8\xff\xe0 and no more").unwrap();
    let gone = folder.path().join("gone.png");
    let mut files = PHOTOS.map(photo).to_vec();
    files.insert(2, broken.clone());
    files.push(gone.clone());

    let puma = Puma::shipped(&Device::Cpu).unwrap();
    for kind in [EmbeddingKind::Head, EmbeddingKind::Cls] {
        let heard = Mutex::new(Vec::new());
        let progress = |done| heard.lock().unwrap().push(done);
        let got = embed_files(&puma, &files, kind, &progress).unwrap();
        assert_eq!(got.kept, [0, 1, 3, 4, 5]);
        assert_eq!(heard.lock().unwrap().last(), Some(&files.len()));
        let failed = got.failed.iter().map(|failed| &failed.path);
        assert_eq!(failed.collect::<Vec<_>>(), [&broken, &gone]);
        for failed in &got.failed {
            let name = failed.path.file_name().unwrap().to_str().unwrap();
            assert!(failed.reason.contains(name), "{}", failed.reason);
        }
        for (row, name) in PHOTOS.iter().enumerate() {
            let image = read(&photo(name), &Limits::default()).unwrap();
            let crop = [evaluation_crop(&image, puma.image_size())];
            let alone = puma.embed(&crop).unwrap().remove(0);
            let embedding = match kind {
                EmbeddingKind::Head => {
                    assert_eq!(got.similarities.row(row).len(), puma.prompts());
                    close(got.similarities.row(row), &alone.similarity);
                    alone.embedding
                }
                EmbeddingKind::Cls => puma.embed_cls(&crop).unwrap().remove(0),
            };
            close(got.embeddings.row(row), &embedding);
        }
    }
}

fn close(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-5, "{got} {expected}");
    }
}

#[test]
fn order_and_batches_are_the_same_in_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let files = (0..70u8).map(|number| {
        let path = folder.path().join(format!("{number}.png"));
        image::RgbImage::from_pixel(8, 8, image::Rgb([number, 1, 2]))
            .save(&path)
            .unwrap();
        path
    });
    let files = files.collect::<Vec<_>>();
    let mut batches = Vec::new();
    let got = embed_files_with(&files, 16, &|_| {}, |crops| {
        batches.push(crops.len());
        let row = |crop| Embedded {
            embedding: first_pixel(crop),
            similarity: Vec::new(),
        };
        Ok(crops.iter().map(row).collect())
    });
    let got = got.unwrap();
    assert_eq!(batches.iter().sum::<usize>(), 70);
    let (last, full) = batches.split_last().unwrap();
    assert!(
        full.iter().all(|&size| size == full[0] && size >= *last),
        "{batches:?}"
    );
    let numbers = got.embeddings.rows().map(|row| row[0]).collect::<Vec<_>>();
    assert_eq!(numbers, (0..70u8).map(f32::from).collect::<Vec<_>>());
    assert!(got.similarities.is_empty());
}

#[test]
fn a_failing_model_ends_the_run_with_many_files_still_waiting() {
    let files = PHOTOS.repeat(80).into_iter().map(photo).collect::<Vec<_>>();
    let mut calls = 0;
    let failed = embed_files_with(&files, 16, &|_| {}, |_| {
        calls += 1;
        Err(ModelError::Choice("out of order".into()))
    });
    assert!(failed.is_err());
    assert_eq!(calls, 1);
}

#[test]
fn no_files_give_no_rows() {
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    let got = embed_files(&puma, &[], EmbeddingKind::Head, &|_| {}).unwrap();
    assert!(got.kept.is_empty() && got.embeddings.is_empty());
}
