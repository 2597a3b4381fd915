//! Words for what an indexing run left alone, with the way out.

use crate::library::FailedFile;
use std::path::{Path, PathBuf};

/// What the system says where it denies reading, whatever its language.
const DENIED: &[&str] = if cfg!(windows) {
    &["(os error 5)"]
} else {
    &["(os error 13)", "(os error 1)"]
};

/// What to say of the library's folders that may not be read, and of what could not be looked at inside the others.
pub(super) fn words(denied_roots: &[PathBuf], unreadable: &[FailedFile]) -> Vec<String> {
    let is_denied = |file: &&FailedFile| DENIED.iter().any(|end| file.reason.ends_with(end));
    let (denied, others): (Vec<&FailedFile>, Vec<&FailedFile>) =
        unreadable.iter().partition(is_denied);
    let denied = denied.into_iter().map(|file| file.path.as_path());
    let denied: Vec<&Path> = denied_roots
        .iter()
        .map(PathBuf::as_path)
        .chain(denied)
        .collect();
    let mut words = Vec::new();
    if let [first, more @ ..] = denied.as_slice() {
        words.push(format!(
            "{} may not be read, so what is in it was passed over{}. What the library knows of it is kept. Give \
             yourself the permission to read it, then re-scan.",
            first.display(),
            and_more(more.len())
        ));
    }
    if let [first, more @ ..] = others.as_slice() {
        words.push(format!(
            "{} could not be read and was passed over{}: {}. What the library knows of it is kept. See whether it is \
             still there and its drive in order, then re-scan.",
            first.path.display(),
            and_more(more.len()),
            first.reason
        ));
    }
    words
}

/// What to say of one of the library's folders that is not there.
pub(super) fn away(root: &Path) -> String {
    format!(
        "{} is missing, or empty as without its drive. What the library knows of it is kept. Connect the drive, or say \
         in the folders panel where the folder is.",
        root.display()
    )
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!(", and so were {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(path: &str, os_error: i32) -> FailedFile {
        FailedFile {
            path: path.into(),
            reason: std::io::Error::from_raw_os_error(os_error).to_string(),
        }
    }

    #[test]
    fn folders_that_may_not_be_read_are_told_from_those_that_fail() {
        let denied = if cfg!(windows) { 5 } else { 13 };
        let unreadable = [
            failed("/photos/private", denied),
            failed("/photos/broken", 1117),
            failed("/photos/locked", denied),
        ];
        let words = words(&["/mine".into()], &unreadable);
        let [may_not, fails] = words.as_slice() else {
            panic!("{words:?}");
        };
        assert!(may_not.starts_with("/mine may not be read"), "{may_not}");
        assert!(may_not.contains("and so were 2 more"), "{may_not}");
        assert!(may_not.contains("permission"), "{may_not}");
        assert!(fails.starts_with("/photos/broken could not"), "{fails}");
        assert!(!fails.contains("permission"), "{fails}");
    }

    #[test]
    fn where_all_was_looked_at_nothing_is_said() {
        assert!(words(&[], &[]).is_empty());
        let away = away(Path::new("/media/drive"));
        assert!(away.starts_with("/media/drive is missing"), "{away}");
    }
}
