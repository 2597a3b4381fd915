//! Libraries of earlier versions.
use super::{Place, model};
use puma::library::Library;
use rusqlite::Connection;
use std::fs;

/// A library as version 2 wrote it, with its photos embedded.
fn second_version(names: &[&str]) -> Place {
    let place = Place::new();
    for name in names {
        place.photo(name);
    }
    place.embed_all(7.0);
    back_to_2(&place);
    place
}

/// Takes away what versions 3 and 4 added.
pub fn back_to_2(place: &Place) {
    let connection = Connection::open(place.library.path()).unwrap();
    connection
        .execute_batch(
            "DROP TABLE mount; DROP TABLE former_embedding; DROP INDEX photo_content; DROP INDEX photo_size;
             ALTER TABLE photo DROP COLUMN content; PRAGMA user_version = 2;",
        )
        .unwrap();
}

fn upgraded(mut place: Place) -> Place {
    place.library = Library::open(place.library.path()).unwrap();
    place
}

#[test]
fn a_library_of_the_second_version_keeps_all() {
    let place = upgraded(second_version(&["one.jpg", "a/two.jpg"]));
    assert_eq!(place.library.counts(&model()).unwrap().embedded, 2);
    assert_eq!(place.scan().0, ["unchanged", "unchanged"]);
    let embeddings = place.library.embeddings(&model()).unwrap();
    assert_eq!(embeddings.embedding, [7.0, 0.5, 7.0, 0.5]);
}

#[test]
fn its_photos_are_known_again_in_another_folder_by_name_size_and_time() {
    let place = upgraded(second_version(&["old/one.jpg", "old/two.jpg", "three.jpg"]));
    fs::rename(place.photos().join("old"), place.photos().join("new")).unwrap();
    assert_eq!(place.scan().0, ["recognised", "recognised", "unchanged"]);
    assert_eq!(place.library.counts(&model()).unwrap().embedded, 3);
}

#[test]
fn what_cannot_be_told_is_embedded_again() {
    let place = upgraded(second_version(&["one.jpg", "two.jpg"]));
    let one = place.photos().join("one.jpg");
    fs::rename(&one, one.with_file_name("another name.jpg")).unwrap();
    assert_eq!(place.scan().0, ["another name.jpg", "unchanged"]);
}
