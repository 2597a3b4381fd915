//! Photos that are moved, renamed or copied keep what is embedded.
use super::{Place, model};
use puma::library::{Exclusions, Finding, PhotoId, Scope};
use std::fs;
use std::path::Path;

/// The number and the embedding's first value of the photo at `path`.
fn at(place: &Place, path: &Path) -> (PhotoId, f32) {
    let id = place.library.photo_at(path).unwrap().unwrap();
    let photo = place.library.photo(id, &model()).unwrap();
    (id, photo.embedding.unwrap()[0])
}

#[test]
fn a_renamed_photo_keeps_its_number_and_its_embedding() {
    let place = Place::new();
    let old = place.photo("one.jpg");
    place.photo("two.jpg");
    place.embed_all(1.0);
    let before = at(&place, &old);
    let new = old.with_file_name("holiday.jpg");
    fs::rename(&old, &new).unwrap();
    let (found, report) = place.scan();
    assert_eq!(found, ["recognised", "unchanged"]);
    assert_eq!(report.removed, 0);
    assert_eq!(at(&place, &new), before);
    assert_eq!(place.scan().0, ["unchanged", "unchanged"]);
}

#[test]
fn a_renamed_folder_is_not_even_read() {
    let place = Place::new();
    for number in 0..5 {
        place.photo(&format!("old/deep/{number}.jpg"));
    }
    place.embed_all(1.0);
    let before = at(&place, &place.photos().join("old/deep/3.jpg"));
    fs::rename(place.photos().join("old"), place.photos().join("new")).unwrap();
    // What is not opened need not be readable: names, sizes and times settle it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let locked = fs::Permissions::from_mode(0o000);
        fs::set_permissions(place.photos().join("new/deep/3.jpg"), locked).unwrap();
    }
    assert_eq!(place.scan().0, ["recognised"; 5]);
    assert_eq!(at(&place, &place.photos().join("new/deep/3.jpg")), before);
    assert_eq!(place.catalogue()[0].1, "new", "the domain follows");
}

#[test]
fn a_photo_that_moves_to_another_root_keeps_its_number_in_either_order() {
    for (from, to) in [(0, 1), (1, 0)] {
        let place = Place::new();
        let folders = ["left", "right"].map(|name| place.folder.path().join(name));
        for folder in &folders {
            fs::create_dir(folder).unwrap();
            let name = folder.file_name().unwrap().as_encoded_bytes();
            let bytes = [b"\xff\xd8\xff\xe0 stays in ", name].concat();
            fs::write(folder.join("stays.jpg"), bytes).unwrap();
        }
        let old = folders[from].join("one.jpg");
        fs::write(&old, b"\xff\xd8\xff\xe0 on the move").unwrap();
        let scan = |place: &Place| {
            let writer = place.library.writer().unwrap();
            let scopes: Vec<Scope> = folders
                .iter()
                .map(|folder| Scope::whole(&writer.add_root(folder, None).unwrap()))
                .collect();
            let mut found = Vec::new();
            let report = writer
                .scan_all(
                    &scopes,
                    &Exclusions::default(),
                    &model(),
                    &mut || false,
                    &mut |finding| {
                        found.push(finding);
                        true
                    },
                )
                .unwrap();
            (found, report)
        };
        for finding in scan(&place).0 {
            let Finding::ToEmbed(job) = finding else {
                panic!("{finding:?}")
            };
            let content = (job.photo, job.content().unwrap());
            place.embed(&job, 1.0, &[content]);
        }
        let before = at(&place, &old);
        let new = folders[to].join("renamed.jpg");
        fs::rename(&old, &new).unwrap();
        let (found, report) = scan(&place);
        assert_eq!(report.removed, 0);
        assert!(found.contains(&Finding::Recognised), "{found:?}");
        assert_eq!(at(&place, &new), before);
    }
}

#[test]
fn a_copy_takes_the_embedding_of_the_other_and_a_number_of_its_own() {
    let place = Place::new();
    let one = place.photo("one.jpg");
    place.embed_all(3.0);
    let copy = one.with_file_name("copy.jpg");
    fs::copy(&one, &copy).unwrap();
    assert_eq!(place.scan().0, ["recognised", "unchanged"]);
    let (first, second) = (at(&place, &one), at(&place, &copy));
    assert_ne!(first.0, second.0);
    assert_eq!((first.1, second.1), (3.0, 3.0));
    // One of the two may go without the other.
    fs::remove_file(&one).unwrap();
    assert_eq!(place.scan().1.removed, 1);
    assert_eq!(at(&place, &copy), second);
}

#[cfg(unix)]
#[test]
fn hard_links_are_photos_of_their_own() {
    let place = Place::new();
    let one = place.photo("one.jpg");
    fs::hard_link(&one, place.photos().join("two.jpg")).unwrap();
    place.embed_all(1.0);
    fs::hard_link(&one, place.photos().join("three.jpg")).unwrap();
    assert_eq!(place.scan().0, ["recognised", "unchanged", "unchanged"]);
    assert_eq!(place.catalogue().len(), 3);
}

#[test]
fn another_photo_of_the_same_name_size_and_time_far_away_is_told_by_its_content() {
    let place = Place::new();
    let one = place.file("a/one.jpg", b"\xff\xd8\xff\xe0 sunrise");
    place.embed_all(1.0);
    let two = place.file("b/one.jpg", b"\xff\xd8\xff\xe0 midnight!".split_at(12).0);
    let time = fs::metadata(&one).unwrap().modified().unwrap();
    fs::File::options()
        .write(true)
        .open(&two)
        .unwrap()
        .set_modified(time)
        .unwrap();
    assert_eq!(
        fs::metadata(&one).unwrap().len(),
        fs::metadata(&two).unwrap().len()
    );
    // The first one is in its place, so the second is another.
    assert_eq!(place.scan().0, ["b/one.jpg", "unchanged"]);
}

#[test]
fn what_is_restored_after_a_scan_is_known_again_by_its_content() {
    let place = Place::new();
    let one = place.photo("one.jpg");
    place.photo("two.jpg");
    place.embed_all(4.0);
    let away = place.folder.path().join("trash.jpg");
    fs::rename(&one, &away).unwrap();
    assert_eq!(place.scan().1.removed, 1);
    assert_eq!(place.library.photo_at(&one).unwrap(), None);
    fs::rename(&away, &one).unwrap();
    let writer = place.library.writer().unwrap();
    let root = place.library.roots().unwrap().remove(0);
    let mut jobs = Vec::new();
    writer
        .scan(&root, &model(), &mut |finding| {
            if let Finding::ToEmbed(job) = finding {
                jobs.push(job);
            }
            true
        })
        .unwrap();
    let content = jobs[0].content().unwrap();
    let (embedding, similarity) = place
        .library
        .embedding_of(content, &model())
        .unwrap()
        .unwrap();
    assert_eq!(
        (embedding, similarity),
        (vec![4.0, 0.5], vec![0.1, 0.2, 0.3])
    );
}

#[test]
fn a_photo_on_a_drive_that_is_away_has_not_moved() {
    let place = Place::new();
    let one = place.photo("one.jpg");
    place.embed_all(5.0);
    let id = place.library.photo_at(&one).unwrap().unwrap();
    let other = place.folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::copy(&one, other.join("one.jpg")).unwrap();
    fs::rename(place.photos(), place.folder.path().join("away")).unwrap();
    let root = place.add(&other);
    assert_eq!(place.scan_root(&root).0, ["recognised"]);
    assert_eq!(place.library.photo_at(&one).unwrap(), Some(id));
    assert_eq!(at(&place, &other.join("one.jpg")).1, 5.0);
}

#[test]
fn a_file_that_changes_while_it_is_read_has_no_content_yet() {
    let place = Place::new();
    let one = place.photo("one.jpg");
    let root = place.add(&place.photos());
    let mut jobs = Vec::new();
    let writer = place.library.writer().unwrap();
    writer
        .scan(&root, &model(), &mut |finding| {
            if let Finding::ToEmbed(job) = finding {
                jobs.push(job);
            }
            true
        })
        .unwrap();
    let job = jobs.remove(0);
    assert!(job.is_as_scanned() && job.content().is_some());
    fs::write(&one, b"\xff\xd8\xff\xe0 something else, and longer").unwrap();
    assert!(!job.is_as_scanned());
    assert_eq!(job.content(), None);
    fs::remove_file(&one).unwrap();
    assert_eq!(job.content(), None);
}
