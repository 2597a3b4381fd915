//! Files that are no library are refused and left as they are.
use puma::library::{Library, LibraryError};
use rusqlite::Connection;
use std::fs;

#[test]
fn a_new_library_is_made_with_its_folder_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/library.sqlite");
    let change = Library::open(&path).unwrap().change().unwrap();
    let again = Library::open_existing(&path).unwrap();
    assert_eq!(again.change().unwrap(), change);
    assert!(again.roots().unwrap().is_empty());
}

#[test]
fn a_library_that_is_not_there_is_not_made_by_asking() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let error = Library::open_existing(&path).err().unwrap();
    assert!(matches!(error, LibraryError::Missing { .. }));
    assert!(error.to_string().contains("puma index"), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_file_of_another_kind_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let text = "Dear reader, this is no database.\n".repeat(50);
    fs::write(&path, &text).unwrap();
    let error = Library::open(&path).err().unwrap();
    assert!(matches!(error, LibraryError::NotALibrary { .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains("letter.txt") && message.contains("--library"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn the_database_of_another_program_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("songs.sqlite");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE song (name TEXT); INSERT INTO song VALUES ('one')")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    let error = Library::open(&path).err().unwrap();
    assert!(error.to_string().contains("another program"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_library_of_a_newer_version_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    drop(Library::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 7).unwrap();
    drop(connection);
    let error = Library::open(&path).err().unwrap();
    assert!(
        matches!(error, LibraryError::Newer { found: 7, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("update PUMA"), "{error}");
}

#[test]
fn a_damaged_library_is_named_with_the_way_out_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    drop(Library::open(&path).unwrap());
    // The first page says what the file is; everything behind it is lost.
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let error = Library::open(&path)
        .and_then(|library| library.roots().map(|_| ()))
        .unwrap_err();
    assert!(matches!(error, LibraryError::Damaged { .. }), "{error}");
    assert!(
        error.to_string().contains("index the folders again"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn there_is_one_writer_at_a_time_and_the_second_hears_who_holds_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let (first, second) = (Library::open(&path).unwrap(), Library::open(&path).unwrap());
    let writer = first.writer().unwrap();
    let error = second.writer().err().unwrap();
    assert!(matches!(error, LibraryError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("this program itself"), "{error}");
    // Reading goes on meanwhile.
    second.roots().unwrap();
    drop(writer);
    second.writer().unwrap();
}
