//! Folders that lie elsewhere now.
use super::{Place, model};
use puma::library::{LibraryError, Seen};
use std::fs;

/// Three embedded photos, then their folder is called otherwise.
fn moved() -> (Place, std::path::PathBuf) {
    let place = Place::new();
    for name in ["one.jpg", "a/two.jpg", "a/b/three.jpg"] {
        place.photo(name);
    }
    place.embed_all(1.0);
    let new = place.folder.path().join("new place");
    fs::rename(place.photos(), &new).unwrap();
    (place, new)
}

#[test]
fn a_folder_that_lies_elsewhere_keeps_all_that_is_known_of_its_photos() {
    let (place, new) = moved();
    let before = place
        .library
        .changes_since(&model(), Seen::default())
        .unwrap();
    let root = place.library.relink_root(&place.photos(), &new).unwrap();
    assert_eq!((root.path.as_path(), root.photos), (new.as_path(), 3));
    let after = place.library.changes_since(&model(), before.seen).unwrap();
    assert_eq!(after.present, before.present);
    assert!(after.embedded.is_empty());
    let paths = after.facts.iter();
    assert!(paths.clone().count() == 3 && paths.clone().all(|facts| facts.path.starts_with(&new)));
    let (found, report) = place.scan_root(&root);
    assert_eq!(
        (found, report.removed),
        (vec!["unchanged".to_owned(); 3], 0)
    );
}

#[test]
fn copies_with_other_times_are_told_by_their_contents() {
    let (place, new) = moved();
    let root = place.library.relink_root(&place.photos(), &new).unwrap();
    let file = fs::File::options()
        .write(true)
        .open(new.join("one.jpg"))
        .unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(
        place.scan_root(&root).0,
        ["recognised", "unchanged", "unchanged"]
    );
}

#[test]
fn a_folder_without_the_photos_is_refused_and_nothing_changes() {
    let (place, _) = moved();
    let other = place.folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("one.jpg"), b"of another size").unwrap();
    let error = place
        .library
        .relink_root(&place.photos(), &other)
        .unwrap_err();
    assert!(matches!(error, LibraryError::NotTheSame { .. }), "{error}");
    assert_eq!(place.library.roots().unwrap()[0].path, place.photos());
    assert_eq!(place.library.counts(&model()).unwrap().embedded, 3);
}

#[test]
fn what_is_no_root_no_folder_or_part_of_another_root_is_refused() {
    let (place, new) = moved();
    let relink = |old: &std::path::Path, new: &std::path::Path| {
        place.library.relink_root(old, new).unwrap_err()
    };
    let error = relink(&new.join("a"), &new);
    assert!(matches!(error, LibraryError::UnknownRoot { .. }), "{error}");
    let error = relink(&place.photos(), &new.join("nowhere"));
    assert!(
        matches!(error, LibraryError::NoSuchFolder { .. }),
        "{error}"
    );
    let error = relink(&place.photos(), &new.join("one.jpg"));
    assert!(matches!(error, LibraryError::NotAFolder { .. }), "{error}");
    place.add(&new.join("a"));
    let error = relink(&place.photos(), &new);
    assert!(matches!(error, LibraryError::Overlaps { .. }), "{error}");
    assert!(error.to_string().contains("puma forget"), "{error}");
}
