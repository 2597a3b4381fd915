//! Files that are written whole or not at all.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
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

/// Writes a large file, in the place of one that may be there, as `write` puts it out; for what need not be in memory as a
/// whole.
///
/// Its draft lies beside it, under the same name with `.part` behind it, so that what a killed program leaves behind does
/// not stay for ever: the next to write takes its place.
///
/// # Errors
/// Whatever the file system or `write` says, and [`ErrorKind::ResourceBusy`] while another program writes the same file;
/// the old file is whole then.
pub fn replace_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let name = PathBuf::from(name);
    let draft = own_draft(&name)?;
    let put_out = || -> io::Result<()> {
        let mut out = BufWriter::new(draft);
        write(&mut out)?;
        let draft = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        draft.sync_all()?;
        fs::rename(&name, path)
    };
    put_out().inspect_err(|_| {
        // What is left of it would only take room on a disk that may be full.
        let _gone = fs::remove_file(&name);
    })?;
    sync(folder_of(path))
}

/// A new draft, locked as long as it is written: one that nobody has locked was left behind.
///
/// What lies there is never written on: it may just have become the file itself.
fn own_draft(name: &Path) -> io::Result<File> {
    let busy = || io::Error::new(ErrorKind::ResourceBusy, "another program is writing it");
    let lock = |file: &File| match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(busy()),
        Err(TryLockError::Error(error)) => Err(error),
    };
    match File::create_new(name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let left = fs::OpenOptions::new().write(true).open(name)?;
            lock(&left)?;
            drop(left);
            fs::remove_file(name)?;
            let draft = File::create_new(name).map_err(|_| busy())?;
            lock(&draft).map(|()| draft)
        }
        draft => draft.and_then(|draft| lock(&draft).map(|()| draft)),
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
    File::open(folder)?.sync_all()
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
    fn a_large_file_is_replaced_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let draft = folder.path().join("file.part");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        replace_by(&path, |out| out.write_all(b"old one")).unwrap();
        let failed = replace_by(&path, |out| {
            out.write_all(b"new")?;
            Err(io::Error::other("no more"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no more");
        assert_eq!((fs::read(&path).unwrap(), names()), (b"old one".into(), 1));
        // A killed program left half of one.
        fs::write(&draft, b"half of a much longer file").unwrap();
        replace_by(&path, |out| {
            // Another one comes meanwhile.
            let other = replace_by(&path, |out| out.write_all(b"other"));
            assert_eq!(other.unwrap_err().kind(), ErrorKind::ResourceBusy);
            out.write_all(b"new one")
        })
        .unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"new one".into(), 1));
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none").join("file");
        assert!(replace(&path, &[b"text"]).is_err());
        assert!(create(&path, &[b"text"]).is_err());
        assert!(replace_by(&path, |_| Ok(())).is_err());
    }
}
