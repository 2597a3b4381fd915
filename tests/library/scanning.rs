//! What a scan makes of new, changed, damaged, moved and missing files.
use super::{Place, model};
use puma::library::{Counts, Exclusions, Finding, Scope};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Gives a file another time and leaves its bytes.
fn touch(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600))
        .unwrap();
}

fn counts(place: &Place) -> Counts {
    place.library.counts(&model()).unwrap()
}

#[test]
fn photos_are_known_by_content_and_hidden_things_are_passed_over() {
    let place = Place::new();
    place.photo("b.jpg");
    place.photo("a/misnamed.txt");
    place.file("a/notes.txt", b"no photo");
    place.file("a/empty.jpg", b"");
    place.photo(".hidden.jpg");
    place.photo(".trash/c.jpg");
    place.photo("a/.thumbnails/d.jpg");
    let (found, report) = place.scan();
    assert_eq!(
        found,
        [
            "a/empty.jpg: is named like a photo but holds none",
            "a/misnamed.txt",
            "b.jpg"
        ]
    );
    assert!(report.complete);
    assert_eq!(
        counts(&place),
        Counts {
            photos: 3,
            embedded: 0,
            failed: 1,
            pending: 2
        }
    );
}

#[test]
fn only_what_is_new_or_changed_is_embedded_again() {
    let place = Place::new();
    let (one, two) = (place.photo("one.jpg"), place.photo("two.jpg"));
    place.embed_all(1.0);
    assert_eq!(place.scan().0, ["unchanged", "unchanged"]);

    // Another size, then the same size at another time with other bytes.
    fs::write(&one, b"\xff\xd8\xff\xe0 a longer photo than it was").unwrap();
    assert_eq!(place.scan().0, ["one.jpg", "unchanged"]);
    assert_eq!(counts(&place).embedded, 1, "the old embedding is gone");
    place.embed_all(1.0);
    let bytes = fs::read(&two).unwrap().len();
    fs::write(
        &two,
        [b"\xff\xd8\xff\xe0", vec![7; bytes - 4].as_slice()].concat(),
    )
    .unwrap();
    touch(&two);
    assert_eq!(place.scan().0, ["two.jpg", "unchanged"]);
}

#[test]
fn a_file_that_was_only_touched_is_not_embedded_again() {
    let place = Place::new();
    let path = place.photo("one.jpg");
    place.embed_all(1.0);
    touch(&path);
    assert_eq!(place.scan().0, ["recognised"]);
    assert_eq!(place.scan().0, ["unchanged"]);
    assert_eq!(counts(&place).embedded, 1);
}

#[test]
fn what_is_excluded_is_passed_over_and_leaves_the_catalogue() {
    let place = Place::new();
    for name in [
        "one.jpg",
        "Screenshots/two.jpg",
        "2019/raw/three.jpg",
        "x/raw/four.jpg",
    ] {
        place.photo(name);
    }
    place.embed_all(1.0);
    let root = place.library.roots().unwrap().remove(0);
    let excluded = Exclusions::new(["screen*", "2019/raw"]);
    let mut seen = 0;
    let report = place
        .library
        .writer()
        .unwrap()
        .scan_all(
            &[Scope::whole(&root)],
            &excluded,
            &model(),
            &mut || false,
            &mut |_| {
                seen += 1;
                true
            },
        )
        .unwrap();
    assert_eq!((seen, report.removed), (2, 2));
    let left: Vec<String> = place
        .catalogue()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(left, ["one.jpg", "x/raw/four.jpg"]);
}

#[test]
fn sidecars_are_passed_over_without_a_word() {
    let place = Place::new();
    place.photo("one.jpg");
    for sidecar in [
        "one.xmp",
        "one.jpg.xmp",
        "one.AAE",
        "one.pp3",
        "one.jpg.dop",
    ] {
        place.file(sidecar, b"<edits/>");
    }
    // A video's small picture is a JPEG by content, but nobody looks for it.
    place.photo("film.THM");
    let (found, report) = place.scan();
    assert_eq!(found, ["one.jpg"]);
    assert_eq!(report.unreadable, []);
    assert_eq!(counts(&place).photos, 1);
}

#[test]
fn what_is_pending_stays_so_until_it_is_embedded() {
    let place = Place::new();
    place.photo("one.jpg");
    assert_eq!(place.scan().0, ["one.jpg"]);
    assert_eq!(place.scan().0, ["one.jpg"]);
    place.embed_all(1.0);
    assert_eq!(place.scan().0, ["unchanged"]);
}

#[test]
fn a_failed_file_is_tried_again_only_when_it_changes() {
    let place = Place::new();
    let path = place.file("broken.png", b"");
    place.scan();
    assert_eq!(place.scan().0, ["failed before"]);
    fs::write(&path, b"\xff\xd8\xff\xe0 mended").unwrap();
    assert_eq!(place.scan().0, ["broken.png"]);
    assert_eq!(counts(&place).failed, 0);
}

#[test]
fn deleted_files_leave_the_catalogue() {
    let place = Place::new();
    let one = place.photo("one.jpg");
    place.photo("two.jpg");
    place.embed_all(1.0);
    fs::remove_file(one).unwrap();
    let (found, report) = place.scan();
    assert_eq!(found, ["unchanged"]);
    assert_eq!(report.removed, 1);
    assert_eq!(counts(&place).photos, 1);
}

#[test]
fn a_photo_that_becomes_a_text_leaves_the_catalogue() {
    let place = Place::new();
    let path = place.photo("one");
    place.photo("two.jpg");
    place.embed_all(1.0);
    fs::write(path, b"a text now").unwrap();
    let (found, report) = place.scan();
    assert_eq!(found, ["unchanged"]);
    assert_eq!(report.removed, 1);
}

#[test]
fn a_root_that_is_missing_or_empty_all_at_once_is_left_alone() {
    let place = Place::new();
    place.photo("a/one.jpg");
    place.embed_all(1.0);
    let away = place.folder.path().join("away");
    fs::rename(place.photos(), &away).unwrap();
    let (_, report) = place.scan();
    assert!(report.offline[0].contains("not there"));
    fs::create_dir(place.photos()).unwrap();
    let (_, report) = place.scan();
    assert!(report.offline[0].contains("is empty"));
    assert_eq!(counts(&place).embedded, 1);
    fs::remove_dir(place.photos()).unwrap();
    fs::rename(&away, place.photos()).unwrap();
    assert_eq!(place.scan().0, ["unchanged"]);
}

#[test]
fn a_scan_that_is_stopped_removes_nothing() {
    let place = Place::new();
    for number in 0..20 {
        place.photo(&format!("{number:02}.jpg"));
    }
    place.embed_all(1.0);
    fs::remove_file(place.photos().join("19.jpg")).unwrap();
    let root = place.add(&place.photos());
    let mut seen = 0;
    let writer = place.library.writer().unwrap();
    let report = writer
        .scan(&root, &model(), &mut |finding| {
            assert_eq!(finding, Finding::Unchanged);
            seen += 1;
            seen < 5
        })
        .unwrap();
    assert!(!report.complete);
    assert_eq!((seen, counts(&place).photos), (5, 20));
}
