//! Scans of folders that have changed, and of nothing else.
use super::{Place, model};
use puma::library::{Exclusions, Finding, ScanReport};
use std::fs;
use std::path::PathBuf;

/// Scans what has changed when `folders` have; gives how many files were seen and the report.
fn scan(place: &Place, folders: &[&str]) -> (usize, ScanReport) {
    let folders: Vec<PathBuf> = folders
        .iter()
        .map(|folder| place.photos().join(folder))
        .collect();
    let nothing = Exclusions::default();
    let scopes = place.library.scopes(&folders, &nothing).unwrap();
    let mut seen = 0;
    let report = place
        .library
        .writer()
        .unwrap()
        .scan_all(&scopes, &nothing, &model(), &mut || false, &mut |finding| {
            seen += usize::from(finding != Finding::NotAPhoto);
            true
        })
        .unwrap();
    (seen, report)
}

fn filled() -> Place {
    let place = Place::new();
    for name in [
        "one.jpg",
        "a/two.jpg",
        "a/b/three.jpg",
        "a.b/four.jpg",
        "c/five.jpg",
    ] {
        place.photo(name);
    }
    place.embed_all(1.0);
    place
}

#[test]
fn only_what_lies_below_the_folder_is_looked_at_and_removed() {
    let place = filled();
    assert_eq!(scan(&place, &["a"]).0, 2);
    assert_eq!(scan(&place, &["a", "a/b", "c"]).0, 3);
    assert_eq!(scan(&place, &[""]).0, 5);
    for name in ["one.jpg", "a/two.jpg", "a.b/four.jpg"] {
        fs::remove_file(place.photos().join(name)).unwrap();
    }
    let (seen, report) = scan(&place, &["a"]);
    assert_eq!((seen, report.removed), (1, 1));
    assert_eq!(place.catalogue().len(), 4);
}

#[test]
fn a_folder_that_is_gone_takes_its_photos_with_it() {
    let place = filled();
    fs::remove_dir_all(place.photos().join("a")).unwrap();
    let (seen, report) = scan(&place, &["a"]);
    assert_eq!((seen, report.removed), (0, 2));
    assert_eq!(place.catalogue().len(), 3);
}

#[test]
fn a_photo_moves_from_one_changed_folder_to_another() {
    let place = filled();
    let old = place.photos().join("c/five.jpg");
    let id = place.library.photo_at(&old).unwrap();
    let new = place.photos().join("a/b/five.jpg");
    fs::rename(&old, &new).unwrap();
    // Even where the folder it left is not looked at yet.
    assert_eq!(scan(&place, &["a/b"]).1.removed, 0);
    assert_eq!(place.library.photo_at(&new).unwrap(), id);
    assert_eq!(scan(&place, &["c"]).1.removed, 0);
    assert_eq!(place.catalogue().len(), 5);
}

#[test]
fn what_a_whole_scan_passes_over_is_passed_over_here_too() {
    let place = filled();
    place.photo(".hidden/in/six.jpg");
    place.photo("quiet/in/seven.jpg");
    fs::write(place.photos().join("quiet/.nomedia"), b"").unwrap();
    let folders = [".hidden/in", ".hidden", "quiet/in", "quiet"];
    assert_eq!(scan(&place, &folders).0, 0);
    let folders = [place.photos().join("a/b"), PathBuf::from("/elsewhere")];
    let scopes = place.library.scopes(&folders, &Exclusions::new(["A"]));
    assert_eq!(scopes.unwrap(), []);
}

#[test]
fn a_folder_that_says_no_media_from_now_on_leaves_the_catalogue() {
    let place = filled();
    fs::write(place.photos().join("a/.nomedia"), b"").unwrap();
    assert_eq!(scan(&place, &["a"]).1.removed, 2);
    fs::remove_file(place.photos().join("a/.nomedia")).unwrap();
    assert_eq!(scan(&place, &["a"]).0, 2);
}

#[cfg(unix)]
#[test]
fn linked_folders_are_left_to_whole_scans() {
    use std::os::unix::fs::symlink;
    let place = filled();
    let outside = place.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("far.jpg"), b"\xff\xd8\xff\xe0 far").unwrap();
    symlink(&outside, place.photos().join("a/linked")).unwrap();
    place.embed_all(1.0);
    assert_eq!(place.catalogue().len(), 6);
    let (seen, report) = scan(&place, &["a"]);
    assert_eq!((seen, report.removed), (2, 0));
    assert_eq!(scan(&place, &["a/linked"]).0, 6);
}
