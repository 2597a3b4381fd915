//! What a repair brings over besides photos and their embeddings.
use super::{Place, model};
use puma::library::{Content, Library, Repair, repair};
use rusqlite::Connection;
use std::fs;

/// With the 0.5 that follows it, an embedding of length 1.
const FIRST: f32 = 0.866_025_4;

#[test]
fn a_repair_keeps_the_drives_below_folders_and_what_photos_that_are_gone_were() {
    let place = Place::new();
    place.photo("one.jpg");
    let two = place.photo("two.jpg");
    place.embed_all(FIRST);
    let content = Content::of(&two).unwrap();
    fs::remove_file(two).unwrap();
    assert_eq!(place.scan().1.removed, 1);
    let Place { folder, library } = place;
    let path = library.path().to_owned();
    drop(library);
    let catalogue = Connection::open(&path).unwrap();
    catalogue
        .execute_batch(
            "INSERT INTO mount (root, path) SELECT id, CAST('card' AS BLOB) FROM root;
             UPDATE embedding SET embedding = zeroblob(length(embedding));",
        )
        .unwrap();
    drop(catalogue);
    let mended = repair(&path).unwrap();
    let Repair::Mended {
        photos,
        embeddings,
        lost,
        ..
    } = mended
    else {
        panic!("it is damaged");
    };
    assert_eq!((photos, embeddings, lost), (1, 0, 1));
    let catalogue = Connection::open(&path).unwrap();
    let mounted: Vec<u8> = catalogue
        .query_row("SELECT path FROM mount", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mounted, b"card");
    drop(catalogue);
    let library = Library::open(&path).unwrap();
    let known = library.embedding_of(content, &model()).unwrap();
    assert_eq!(known.unwrap().0, [FIRST, 0.5]);
    drop(folder);
}
