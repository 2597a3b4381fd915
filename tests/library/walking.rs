//! Links, loops, odd names and folders that may not be read.
#![cfg(unix)]
use super::{Place, model};
use puma::library::Exclusions;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

#[test]
fn links_are_followed_once_and_loops_end() {
    let place = Place::new();
    place.photo("real/one.jpg");
    let outside = place.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::copy(place.photos().join("real/one.jpg"), outside.join("far.jpg")).unwrap();
    // A second name for a folder of the tree, sorted before it; a loop; a folder elsewhere; a file; nothing.
    symlink(place.photos().join("real"), place.photos().join("again")).unwrap();
    symlink(place.photos(), place.photos().join("real/loop")).unwrap();
    symlink(&outside, place.photos().join("linked")).unwrap();
    symlink(outside.join("far.jpg"), place.photos().join("near.jpg")).unwrap();
    symlink("nowhere", place.photos().join("dangling.jpg")).unwrap();
    symlink("self", place.photos().join("self")).unwrap();
    let (found, report) = place.scan();
    assert_eq!(found, ["linked/far.jpg", "near.jpg", "real/one.jpg"]);
    assert!(report.complete);
    assert_eq!(place.catalogue().len(), 3);
}

#[test]
fn a_link_to_a_drive_that_is_away_keeps_its_photos() {
    let place = Place::new();
    place.photo("here.jpg");
    let (drive, away) = (
        place.folder.path().join("drive"),
        place.folder.path().join("away"),
    );
    fs::create_dir(&drive).unwrap();
    fs::write(drive.join("far.jpg"), b"\xff\xd8\xff\xe0 far").unwrap();
    symlink(&drive, place.photos().join("linked")).unwrap();
    symlink(drive.join("far.jpg"), place.photos().join("near.jpg")).unwrap();
    place.embed_all(1.0);
    assert_eq!(place.catalogue().len(), 3);
    fs::rename(&drive, &away).unwrap();
    let (found, report) = place.scan();
    assert_eq!(
        (found.as_slice(), report.removed),
        (["unchanged".to_owned()].as_slice(), 0)
    );
    fs::rename(&away, &drive).unwrap();
    assert_eq!(place.scan().0, ["unchanged"; 3]);
    // The link itself taken away, its photos are gone.
    fs::remove_file(place.photos().join("linked")).unwrap();
    assert_eq!(place.scan().1.removed, 1);
}

#[test]
fn a_folder_with_nomedia_is_passed_over_with_all_below_it() {
    let place = Place::new();
    place.photo("seen.jpg");
    place.photo("quiet/one.jpg");
    place.photo("quiet/deep/two.jpg");
    fs::write(place.photos().join("quiet/.nomedia"), b"").unwrap();
    // The folder that was added was meant.
    fs::write(place.photos().join(".nomedia"), b"").unwrap();
    assert_eq!(place.scan().0, ["seen.jpg"]);
}

/// Mounts something, if this user may.
fn mount(arguments: &[&OsStr]) -> bool {
    let done = Command::new("mount").args(arguments).output();
    done.is_ok_and(|output| output.status.success())
}

fn unmount(folder: &Path) {
    let done = Command::new("umount").arg(folder).status();
    assert!(done.unwrap().success());
}

#[test]
fn a_drive_below_a_root_that_is_away_keeps_its_photos() {
    let place = Place::new();
    place.photo("one.jpg");
    let card = place.photos().join("card");
    fs::create_dir(&card).unwrap();
    let drive: [&OsStr; 4] = [
        "-t".as_ref(),
        "tmpfs".as_ref(),
        "card".as_ref(),
        card.as_os_str(),
    ];
    if !mount(&drive) {
        eprintln!("skipped: this user may not mount");
        return;
    }
    place.photo("card/DCIM/two.jpg");
    place.photo("card/three.jpg");
    place.embed_all(1.0);
    unmount(&card);
    let (found, report) = place.scan();
    assert_eq!((found.len(), report.removed), (1, 0));
    assert!(report.unmounted[0].contains("held a drive"), "{report:?}");
    for folder in ["card", "card/DCIM"] {
        let nothing = Exclusions::default();
        let folder = place.photos().join(folder);
        let scopes = place.library.scopes(&[folder], &nothing).unwrap();
        let writer = place.library.writer().unwrap();
        let report = writer
            .scan_all(&scopes, &nothing, &model(), &mut || false, &mut |_| true)
            .unwrap();
        assert_eq!((scopes.len(), report.removed), (1, 0));
    }
    // Some systems take the mount point away with the drive.
    fs::remove_dir(&card).unwrap();
    assert_eq!(place.scan().1.removed, 0);
    assert_eq!(place.catalogue().len(), 3);
    // A folder of that name that holds something is another one.
    place.photo("card/four.jpg");
    assert_eq!(place.scan().1.removed, 2);
    assert_eq!(place.scan().1.unmounted, Vec::<String>::new());
}

#[test]
fn a_bind_mount_is_a_second_place_and_ends() {
    let place = Place::new();
    place.photo("real/one.jpg");
    let mounted = place.photos().join("real/mounted");
    fs::create_dir(&mounted).unwrap();
    if !mount(&[
        "--bind".as_ref(),
        place.photos().as_os_str(),
        mounted.as_os_str(),
    ]) {
        eprintln!("skipped: this user may not mount");
        return;
    }
    let (found, report) = place.scan();
    unmount(&mounted);
    assert_eq!(found, ["real/mounted/real/one.jpg", "real/one.jpg"]);
    assert!(report.complete);
}

#[test]
fn a_root_that_is_a_link_keeps_its_name() {
    let place = Place::new();
    place.photo("birds/one.jpg");
    let link = place.folder.path().join("link");
    symlink(place.photos(), &link).unwrap();
    let root = place.add(&link);
    assert_eq!(root.path, link);
    assert_eq!(place.scan_root(&root).0, ["birds/one.jpg"]);
    assert_eq!(
        place.library.photos(None, 1, &model()).unwrap()[0].path,
        link.join("birds/one.jpg")
    );
}

#[test]
fn names_that_are_no_utf8_come_back_as_they_were() {
    let place = Place::new();
    let name = OsStr::from_bytes(b"b\xf6rse \xff.jpg");
    let path = place.photos().join("caf\u{e9} \u{1f431}").join(name);
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, b"\xff\xd8\xff\xe0").unwrap();
    place.embed_all(1.0);
    assert_eq!(place.scan().0, ["unchanged"]);
    let photo = place.library.photos(None, 1, &model()).unwrap().remove(0);
    assert_eq!(photo.path, path);
    assert_eq!(place.library.photo_at(&path).unwrap(), Some(photo.id));
    assert_eq!(place.library.paths(&[photo.id]).unwrap(), [Some(path)]);
}

#[test]
fn a_folder_that_may_not_be_read_is_named_and_its_photos_are_kept() {
    let place = Place::new();
    place.photo("locked/one.jpg");
    place.photo("open/two.jpg");
    place.embed_all(1.0);
    let locked = place.photos().join("locked");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&locked).is_ok() {
        eprintln!("skipped: this user may read everything");
    } else {
        let (found, report) = place.scan();
        assert_eq!(found, ["unchanged"]);
        assert_eq!(report.unreadable[0].path, locked);
        assert_eq!(report.removed, 0);
        assert_eq!(place.catalogue().len(), 2);
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
}
