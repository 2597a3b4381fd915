//! What readers are told of changes, and libraries of the first version.
use super::versions::back_to_2;
use super::{Place, model};
use puma::library::{Finding, Library, ModelKey, PhotoFacts, Seen};
use puma::photo::Format;
use rusqlite::Connection;

fn facts_of(library: &Library) -> Vec<PhotoFacts> {
    let changes = library.changes_since(&model(), Seen::default()).unwrap();
    changes.facts
}

/// A JPEG's beginning with a date of the camera in its EXIF block.
fn dated(date: &str) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(b"\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0");
    tiff.extend(b"\x01\0\x03\x90\x02\0\x14\0\0\0\x2c\0\0\0\0\0\0\0");
    tiff.extend(date.as_bytes());
    tiff.push(0);
    let mut file = b"\xff\xd8\xff\xe1".to_vec();
    file.extend((tiff.len() as u16 + 8).to_be_bytes());
    file.extend(b"Exif\0\0");
    file.extend(tiff);
    file.extend(b"\xff\xd9");
    file
}

#[test]
fn facts_come_from_the_file_and_its_header() {
    let place = Place::new();
    place.file("cats/dated.jpg", &dated("2019:05:03 12:01:59"));
    place.photo("cats/plain.jpg");
    place.embed_all(1.0);
    let facts = facts_of(&place.library);
    let named = |name: &str| {
        facts
            .iter()
            .find(|facts| facts.path.ends_with(name))
            .unwrap()
    };
    let (dated, plain) = (named("dated.jpg"), named("plain.jpg"));
    assert!(dated.taken_by_camera && !plain.taken_by_camera);
    assert_eq!(dated.taken, jiff::civil::date(2019, 5, 3).at(12, 1, 59, 0));
    assert_eq!(dated.format, Some(Format::Jpeg));
    assert_eq!(
        (dated.domain.as_str(), &*dated.root),
        ("cats", place.photos().as_path())
    );
    let modified = std::fs::metadata(&plain.path).unwrap().modified().unwrap();
    assert_eq!(plain.modified, jiff::Timestamp::try_from(modified).unwrap());
    assert_eq!(plain.bytes, std::fs::metadata(&plain.path).unwrap().len());
}

#[test]
fn a_reader_is_told_only_what_is_new() {
    let place = Place::new();
    for name in ["a/1.jpg", "a/2.jpg", "b/3.jpg"] {
        place.photo(name);
    }
    place.embed_all(1.0);
    let first = place
        .library
        .changes_since(&model(), Seen::default())
        .unwrap();
    assert_eq!(
        (first.present.len(), first.embedded.len(), first.facts.len()),
        (3, 3, 3)
    );
    let nothing = place.library.changes_since(&model(), first.seen).unwrap();
    assert_eq!(
        (
            nothing.present.len(),
            nothing.embedded.len(),
            nothing.facts.len()
        ),
        (3, 0, 0)
    );

    place.file("a/2.jpg", b"\xff\xd8\xff\xe0 another, longer picture");
    std::fs::remove_file(place.photos().join("b/3.jpg")).unwrap();
    place.photo("c/4.jpg");
    place.embed_all(2.0);
    let second = place.library.changes_since(&model(), first.seen).unwrap();
    assert_eq!(second.present.len(), 3);
    let names = |facts: &[PhotoFacts]| -> Vec<String> {
        let name = |facts: &PhotoFacts| {
            facts
                .path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        facts.iter().map(name).collect()
    };
    assert_eq!(names(&second.facts), ["2.jpg", "4.jpg"]);
    assert_eq!(second.embedded.len(), 2);
    assert_eq!(second.embedding, [2.0, 0.5, 2.0, 0.5]);
    assert!(second.facts[0].bytes > first.facts[1].bytes);
    let other = place
        .library
        .changes_since(&ModelKey::new("other"), Seen::default())
        .unwrap();
    assert!(other.present.is_empty());
}

#[test]
fn a_library_of_the_first_version_keeps_all_and_learns_the_facts() {
    let place = Place::new();
    place.file("cats/old.jpg", &dated("2011:12:13 14:15:16"));
    place.embed_all(3.0);
    let file = place.library.path().to_owned();
    // Back to what the first version of the program wrote.
    back_to_2(&place);
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER photo_added; DROP TRIGGER photo_changed; DROP INDEX photo_revision;
             ALTER TABLE photo DROP COLUMN taken_s; ALTER TABLE photo DROP COLUMN format;
             ALTER TABLE photo DROP COLUMN width_px; ALTER TABLE photo DROP COLUMN height_px;
             ALTER TABLE photo DROP COLUMN facts_reader; ALTER TABLE photo DROP COLUMN revision;
             PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(connection);

    let library = Library::open(&file).unwrap();
    let kept = library.embeddings(&model()).unwrap();
    assert_eq!(kept.embedding, [3.0, 0.5]);
    let before = library.changes_since(&model(), Seen::default()).unwrap();
    assert!(!before.facts[0].taken_by_camera);
    let mut found = Vec::new();
    let root = library.roots().unwrap().remove(0);
    library
        .writer()
        .unwrap()
        .scan(&root, &model(), &mut |finding| {
            found.push(finding);
            true
        })
        .unwrap();
    assert_eq!(found, [Finding::Unchanged]);
    let after = library.changes_since(&model(), before.seen).unwrap();
    assert!(after.embedded.is_empty());
    assert_eq!(
        after.facts[0].taken,
        jiff::civil::date(2011, 12, 13).at(14, 15, 16, 0)
    );
    assert!(after.facts[0].taken_by_camera);
}
