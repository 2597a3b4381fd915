//! Why a file gave no picture.

use std::path::PathBuf;

use super::Format;

/// Why a file on disk gave no picture; every variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// The operating system would not let us read it.
    #[error("{} could not be read: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// What was asked for.
        path: PathBuf,
    },
    /// The file is longer than [`super::Limits::max_file_bytes`]; it was not read.
    #[error("{} is too large: {bytes} bytes, at most {limit} are read", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes are no picture that could be decoded.
    #[error("{}: {source}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What was wrong with its bytes.
        source: DecodeError,
    },
}

impl PhotoError {
    /// True when the file simply is no photo (a text, an empty file), as opposed to a photo that could not be read.
    pub fn is_not_a_photo(&self) -> bool {
        matches!(
            self,
            PhotoError::Decode {
                source: DecodeError::NotAPhoto | DecodeError::Empty,
                ..
            }
        )
    }
}

/// Why bytes gave no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum DecodeError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The first bytes belong to none of the formats in [`Format`].
    #[error("not a photo in a known format")]
    NotAPhoto,
    /// The file ends before its picture does.
    #[error("the {format} file is truncated: {reason}")]
    Truncated {
        /// The format.
        format: Format,
        /// What is missing.
        reason: String,
    },
    /// The bytes contradict their format.
    #[error("the {format} file is damaged: {reason}")]
    Damaged {
        /// The format.
        format: Format,
        /// What the decoder said.
        reason: String,
    },
    /// A sound file of a kind that cannot be decoded here.
    #[error(
        "this kind of {format} is not supported: {reason}; converting it to PNG or plain JPEG helps"
    )]
    Unsupported {
        /// The format.
        format: Format,
        /// What is not supported.
        reason: String,
    },
    /// The picture has more pixels than [`super::Limits::max_pixels`]; nothing was decoded.
    #[error("the picture is too large: {width}x{height} pixels, at most {limit} are decoded")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The limit in pixels.
        limit: u64,
    },
    /// Decoding would take more memory than [`super::Limits::max_bytes`].
    #[error("the picture would take {bytes} bytes of memory, at most {limit} are given to one")]
    TooMuchMemory {
        /// Estimate in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The decoder panicked; the panic was caught.
    #[error("the {format} decoder failed on this file: {reason}")]
    Panicked {
        /// The format.
        format: Format,
        /// The panic's message.
        reason: String,
    },
    /// The process that decoded it was stopped.
    #[error("decoding took more than {seconds} s and was stopped")]
    TookTooLong {
        /// The limit in seconds.
        seconds: u64,
    },
    /// The process that decoded it reached its limit.
    #[error("decoding needed more than {} MiB of memory and was stopped", limit >> 20)]
    TookTooMuchMemory {
        /// The limit in bytes.
        limit: u64,
    },
    /// The process that decoded it died.
    #[error("decoding it crashed ({reason}); a copy as PNG or plain JPEG may help")]
    Crashed {
        /// What is known of how.
        reason: String,
    },
}
