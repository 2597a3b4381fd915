use interprocess::local_socket::Name;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Where the window of one library is found: a socket and a lock, named after the library's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    folder: PathBuf,
    socket: PathBuf,
    lock: PathBuf,
}

impl Place {
    /// The place in `folder` for the library at `library`, which need not be there yet.
    pub fn of(folder: &Path, library: &Path) -> Place {
        // Socket paths are short (108 bytes on Linux), library paths may be long.
        let hash = blake3::hash(real(library).as_os_str().as_encoded_bytes()).to_hex();
        let name = &hash[..16];
        Place {
            folder: folder.to_owned(),
            socket: folder.join(format!("window-{name}.sock")),
            lock: folder.join(format!("window-{name}.lock")),
        }
    }

    /// The lock, if no other program holds it.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        make_private(&self.folder)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// What the socket is called.
    #[cfg(not(windows))]
    pub(super) fn socket_name(&self) -> io::Result<Name<'_>> {
        use interprocess::local_socket::{GenericFilePath, ToFsName};
        self.socket.as_path().to_fs_name::<GenericFilePath>()
    }

    /// What the pipe is called.
    #[cfg(windows)]
    pub(super) fn socket_name(&self) -> io::Result<Name<'_>> {
        use interprocess::local_socket::{GenericNamespaced, ToNsName};
        let name = self.socket.file_name().unwrap_or_default();
        format!("puma-{}", name.to_string_lossy()).to_ns_name::<GenericNamespaced>()
    }

    /// Takes the socket away, if it is there.
    pub(super) fn remove_socket(&self) {
        let _ = std::fs::remove_file(&self.socket);
    }

    #[cfg(all(test, unix))]
    pub(super) fn socket_file(&self) -> &Path {
        &self.socket
    }
}

/// The one path of a file that may not be there yet, whatever links lead to its folder.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (
        path.parent().and_then(|folder| folder.canonicalize().ok()),
        path.file_name(),
    ) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// Makes a folder that only this user can look into.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}
