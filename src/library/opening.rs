//! How the file is opened: to read and write, and where that cannot be, to read alone.

use super::{LibraryError, schema};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a statement waits for another program's transaction.
const BUSY: Duration = Duration::from_secs(20);

/// Why a library can only be read.
#[derive(Clone, Debug)]
pub(super) enum Hindrance {
    /// No space is left on its disk, not even for the notes that reading beside a writer takes.
    Full,
    /// The system lets nobody, or not this user, write; in its words.
    ReadOnly(String),
}

impl Hindrance {
    /// What who wants to write is told.
    pub fn error(&self, path: &Path) -> LibraryError {
        let path = path.to_owned();
        match self {
            Hindrance::Full => LibraryError::Full { path },
            Hindrance::ReadOnly(detail) => LibraryError::ReadOnly {
                path,
                detail: detail.clone(),
            },
        }
    }

    /// Why nothing can be changed, in words.
    pub fn words(&self) -> String {
        match self {
            Hindrance::Full => "no space is left on its disk".to_owned(),
            Hindrance::ReadOnly(detail) => detail.clone(),
        }
    }

    /// The hindrance behind an error, if reading may be possible all the same.
    fn behind(error: &LibraryError) -> Option<Hindrance> {
        match error {
            LibraryError::Full { .. } => Some(Hindrance::Full),
            LibraryError::ReadOnly { detail, .. }
            | LibraryError::NotOpened { detail, .. }
            | LibraryError::Disk { detail, .. } => Some(Hindrance::ReadOnly(detail.clone())),
            _ => None,
        }
    }
}

/// Opens the file and brings its tables up to date, or opens it for reading and says what was in the way.
pub(super) fn open(
    path: &Path,
    create: OpenFlags,
) -> Result<(Connection, Option<Hindrance>), LibraryError> {
    if std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() == 0) {
        tracing::warn!(
            "{} is an empty file; a new library is begun in it",
            path.display()
        );
    }
    let error = match to_write(path, create) {
        Ok(connection) => return Ok((connection, None)),
        Err(error) => error,
    };
    let Some(hindrance) = Hindrance::behind(&error) else {
        return Err(error);
    };
    match to_read(path) {
        Ok(connection) => Ok((connection, Some(hindrance))),
        // A file that is there and of no use says more than the hindrance.
        Err(other) if Hindrance::behind(&other).is_none() => Err(other),
        Err(_) => Err(error),
    }
}

fn to_write(path: &Path, create: OpenFlags) -> Result<Connection, LibraryError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let mut connection = connect(path, path, flags)?;
    schema::prepare(path, &mut connection)?;
    let writable = !connection
        .is_readonly(rusqlite::MAIN_DB)
        .map_err(|source| LibraryError::from_sqlite(path, source))?;
    if !writable {
        return Err(LibraryError::ReadOnly {
            path: path.to_owned(),
            detail: "the file is write-protected".to_owned(),
        });
    }
    Ok(connection)
}

/// Opens a file that is not written to by this program.
///
/// SQLite reads beside a writer with the help of two files beside the library. Where these can neither be found nor
/// made, nobody else can write either, and the library is read by itself, provided that it holds all.
pub(super) fn to_read(path: &Path) -> Result<Connection, LibraryError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |file: &Path, flags| {
        let connection = connect(path, file, flags)?;
        schema::check_for_reading(path, &connection)?;
        Ok(connection)
    };
    open(path, flags).or_else(|error| {
        let journal = beside(path, "-wal");
        let holds_all = std::fs::metadata(journal).map_or(true, |facts| facts.len() == 0);
        if holds_all && Hindrance::behind(&error).is_some() {
            let address = PathBuf::from(address(path) + "?immutable=1");
            open(&address, flags | OpenFlags::SQLITE_OPEN_URI)
        } else {
            Err(error)
        }
    })
}

fn connect(path: &Path, file: &Path, flags: OpenFlags) -> Result<Connection, LibraryError> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(BUSY)?;
        // Finds damage where it is, not where it leads to.
        connection.pragma_update(None, "cell_size_check", true)?;
        Ok(connection)
    };
    open().map_err(|source| LibraryError::from_sqlite(path, source))
}

/// `path` with `ending` after its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// An absolute path as SQLite takes it in a URI; any bytes may stand in a name.
fn address(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut address = String::from(if bytes.starts_with(b"/") {
        "file:"
    } else {
        "file:/"
    });
    for &byte in bytes {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b':' => address.push(char::from(byte)),
            b'\\' if cfg!(windows) => address.push('/'),
            _ if byte.is_ascii_alphanumeric() => address.push(char::from(byte)),
            _ => address += &format!("%{byte:02X}"),
        }
    }
    address
}
