//! Files that are written whole or not at all.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes `parts`, one after the other, as the file at `path`, in the place of one that may be there.
///
/// Whatever ends the program, a power cut too, what lies there is the old file or the new one.
///
/// # Errors
/// Whatever the file system says; the old file is whole then.
pub fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = folder_of(path);
    let draft = draft(folder, parts)?;
    draft.persist(path).map_err(|error| error.error)?;
    sync(folder)
}

/// Does the same where nothing lies yet; what is there stays, and `false` says so.
///
/// # Errors
/// Whatever the file system says.
pub fn create(path: &Path, parts: &[&[u8]]) -> io::Result<bool> {
    let folder = folder_of(path);
    match draft(folder, parts)?.persist_noclobber(path) {
        Ok(_) => sync(folder).map(|()| true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The bytes on the disk, under another name in the same folder.
fn draft(folder: &Path, parts: &[&[u8]]) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".puma-");
    #[cfg(unix)]
    {
        // As any other file that the user makes; a temporary one is private otherwise.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut draft = builder.tempfile_in(folder)?;
    for part in parts {
        draft.write_all(part)?;
    }
    draft.as_file().sync_all()?;
    Ok(draft)
}

/// Makes a new name last through a power cut, too.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_where_that_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(create(&path, &[b"old ", b"one"]).unwrap());
        assert!(!create(&path, &[b"new"]).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"old one");
        replace(&path, &[b"new"]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "a draft was left behind");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none").join("file");
        assert!(replace(&path, &[b"text"]).is_err());
        assert!(create(&path, &[b"text"]).is_err());
    }
}
