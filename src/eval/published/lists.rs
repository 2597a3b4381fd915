//! Text lists and what they name.

use super::super::photo_set::Class;
use super::PublishedError;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const NO_PHOTO: &str = "names no photo";

/// A text list: its lines without line ends, blank ones left out.
pub(super) struct List {
    path: PathBuf,
    text: String,
}

impl List {
    /// Reads the list; a byte order mark, Windows line ends and spaces at the end of lines are no matter.
    pub(super) fn read(path: PathBuf) -> Result<Self, PublishedError> {
        let bytes = bytes_of(&path)?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}').to_owned();
        Ok(Self { path, text })
    }

    /// Every line with its number, counted from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.text.lines().map(str::trim);
        (1..)
            .zip(lines)
            .filter(|(_, text)| !text.is_empty())
            .map(|(number, text)| Line {
                list: self,
                number,
                text,
            })
    }

    /// The lines below the heading, which is the first of `lines` and consists of these words.
    pub(super) fn below<'a, L: Iterator<Item = Line<'a>>>(
        &self,
        heading: &'static str,
        mut lines: L,
    ) -> Result<L, PublishedError> {
        let Some(line) = lines.next() else {
            return Err(PublishedError::Empty {
                path: self.path.clone(),
                what: NO_PHOTO,
            });
        };
        if !line.text.split_whitespace().eq(heading.split_whitespace()) {
            return Err(line.wrong(heading));
        }
        Ok(lines)
    }

    /// Where the list lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// One line of a list.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    list: &'a List,
    number: usize,
    /// What stands in it.
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    /// The line's first `N` words, the last with all that follows.
    pub(super) fn words<const N: usize>(
        &self,
        expected: &'static str,
    ) -> Result<[&'a str; N], PublishedError> {
        let mut rest = self.text;
        let mut words = [""; N];
        for (at, word) in words.iter_mut().enumerate() {
            let end = rest.find(char::is_whitespace).filter(|_| at + 1 < N);
            let (first, others) = rest.split_at(end.unwrap_or(rest.len()));
            *word = first;
            rest = others.trim_start();
        }
        if words.contains(&"") {
            return Err(self.wrong(expected));
        }
        Ok(words)
    }

    /// One of the line's words as a number.
    pub(super) fn number(&self, word: &str, expected: &'static str) -> Result<u32, PublishedError> {
        word.parse().map_err(|_| self.wrong(expected))
    }

    /// The error that this line is not what it should be.
    pub(super) fn wrong(&self, expected: &'static str) -> PublishedError {
        PublishedError::Line {
            path: self.list.path.clone(),
            line: self.number,
            text: self.text.to_owned(),
            expected,
        }
    }
}

/// The bytes of a file; one that is not there is an error of its own.
pub(super) fn bytes_of(path: &Path) -> Result<Vec<u8>, PublishedError> {
    std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => PublishedError::Missing(path.to_owned()),
        _ => PublishedError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}

/// Classes in the order of their keys, each with its photos sorted bytewise; `name` names a class.
///
/// # Errors
/// Fails if `list` names no photo, or one that is not there.
pub(super) fn classes<K: Ord>(
    list: &Path,
    photos: BTreeMap<K, Vec<PathBuf>>,
    name: impl Fn(&K, &[PathBuf]) -> String,
) -> Result<Vec<Class>, PublishedError> {
    check(list, &photos.values().flatten().collect::<Vec<_>>())?;
    Ok(sorted(photos, name))
}

/// Looks whether the photos that a list names are there.
///
/// # Errors
/// Fails if one is not, or if there are none.
pub(super) fn check(list: &Path, photos: &[&PathBuf]) -> Result<(), PublishedError> {
    // A system call each, and 120,000 of them in the largest set.
    let absent = photos
        .par_iter()
        .filter(|photo| !photo.is_file())
        .collect::<Vec<_>>();
    if let Some(&&first) = absent.first() {
        return Err(PublishedError::Absent {
            list: list.to_owned(),
            total: photos.len(),
            absent: absent.len(),
            first: first.clone(),
        });
    }
    if photos.is_empty() {
        return Err(PublishedError::Empty {
            path: list.to_owned(),
            what: NO_PHOTO,
        });
    }
    Ok(())
}

/// As [`classes`], of photos that were looked for before.
pub(super) fn sorted<K: Ord>(
    photos: BTreeMap<K, Vec<PathBuf>>,
    name: impl Fn(&K, &[PathBuf]) -> String,
) -> Vec<Class> {
    let classes = photos.into_iter().map(|(key, mut files)| {
        let name = name(&key, &files);
        files.sort_by(|one, other| {
            one.as_os_str()
                .as_encoded_bytes()
                .cmp(other.as_os_str().as_encoded_bytes())
        });
        Class { name, files }
    });
    classes.collect()
}
