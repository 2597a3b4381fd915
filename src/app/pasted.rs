//! Paths out of text: what a file manager puts on the clipboard, a `file://` address, a quoted path.

use std::path::PathBuf;

/// The paths that `text` names, one a line; empty where it looks like anything else.
pub fn paths_in(text: &str) -> Vec<PathBuf> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut paths = Vec::new();
    // File managers of the GNOME family put the action before the addresses.
    let first = lines.next();
    let lines = first
        .filter(|line| !matches!(*line, "copy" | "cut" | "x-special/nautilus-clipboard"))
        .into_iter()
        .chain(lines);
    for line in lines {
        if matches!(line, "copy" | "cut") || line.starts_with('#') {
            continue;
        }
        match path_in(line) {
            Some(path) => paths.push(path),
            None => return Vec::new(),
        }
    }
    paths
}

/// Whether text that is being typed looks like a path rather than like words.
pub fn is_path(text: &str) -> bool {
    let text = text.trim();
    let starts = ["/", "~/", "./", "../", "file://", "\"", "'", "\\\\"];
    starts.iter().any(|start| text.starts_with(start)) || PathBuf::from(text).is_absolute()
}

fn path_in(line: &str) -> Option<PathBuf> {
    let bare = line
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| {
            line.strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
        })
        .unwrap_or(line);
    if let Some(address) = bare.strip_prefix("file://") {
        // What stands before the path is the host, empty for this machine.
        let path = &address[address.find('/')?..];
        return Some(decoded(path));
    }
    if let Some(rest) = bare.strip_prefix("~/") {
        let home = directories::UserDirs::new()?.home_dir().to_owned();
        return Some(home.join(rest));
    }
    let path = PathBuf::from(bare);
    (path.is_absolute() || path.exists()).then_some(path)
}

/// Undoes percent encoding; what is no valid code stays as it is.
fn decoded(text: &str) -> PathBuf {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    path_of(plain)
}

/// A name on a disk need not be UTF-8.
#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_as_file_managers_write_them() {
        let one =
            |text: &str, path: &str| assert_eq!(paths_in(text), [PathBuf::from(path)], "{text}");
        one("/tmp/a.jpg\n", "/tmp/a.jpg");
        one("\"/tmp/my photo.jpg\"", "/tmp/my photo.jpg");
        one("file:///tmp/my%20photo%C3%A9.jpg", "/tmp/my photoé.jpg");
        one("file://localhost/tmp/100%.jpg", "/tmp/100%.jpg");
        one("copy\nfile:///tmp/a.jpg", "/tmp/a.jpg");
        assert_eq!(paths_in("/tmp/a.jpg\r\n/tmp/b.jpg").len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_in_another_encoding_is_kept() {
        use std::os::unix::ffi::OsStrExt;
        let found = paths_in("file:///tmp/caf%E9.jpg");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].as_os_str().as_bytes(), b"/tmp/caf\xe9.jpg");
    }

    #[test]
    fn other_text_names_no_path() {
        assert!(paths_in("a poem about pumas").is_empty());
        assert!(paths_in("https://example.org/a.jpg").is_empty());
        assert!(paths_in("").is_empty());
    }
}
