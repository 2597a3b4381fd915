use super::scan::reason;
use crate::photo::{DecodeError, PhotoError, READER_VERSION};

/// Why a photo gave no picture, and when it is worth another try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The reason in words.
    pub reason: String,
    /// When it is tried again.
    pub retry: Retry,
}

/// When a photo that could not be read is tried again; in any case when its file changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// In each scan: the system did not let it be read, as without permission or on a drive that fails for a moment.
    EachScan,
    /// In scans that somebody asked for: reading it was given up, which another load on the machine, or another model,
    /// may not lead to.
    AskedFor,
    /// By a program that reads more kinds of files: the file itself is at fault.
    NewReader,
}

impl Failure {
    /// The failure behind an error of reading a photo.
    pub fn of(error: &PhotoError) -> Failure {
        let retry = match error {
            PhotoError::Io { .. } => Retry::EachScan,
            PhotoError::Decode {
                source:
                    DecodeError::TookTooLong { .. }
                    | DecodeError::TookTooMuchMemory { .. }
                    | DecodeError::Crashed { .. },
                ..
            } => Retry::AskedFor,
            _ => Retry::NewReader,
        };
        Failure {
            reason: reason(error),
            retry,
        }
    }

    /// The catalogue's `failure_reader`; see [`standing`].
    pub(super) fn reader(&self) -> Option<i64> {
        let version = i64::from(READER_VERSION);
        match self.retry {
            Retry::EachScan => None,
            Retry::AskedFor => Some(-version),
            Retry::NewReader => Some(version),
        }
    }
}

/// The values of `failure_reader` with which a failure stands; of any other one the photo is tried again.
///
/// It is the version of the reader that failed, negative where a scan that was `asked_for` tries again, and empty where
/// each does.
pub(super) fn standing(asked_for: bool) -> [i64; 2] {
    let version = i64::from(READER_VERSION);
    if asked_for {
        [version, version]
    } else {
        [version, -version]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn what_may_pass_is_told_from_what_lies_in_the_file() {
        let path = PathBuf::from("one.jpg");
        let io = PhotoError::Io {
            path: path.clone(),
            source: std::io::ErrorKind::PermissionDenied.into(),
        };
        assert_eq!(Failure::of(&io).retry, Retry::EachScan);
        let decode = |source| {
            let path = path.clone();
            Failure::of(&PhotoError::Decode { path, source })
        };
        let slow = decode(DecodeError::TookTooLong { seconds: 30 });
        assert_eq!(slow.retry, Retry::AskedFor);
        assert!(slow.reason.contains("more than 30 s"), "{slow:?}");
        let crashed = DecodeError::Crashed {
            reason: "signal 9".to_owned(),
        };
        assert_eq!(decode(crashed).retry, Retry::AskedFor);
        let limit = DecodeError::TooMuchMemory { bytes: 2, limit: 1 };
        for lasting in [DecodeError::Empty, DecodeError::NotAPhoto, limit] {
            assert_eq!(decode(lasting).retry, Retry::NewReader);
        }
    }
}
