use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Every message begins with this; another version of the program may speak otherwise.
const HEAD: &[u8; 8] = b"PUMA 1\r\n";
/// Paths in one message.
const MOST_PATHS: usize = 10_000;
/// Bytes of one path; longer than any system takes.
const LONGEST_PATH_BYTES: usize = 32 << 10;
/// Bytes of one message.
const LONGEST_BYTES: usize = 8 << 20;

/// A message: head, number of paths, and each with its length; numbers are little-endian `u32`.
pub(super) fn to_bytes(paths: &[PathBuf]) -> Vec<u8> {
    let mut bytes = HEAD.to_vec();
    let paths: Vec<Vec<u8>> = paths
        .iter()
        .take(MOST_PATHS)
        .map(|path| path_to_bytes(path))
        .filter(|path| path.len() <= LONGEST_PATH_BYTES)
        .scan(HEAD.len() + 4, |length, path| {
            *length += 4 + path.len();
            (*length <= LONGEST_BYTES).then_some(path)
        })
        .collect();
    bytes.extend((paths.len() as u32).to_le_bytes());
    for path in paths {
        bytes.extend((path.len() as u32).to_le_bytes());
        bytes.extend(path);
    }
    bytes
}

/// Reads a message; absolute paths only.
///
/// # Errors
/// What is no such message, or too large for one.
pub(super) fn read(stream: &mut impl Read) -> io::Result<Vec<PathBuf>> {
    let mut stream = stream.take(LONGEST_BYTES as u64);
    let mut head = [0; HEAD.len()];
    stream.read_exact(&mut head)?;
    if head != *HEAD {
        return Err(wrong("it speaks another language"));
    }
    let count = number(&mut stream)?;
    if count > MOST_PATHS {
        return Err(wrong("too many paths"));
    }
    let mut paths = Vec::new();
    for _ in 0..count {
        let length = number(&mut stream)?;
        if length > LONGEST_PATH_BYTES {
            return Err(wrong("a path is too long"));
        }
        let mut bytes = vec![0; length];
        stream.read_exact(&mut bytes)?;
        if bytes.contains(&0) {
            return Err(wrong("a path holds a zero"));
        }
        let path = path_from_bytes(bytes)?;
        if !path.is_absolute() {
            return Err(wrong("a path is not absolute"));
        }
        paths.push(path);
    }
    Ok(paths)
}

fn number(stream: &mut impl Read) -> io::Result<usize> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes) as usize)
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(unix)]
fn path_to_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
fn path_from_bytes(bytes: Vec<u8>) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Ok(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_to_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: Vec<u8>) -> io::Result<PathBuf> {
    let text = String::from_utf8(bytes).map_err(|_| wrong("a path is no text"))?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(bytes: &[u8]) -> io::Result<Vec<PathBuf>> {
        read(&mut &bytes[..])
    }

    #[cfg(unix)]
    #[test]
    fn paths_of_any_kind_come_through() {
        let odd = path_from_bytes(b"/caf\xe9 \n.jpg".to_vec()).unwrap();
        let paths = vec![PathBuf::from("/a b/写真.png"), odd];
        assert_eq!(back(&to_bytes(&paths)).unwrap(), paths);
        assert!(back(&to_bytes(&[])).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_message_is_refused() {
        let message = |count: u32, path: &[u8], length: u32| {
            let mut bytes = HEAD.to_vec();
            bytes.extend(count.to_le_bytes());
            bytes.extend(length.to_le_bytes());
            bytes.extend(path);
            bytes
        };
        assert!(back(&message(1, b"/a", 2)).is_ok());
        for (bytes, what) in [
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "another language"),
            (message(1, b"/a", 3), "too short"),
            (message(2, b"/a", 2), "a path missing"),
            (message(u32::MAX, b"", 0), "too many"),
            (message(1, b"/a", u32::MAX), "too long"),
            (message(1, b"a/b", 3), "not absolute"),
            (message(1, b"/a\0b", 4), "a zero"),
            (Vec::new(), "nothing"),
        ] {
            assert!(back(&bytes).is_err(), "{what}");
        }
    }
}
