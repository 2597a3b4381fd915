//! The file that keeps a graph between runs: a header, a checksum, and the graph in bincode.

use crate::files;
use serde::{Serialize, de::DeserializeOwned};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// First bytes of the file; the digit is the layout's version.
const MAGIC: &[u8; 8] = b"PUMAHNS2";
const HEADER: usize = MAGIC.len() + 32;

/// Why a graph could not be taken from its cache file or kept there; never more than a delay.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file could not be read or written.
    #[error("index cache {}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds the graph of other vectors.
    #[error("index cache {} belongs to an earlier state of the library", path.display())]
    Stale {
        /// The file concerned.
        path: PathBuf,
    },
    /// The file is not what was written.
    #[error("index cache {} is damaged", path.display())]
    Damaged {
        /// The file concerned.
        path: PathBuf,
    },
}

/// Reads the value that was saved; the checksum is looked at before anything is decoded.
pub(super) fn load<T: DeserializeOwned>(path: &Path) -> Result<T, CacheError> {
    let io = |source| CacheError::Io {
        path: path.to_owned(),
        source,
    };
    let damaged = || CacheError::Damaged {
        path: path.to_owned(),
    };
    let mut file = File::open(path).map_err(io)?;
    let mut header = [0; HEADER];
    file.read_exact(&mut header).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            damaged()
        } else {
            io(error)
        }
    })?;
    let (magic, checksum) = header.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(damaged());
    }
    let mut body = Vec::new();
    file.read_to_end(&mut body).map_err(io)?;
    if checksum != blake3::hash(&body).as_bytes() {
        return Err(damaged());
    }
    bincode::deserialize(&body).map_err(|_| damaged())
}

/// Writes a value; an old file stays whole until the new one is complete.
pub(super) fn save<T: Serialize>(path: &Path, value: &T) -> Result<(), CacheError> {
    let write = || -> std::io::Result<()> {
        let body = bincode::serialize(value).map_err(std::io::Error::other)?;
        files::replace_by(path, |out| {
            out.write_all(MAGIC)?;
            out.write_all(blake3::hash(&body).as_bytes())?;
            out.write_all(&body)
        })
    };
    write().map_err(|source| CacheError::Io {
        path: path.to_owned(),
        source,
    })
}
