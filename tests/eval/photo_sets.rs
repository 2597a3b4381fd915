//! Reading `ROOT/SET/CLASS/*` folders and splitting their classes.

use puma::eval::{Part, choose_sets, read_sets};
use std::fs;
use std::path::Path;

fn put(root: &Path, file: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy("tests/golden/photos/rocket.png", path).unwrap();
}

fn names(classes: &[puma::eval::Class]) -> Vec<&str> {
    classes.iter().map(|class| class.name.as_str()).collect()
}

#[test]
fn sets_and_classes_are_sorted_bytewise_and_split_by_class() {
    let root = tempfile::tempdir().unwrap();
    for class in ["b", "B", "a10", "a2", "é"] {
        put(root.path(), &format!("second/{class}/2.png"));
        put(root.path(), &format!("second/{class}/10.png"));
    }
    put(root.path(), "First/only/1.png");
    put(root.path(), ".hidden/x/1.png");
    put(root.path(), "second/b/.hidden.png");
    fs::write(root.path().join("SOURCES.md"), "where from").unwrap();
    fs::write(root.path().join("second/b/notes.txt"), "no photo").unwrap();
    fs::create_dir(root.path().join("second/empty")).unwrap();

    let sets = read_sets(root.path()).unwrap();
    assert_eq!(sets.len(), 2);
    assert_eq!(
        (sets[0].name.as_str(), sets[1].name.as_str()),
        ("First", "second")
    );
    let second = &sets[1];
    assert_eq!(names(&second.classes), ["B", "a10", "a2", "b", "é"]);
    assert_eq!(names(&second.part(Part::Train).classes), ["B", "a10"]);
    assert_eq!(names(&second.part(Part::Test).classes), ["a2", "b", "é"]);
    assert_eq!(second.part(Part::All), *second);
    assert_eq!(second.photos(), 10);

    let files = second.classes[3]
        .files
        .iter()
        .map(|file| file.file_name().unwrap().to_owned());
    assert_eq!(files.collect::<Vec<_>>(), ["10.png", "2.png"]);
    let labels = second.files().map(|(label, _)| label).collect::<Vec<_>>();
    assert_eq!(labels, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);

    let message = sets[0].filled_part(Part::Train).unwrap_err().to_string();
    assert!(
        message.contains("First") && message.contains("train"),
        "{message}"
    );
    assert!(sets[0].filled_part(Part::Test).is_ok());
}

#[test]
fn photos_count_by_content_or_by_ending() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "set/class/photo.txt");
    fs::write(root.path().join("set/class/broken.JPG"), "no picture").unwrap();
    fs::write(root.path().join("set/class/notes"), "no picture").unwrap();
    fs::create_dir(root.path().join("set/class/folder.jpg")).unwrap();
    let sets = read_sets(root.path()).unwrap();
    let files = sets[0]
        .files()
        .map(|(_, file)| file.file_name().unwrap().to_owned());
    assert_eq!(files.collect::<Vec<_>>(), ["broken.JPG", "photo.txt"]);
}

#[test]
fn what_is_missing_is_named() {
    let root = tempfile::tempdir().unwrap();
    let message = |path: &Path| read_sets(path).unwrap_err().to_string();
    assert!(message(&root.path().join("nowhere")).contains("nowhere"));
    assert!(message(root.path()).contains("holds no folders"));

    fs::create_dir_all(root.path().join("bare/class")).unwrap();
    let bare = message(root.path());
    assert!(
        bare.contains("bare") && bare.contains("no class folder"),
        "{bare}"
    );

    fs::remove_dir_all(root.path().join("bare")).unwrap();
    put(root.path(), "set/class/1.png");
    let sets = read_sets(root.path()).unwrap();
    let unknown = choose_sets(sets.clone(), &["sat".into()])
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("\"sat\"") && unknown.contains("set"),
        "{unknown}"
    );
    assert_eq!(choose_sets(sets.clone(), &["set".into()]).unwrap(), sets);
}

#[cfg(unix)]
#[test]
fn sets_classes_and_photos_may_be_links() {
    use std::os::unix::fs::symlink;
    let store = tempfile::tempdir().unwrap();
    put(store.path(), "photos/one/1.png");
    put(store.path(), "elsewhere/2.png");
    let root = tempfile::tempdir().unwrap();
    symlink(store.path().join("photos"), root.path().join("linked set")).unwrap();
    put(root.path(), "set/class/1.png");
    symlink(
        store.path().join("elsewhere"),
        root.path().join("set/linked class"),
    )
    .unwrap();
    symlink(
        store.path().join("elsewhere/2.png"),
        root.path().join("set/class/linked"),
    )
    .unwrap();

    let sets = read_sets(root.path()).unwrap();
    assert_eq!(sets[0].name, "linked set");
    assert_eq!(names(&sets[1].classes), ["class", "linked class"]);
    assert_eq!(sets[1].classes[0].files.len(), 2);

    symlink(store.path().join("gone"), root.path().join("set/lost")).unwrap();
    let message = read_sets(root.path()).unwrap_err().to_string();
    assert!(message.contains("lost"), "{message}");
}
