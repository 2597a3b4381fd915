//! Adding and forgetting folders under all the names that they have.
use super::{Place, model};
use puma::library::{DomainRule, Exclusions, LibraryError, PhotoId, Scope};
use std::fs;
use std::path::Path;

#[test]
fn a_folder_is_added_once_however_it_is_spelled() {
    let place = Place::new();
    fs::create_dir(place.photos().join("in")).unwrap();
    let root = place.add(&place.photos());
    let dotted = place.photos().join("in").join("..");
    assert_eq!(place.add(&dotted).id, root.id);
    assert_eq!(place.add(&place.photos().join(".")).id, root.id);
    #[cfg(unix)]
    {
        let link = place.folder.path().join("link");
        std::os::unix::fs::symlink(place.photos(), &link).unwrap();
        assert_eq!(place.add(&link).id, root.id);
    }
    assert_eq!(place.library.roots().unwrap().len(), 1);
}

#[test]
fn what_is_not_there_or_is_no_folder_is_refused_by_name() {
    let place = Place::new();
    let error = place
        .library
        .add_root(&place.photos().join("nowhere"), None)
        .unwrap_err();
    assert!(
        matches!(error, LibraryError::NoSuchFolder { .. }),
        "{error}"
    );
    let file = place.photo("one.jpg");
    let error = place.library.add_root(&file, None).unwrap_err();
    assert!(matches!(error, LibraryError::NotAFolder { .. }), "{error}");
    assert!(place.library.roots().unwrap().is_empty());
}

#[test]
fn a_folder_inside_a_root_belongs_to_it() {
    let place = Place::new();
    place.photo("in/one.jpg");
    let root = place.add(&place.photos());
    assert_eq!(place.add(&place.photos().join("in")).id, root.id);
}

#[test]
fn a_folder_around_roots_takes_them_in_with_their_embeddings() {
    let place = Place::new();
    place.photo("in/deep/one.jpg");
    place.photo("two.jpg");
    place.embed_all(1.0);
    let before = place.library.counts(&model()).unwrap();
    assert_eq!((before.photos, before.embedded), (2, 2));

    let outer = place.add(place.folder.path());
    assert_eq!(place.library.roots().unwrap(), std::slice::from_ref(&outer));
    assert_eq!(place.library.counts(&model()).unwrap(), before);
    let (found, report) = place.scan_root(&outer);
    assert_eq!(found, ["unchanged", "unchanged"]);
    assert_eq!(report.removed, 0);
    let mut catalogue = place.catalogue();
    catalogue.sort();
    let domain = |path: &str| (path.to_owned(), "photos".to_owned());
    assert_eq!(
        catalogue,
        [domain("photos/in/deep/one.jpg"), domain("photos/two.jpg")]
    );
}

#[test]
fn a_folder_that_scans_of_the_one_around_it_pass_over_stays_by_itself() {
    let place = Place::new();
    place.photo("private/one.jpg");
    let no_media = place.file("private/.nomedia", b"");
    place.photo("Screenshots/two.jpg");
    place.photo("three.jpg");
    let excluded = Exclusions::new(["screenshots"]);
    let writer = place.library.writer().unwrap();
    let add = |name: &str| {
        let folder = place.photos().join(name);
        writer.add_root_with(&folder, None, &excluded).unwrap()
    };
    // Before the folder around it and after it.
    let roots = [add("private"), add(""), add("Screenshots")];
    assert_eq!(place.library.roots().unwrap(), roots);
    assert_eq!(add("private").id, roots[0].id);
    let scopes = roots.each_ref().map(Scope::whole);
    for _ in 0..2 {
        let report = writer
            .scan_all(&scopes, &excluded, &model(), &mut || false, &mut |_| true)
            .unwrap();
        assert_eq!(report.removed, 0);
        assert_eq!(place.library.counts(&model()).unwrap().photos, 3);
    }
    // Scans come upon them now.
    fs::remove_file(no_media).unwrap();
    writer.merge_roots(&excluded).unwrap();
    assert_eq!(place.library.roots().unwrap().len(), 2);
    writer.merge_roots(&Exclusions::default()).unwrap();
    let whole = place.library.roots().unwrap();
    assert_eq!(
        (whole.len(), whole[0].id, whole[0].photos),
        (1, roots[1].id, 3)
    );
}

#[test]
fn a_root_that_was_away_joins_the_folder_around_it_when_it_is_back() {
    let place = Place::new();
    place.photo("one.jpg");
    place.photo("two.jpg");
    place.embed_all(1.0);
    let ids = |place: &Place| -> Vec<PhotoId> {
        let photos = place.library.photos(None, 10, &model()).unwrap();
        photos.iter().map(|photo| photo.id).collect()
    };
    let before = ids(&place);
    let elsewhere = tempfile::tempdir().unwrap();
    let away = elsewhere.path().join("drive");
    fs::rename(place.photos(), &away).unwrap();
    // An empty mount point is left.
    fs::create_dir(place.photos()).unwrap();
    let outer = place.add(place.folder.path());
    assert_eq!(place.library.roots().unwrap().len(), 2);
    assert_eq!(place.scan_root(&outer).1.removed, 0);
    fs::remove_dir(place.photos()).unwrap();
    fs::rename(&away, place.photos()).unwrap();
    // Looked through before anybody knows that it is back: each photo is known twice.
    assert_eq!(place.scan_root(&outer).0, ["recognised", "recognised"]);
    assert_eq!(place.library.counts(&model()).unwrap().photos, 4);
    let writer = place.library.writer().unwrap();
    writer.merge_roots(&Exclusions::default()).unwrap();
    drop(writer);
    let roots = place.library.roots().unwrap();
    assert_eq!((roots.len(), roots[0].id), (1, outer.id));
    assert_eq!(ids(&place), before);
    let (found, report) = place.scan_root(&roots[0]);
    assert_eq!(found, ["unchanged", "unchanged"]);
    assert_eq!(report.removed, 0);
}

#[test]
fn a_root_that_was_taken_in_may_go_away_before_it_is_scanned() {
    let place = Place::new();
    place.photo("one.jpg");
    place.embed_all(1.0);
    let outer = place.add(place.folder.path());
    assert_eq!(place.library.roots().unwrap().len(), 1);
    let elsewhere = tempfile::tempdir().unwrap();
    let away = elsewhere.path().join("drive");
    fs::rename(place.photos(), &away).unwrap();
    let (_, report) = place.scan_root(&outer);
    assert_eq!((report.removed, report.unmounted.len()), (0, 1));
    fs::rename(&away, place.photos()).unwrap();
    assert_eq!(place.scan_root(&outer).0, ["unchanged"]);
    // It was looked through: a folder like others.
    fs::remove_dir_all(place.photos()).unwrap();
    assert_eq!(place.scan_root(&outer).1.removed, 1);
}

#[test]
fn a_forgotten_folder_takes_its_photos_and_nothing_else() {
    let place = Place::new();
    let file = place.photo("one.jpg");
    let other = place.folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::copy(&file, other.join("two.jpg")).unwrap();
    place.embed_all(1.0);
    let other = place.add(&other);
    place.scan_root(&other);
    assert_eq!(place.library.forget_root(&place.photos()).unwrap(), 1);
    assert!(file.exists());
    let left = place.library.counts(&model()).unwrap();
    assert_eq!((left.photos, left.embedded), (1, 1), "the copy's own");
    let error = place.library.forget_root(&place.photos()).unwrap_err();
    assert!(error.to_string().contains("other"), "{error}");
}

#[test]
fn a_folder_that_is_gone_can_be_forgotten() {
    let place = Place::new();
    place.photo("one.jpg");
    place.scan();
    fs::remove_dir_all(place.photos()).unwrap();
    assert!(place.library.roots().unwrap()[0].is_offline());
    assert_eq!(place.library.forget_root(&place.photos()).unwrap(), 1);
}

#[test]
fn the_domain_is_the_first_folder_or_the_root() {
    let root = Path::new("/home/me/Pictures");
    for (rule, relative, domain) in [
        (DomainRule::Folder, "birds/owl/1.jpg", "birds"),
        (DomainRule::Folder, "birds/1.jpg", "birds"),
        (DomainRule::Folder, "1.jpg", "Pictures"),
        (DomainRule::Root, "birds/owl/1.jpg", "Pictures"),
        (DomainRule::Root, "1.jpg", "Pictures"),
    ] {
        assert_eq!(rule.domain(root, Path::new(relative)), domain, "{relative}");
    }
    assert_eq!(
        DomainRule::Root.domain(Path::new("/"), Path::new("1.jpg")),
        "/"
    );
}

#[test]
fn the_domain_rule_of_a_root_is_kept_until_it_is_changed() {
    let place = Place::new();
    place.photo("birds/1.jpg");
    place.scan();
    assert_eq!(place.catalogue()[0].1, "birds");
    place
        .library
        .add_root(&place.photos(), Some(DomainRule::Root))
        .unwrap();
    place.scan();
    assert_eq!(place.catalogue()[0].1, "photos");
}
