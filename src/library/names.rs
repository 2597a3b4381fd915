//! File names as bytes: what the catalogue stores, since not every name is UTF-8.

use std::path::{Component, Path, PathBuf};

/// The bytes of a path as the catalogue keeps them; parts are separated by `/`.
#[cfg(unix)]
pub(crate) fn to_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

/// The relative path that [`to_bytes`] was given, below whichever folder it is joined to: of a tampered catalogue's
/// `../../secret` or `/secret` only `secret` is left.
pub(super) fn to_relative(bytes: &[u8]) -> PathBuf {
    to_path(bytes)
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect()
}

/// The path that [`to_bytes`] was given.
#[cfg(unix)]
pub(crate) fn to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// The bytes of a path as the catalogue keeps them; parts are separated by `/`.
#[cfg(not(unix))]
pub(crate) fn to_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

/// The path that [`to_bytes`] was given.
#[cfg(not(unix))]
pub(crate) fn to_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder() {
        for (stored, below) in [
            ("a/b.jpg", "a/b.jpg"),
            ("../../etc/passwd", "etc/passwd"),
            ("/etc/passwd", "etc/passwd"),
            ("a/../../b.jpg", "a/b.jpg"),
            ("a/./b.jpg", "a/b.jpg"),
        ] {
            let path = Path::new("/photos").join(to_relative(stored.as_bytes()));
            assert_eq!(path, Path::new("/photos").join(below), "{stored}");
        }
        let odd = Path::new("caf\u{e9}/..jpg");
        assert_eq!(to_relative(&to_bytes(odd)), odd);
    }
}
