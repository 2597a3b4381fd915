use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the library could not be opened, read or changed; every message names the file and the way out.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A file or folder could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no library at this place.
    #[error("there is no library at {} yet; `puma index FOLDER` makes one", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is no PUMA library ({detail}) and was left as it is; name another file with --library, or move this one away", path.display())]
    NotALibrary {
        /// The file concerned.
        path: PathBuf,
        /// What it seems to be.
        detail: String,
    },
    /// The file is a library, but SQLite finds it damaged.
    #[error("library {} is damaged ({detail}) and was left as it is; `puma repair` keeps what can still be read; or put a copy back in its place, or move it away and index the folders again (the photos themselves are not touched)", path.display())]
    Damaged {
        /// The library file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// A newer version of the program made this library.
    #[error("library {} was made by a newer version of PUMA (schema {found}, this version knows {known}); update PUMA or name another file with --library", path.display())]
    Newer {
        /// The library file.
        path: PathBuf,
        /// The file's schema version.
        found: i64,
        /// This program's schema version.
        known: i64,
    },
    /// Another run has the right to write.
    #[error("library {} is being written by {holder}; wait until that is done, or stop it", path.display())]
    Locked {
        /// The library file.
        path: PathBuf,
        /// Which process, and for how long.
        holder: String,
    },
    /// Another program keeps the file to itself.
    #[error("library {} is held by another program ({detail}); close that program and try again", path.display())]
    Held {
        /// The library file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// The disk is full.
    #[error("no space is left for library {}; what was indexed before is kept: make room on its disk and index again, which goes on from there", path.display())]
    Full {
        /// The library file.
        path: PathBuf,
    },
    /// The library can be read, but not changed.
    #[error("library {} cannot be changed ({detail}), only searched; to index, make the file and its folder writable, or name another file with --library", path.display())]
    ReadOnly {
        /// The library file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The file cannot be opened or made.
    #[error("library {} cannot be opened ({detail}); see whether it is a file that you may read, in a folder that you may write to, or name another file with --library", path.display())]
    NotOpened {
        /// The library file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// The system failed to read or write the file.
    #[error("library {} could not be read or written ({detail}); what was indexed before is kept: see whether its disk is full, failing or gone, and try again", path.display())]
    Disk {
        /// The library file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// A folder that should be indexed is not there.
    #[error("there is no folder {}", path.display())]
    NoSuchFolder {
        /// The folder asked for.
        path: PathBuf,
    },
    /// Something that should be indexed is no folder.
    #[error("{} is no folder; name the folder that holds it", path.display())]
    NotAFolder {
        /// The path asked for.
        path: PathBuf,
    },
    /// A folder that is not a root was to be forgotten.
    #[error("{} is not an indexed folder; {known}", path.display())]
    UnknownRoot {
        /// The folder asked for.
        path: PathBuf,
        /// Which ones are, in words.
        known: String,
    },
    /// An indexed folder should be elsewhere now, in a place that belongs to another one.
    #[error("{} and {}, which is indexed, overlap; if the photos moved there, `puma index` knows them again, and `puma forget` takes the old folder out", path.display(), root.display())]
    Overlaps {
        /// The place named.
        path: PathBuf,
        /// The root in the way.
        root: PathBuf,
    },
    /// The place where an indexed folder should lie now holds none of its photos.
    #[error("{} does not hold the photos of {}: of {looked_for} looked for, none is there; name the folder that lay there before, or take it out with `puma forget`", new.display(), old.display())]
    NotTheSame {
        /// The indexed folder.
        old: PathBuf,
        /// The place named.
        new: PathBuf,
        /// How many photos were looked for.
        looked_for: usize,
    },
    /// A photo that is not in the library was asked for.
    #[error("library {} holds no photo number {id}", path.display())]
    UnknownPhoto {
        /// The library file.
        path: PathBuf,
        /// The photo asked for.
        id: i64,
    },
    /// Any other error of SQLite.
    #[error("library {}", path.display())]
    Sqlite {
        /// The library file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl LibraryError {
    /// Sorts an error of SQLite into the kinds a user can do something about.
    pub(super) fn from_sqlite(path: &Path, source: rusqlite::Error) -> LibraryError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => LibraryError::NotALibrary {
                path,
                detail: "not an SQLite file".to_owned(),
            },
            Some(ErrorCode::DatabaseCorrupt) => LibraryError::Damaged {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LibraryError::Held {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::DiskFull) => LibraryError::Full { path },
            Some(ErrorCode::ReadOnly) => LibraryError::ReadOnly {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::CannotOpen) => LibraryError::NotOpened {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::SystemIoFailure) => LibraryError::Disk {
                path,
                detail: source.to_string(),
            },
            _ => LibraryError::Sqlite { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn a_library_that_another_program_holds_is_named_with_the_way_out() {
        for code in [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_BUSY_SNAPSHOT,
            ffi::SQLITE_LOCKED,
        ] {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = LibraryError::from_sqlite(Path::new("photos.sqlite"), source);
            assert!(matches!(error, LibraryError::Held { .. }), "{error}");
            let message = error.to_string();
            for words in ["photos.sqlite", "another program", "try again"] {
                assert!(message.contains(words), "{message}");
            }
        }
    }
}
