use super::opening::beside;
use super::{DomainRule, Library, LibraryError, Root};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The right to change a library; held by one run at a time, given back when dropped.
///
/// It is an advisory lock on a file beside the library, which the system releases when a process dies.
pub struct Writer<'a> {
    pub(super) library: &'a Library,
    _lock: File,
}

impl<'a> Writer<'a> {
    pub(super) fn lock(library: &'a Library) -> Result<Writer<'a>, LibraryError> {
        if let Some(hindrance) = &library.hindrance {
            return Err(hindrance.error(library.path()));
        }
        let lock = lock(library.path())?;
        Ok(Writer {
            library,
            _lock: lock,
        })
    }

    /// The library that may be changed.
    pub fn library(&self) -> &'a Library {
        self.library
    }
}

impl Library {
    /// Adds a folder as a root without indexing it; see [`Writer::add_root`].
    pub fn add_root(&self, folder: &Path, rule: Option<DomainRule>) -> Result<Root, LibraryError> {
        self.writer()?.add_root(folder, rule)
    }

    /// Takes a root and its photos out of the library; see [`Writer::forget_root`].
    pub fn forget_root(&self, folder: &Path) -> Result<usize, LibraryError> {
        self.writer()?.forget_root(folder)
    }
}

/// Takes the lock of the library at `path`; it lasts as long as the file that is given.
pub(super) fn lock(path: &Path) -> Result<File, LibraryError> {
    let lock_file = beside(path, ".lock");
    let refused = |source: std::io::Error| {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull => LibraryError::Full { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => LibraryError::ReadOnly {
                path,
                detail: format!("{}: {source}", lock_file.display()),
            },
            _ => LibraryError::Io {
                path: lock_file.clone(),
                source,
            },
        }
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock_file)
        .map_err(refused)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(LibraryError::Locked {
                path: path.to_owned(),
                holder: holder(&mut file),
            });
        }
        Err(TryLockError::Error(source)) => return Err(refused(source)),
    }
    // Who holds the lock is a courtesy to others: the lock counts even if this cannot be written.
    if let Err(error) = sign(&mut file) {
        tracing::warn!("{}: {error}", lock_file.display());
    }
    Ok(file)
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{} {}", std::process::id(), now_s())?;
    file.flush()
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // Some systems forbid reading a locked file; then the holder stays unnamed.
    let _unreadable = file.read_to_string(&mut text);
    let mut words = text.split_whitespace();
    let process = words.next().and_then(|word| word.parse::<u32>().ok());
    let since_s = words.next().and_then(|word| word.parse::<u64>().ok());
    match (process, since_s) {
        (Some(process), Some(since_s)) => {
            let who = if process == std::process::id() {
                "this program itself".to_owned()
            } else {
                format!("process {process}")
            };
            format!("{who} (for {} s)", now_s().saturating_sub(since_s))
        }
        _ => "another process".to_owned(),
    }
}
