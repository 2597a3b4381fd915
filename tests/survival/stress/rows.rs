//! Rows of photos that are not there, embedded as mixtures of real ones.
use super::super::{key, library_file, tiny};
use crate::cli::Place;
use puma::library::{Library, Outcome, PhotoId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, params};
use std::fs;

/// Photos that are put into the catalogue together.
const TOGETHER: usize = 10_000;

/// Puts rows into the place's library, below a folder that is then taken away as a drive is.
pub fn fill(place: &Place, count: usize) -> Vec<PhotoId> {
    let library = Library::open(&library_file(place)).unwrap();
    let model = key(&tiny(place));
    let embeddings = library.embeddings(&model).unwrap();
    let drive = place.folder.path().join("drive");
    fs::create_dir(&drive).unwrap();
    let root = library.add_root(&drive, None).unwrap();
    fs::remove_dir(&drive).unwrap();
    let ids = photos(place, root.id.0, count);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let writer = library.writer().unwrap();
    for ids in ids.chunks(TOGETHER) {
        let outcomes: Vec<Outcome> = ids
            .iter()
            .map(|photo| {
                let [a, b] = [0; 2].map(|_| rng.random_range(0..embeddings.photos.len()));
                let share: f32 = rng.random();
                let mixed = |all: &[f32], width: usize| -> Vec<f32> {
                    let [a, b] = [a, b].map(|row| &all[row * width..(row + 1) * width]);
                    a.iter()
                        .zip(b)
                        .map(|(a, b)| share * a + (1.0 - share) * b)
                        .collect()
                };
                let mut embedding = mixed(&embeddings.embedding, embeddings.width);
                embedding
                    .iter_mut()
                    .for_each(|value| *value += rng.random_range(-0.1..0.1));
                let length = embedding
                    .iter()
                    .map(|value| value * value)
                    .sum::<f32>()
                    .sqrt();
                embedding.iter_mut().for_each(|value| *value /= length);
                Outcome {
                    photo: *photo,
                    result: Ok((embedding, mixed(&embeddings.similarity, embeddings.prompts))),
                }
            })
            .collect();
        writer.store(&model, &outcomes).unwrap();
    }
    ids
}

fn photos(place: &Place, root: i64, count: usize) -> Vec<PhotoId> {
    let mut connection = Connection::open(library_file(place)).unwrap();
    let mut ids = Vec::with_capacity(count);
    for from in (0..count).step_by(TOGETHER) {
        let transaction = connection.transaction().unwrap();
        let mut insert = transaction
            .prepare(
                "INSERT INTO photo (root, path, size_bytes, mtime_ns, domain) VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .unwrap();
        for number in from..count.min(from + TOGETHER) {
            let domain = format!("folder {}", number % 40);
            let path = format!("{domain}/{number}.jpg");
            insert
                .execute(params![
                    root,
                    path.as_bytes(),
                    100_000,
                    number as i64 * 1_000_000_000,
                    domain
                ])
                .unwrap();
            ids.push(PhotoId(transaction.last_insert_rowid()));
        }
        drop(insert);
        transaction.commit().unwrap();
    }
    ids
}
