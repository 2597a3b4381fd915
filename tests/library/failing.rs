//! Photos that could not be read, and may be later.
use super::{Place, model};
use puma::library::{Content, Exclusions, Failure, Finding, ModelKey, Outcome, Retry};
use std::fs;
use std::path::PathBuf;

/// One photo that is embedded, and could not be read when another model came to it.
fn failed(retry: Retry) -> (Place, PathBuf) {
    let place = Place::new();
    let path = place.photo("one.jpg");
    place.embed_all(1.0);
    let reason = "torn in two".to_owned();
    let outcome = Outcome {
        photo: place.library.photo_at(&path).unwrap().unwrap(),
        result: Err(Failure { reason, retry }),
    };
    let writer = place.library.writer().unwrap();
    writer
        .store(&ModelKey::new("another-model"), &[outcome])
        .unwrap();
    drop(writer);
    assert_eq!(place.library.failed().unwrap()[0].reason, "torn in two");
    (place, path)
}

/// What a scan finds that nobody asked for, after something has changed.
fn followed_up(place: &Place) -> Vec<Finding> {
    let nothing = Exclusions::default();
    let scopes = place.library.scopes(&[place.photos()], &nothing).unwrap();
    let mut found = Vec::new();
    let writer = place.library.writer().unwrap();
    writer
        .scan_all(&scopes, &nothing, &model(), &mut || false, &mut |finding| {
            found.push(finding);
            true
        })
        .unwrap();
    found
}

fn embedded(place: &Place) -> usize {
    place.library.counts(&model()).unwrap().embedded
}

#[test]
fn a_failure_of_the_disk_leaves_what_is_embedded_and_is_tried_again_by_each_scan() {
    let (place, _) = failed(Retry::EachScan);
    assert_eq!(embedded(&place), 1);
    assert!(matches!(followed_up(&place)[..], [Finding::ToEmbed(_)]));
    assert_eq!(place.scan().0, ["one.jpg"]);
    assert_eq!(embedded(&place), 1);
    place.embed_all(2.0);
    assert_eq!(place.library.failed().unwrap(), []);
    assert_eq!(place.scan().0, ["unchanged"]);
}

#[test]
fn decoding_that_was_given_up_is_tried_again_when_somebody_asks() {
    let (place, _) = failed(Retry::AskedFor);
    assert_eq!(followed_up(&place), [Finding::FailedBefore]);
    assert_eq!(embedded(&place), 1);
    assert_eq!(place.scan().0, ["one.jpg"]);
}

#[test]
fn a_damaged_file_is_not_tried_again_and_what_it_was_is_kept_for_its_return() {
    let (place, path) = failed(Retry::NewReader);
    assert_eq!(place.scan().0, ["failed before"]);
    assert_eq!(embedded(&place), 0);
    let content = Content::of(&path).unwrap();
    let known = place.library.embedding_of(content, &model()).unwrap();
    assert_eq!(known.unwrap().0, [1.0, 0.5]);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_opened_is_found_when_it_may() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let (one, film) = (
        place.photo("one.jpg"),
        place.file("film.mp4", b"moving pictures"),
    );
    let allow = |mode| {
        for path in [&one, &film] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o000);
    if fs::File::open(&one).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    for _ in 0..2 {
        let (found, _) = place.scan();
        assert!(
            found.len() == 1 && found[0].starts_with("one.jpg: "),
            "{found:?}"
        );
    }
    allow(0o644);
    assert_eq!(place.scan().0, ["one.jpg"]);
    place.embed_all(1.0);
    assert_eq!(place.scan().0, ["unchanged"]);
    assert_eq!(place.library.failed().unwrap(), []);
}

/// The memory of the process: a file that can be opened, but not be read from its start, by whatever user.
#[cfg(target_os = "linux")]
#[test]
fn what_the_system_fails_to_read_is_told_by_each_scan_if_it_is_named_like_a_photo() {
    use std::io::Read;
    use std::os::unix::fs::symlink;
    let memory = "/proc/self/mem";
    let fails = fs::File::open(memory).is_ok_and(|mut file| file.read(&mut [0]).is_err());
    if !fails {
        eprintln!("skipped: this system reads {memory}, or has none");
        return;
    }
    let place = Place::new();
    place.photo("two.jpg");
    for name in ["one.jpg", "film.mp4"] {
        symlink(memory, place.photos().join(name)).unwrap();
    }
    for _ in 0..2 {
        let (found, report) = place.scan();
        assert!(found[0].starts_with("one.jpg: "), "{found:?}");
        assert_eq!(
            (&found[1..], report.removed),
            (&["two.jpg".to_owned()][..], 0)
        );
    }
    let one = place.photos().join("one.jpg");
    fs::remove_file(&one).unwrap();
    place.photo("one.jpg");
    assert_eq!(place.scan().0, ["one.jpg", "two.jpg"]);
    assert_eq!(place.library.failed().unwrap(), []);
}
