use super::content::Content;
use super::walk::Entry;
use super::{Library, LibraryError, names};
use rusqlite::params;
use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// So many photos of one size and time, or of one content, are looked at; where more are alike in the former, the content
/// decides.
const MOST_ALIKE: i64 = 64;

/// Where the catalogue knows a file from that lies in a place new to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From nowhere, as far as can be told without reading everything.
    Unknown,
    /// It is the photo of this number, which has left its place.
    Moved(i64),
    /// Another photo, which is still in its place, holds the same.
    Copied(Content),
}

/// Finds out which new files are photos that moved, or copies of others.
pub(super) struct Recogniser<'a> {
    library: &'a Library,
    /// Each root, and whether it is there now: what is offline has not moved.
    roots: HashMap<i64, (PathBuf, bool)>,
    /// Photos that were found in another place already.
    claimed: HashSet<i64>,
}

impl Recogniser<'_> {
    pub fn new(library: &Library) -> Result<Recogniser<'_>, LibraryError> {
        let roots = library.read(|connection| {
            connection
                .prepare_cached("SELECT id, path FROM root")?
                .query_map([], |row| {
                    let path = names::to_path(row.get_ref(1)?.as_blob()?);
                    let online =
                        std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some());
                    Ok((row.get(0)?, (path, online)))
                })?
                .collect()
        })?;
        Ok(Recogniser {
            library,
            roots,
            claimed: HashSet::new(),
        })
    }

    /// Whether a photo was found in another place.
    pub fn is_claimed(&self, id: i64) -> bool {
        self.claimed.contains(&id)
    }

    /// The photo that a new file is by its name, size and time, if that settles it.
    ///
    /// It does when exactly one photo of the same name, size and time has left its place: a file that stayed in its
    /// place is trusted for no more than that.
    pub fn moved_by_name(&mut self, entry: &Entry) -> Result<Option<i64>, LibraryError> {
        let [id] = self.gone_alike(entry)?[..] else {
            return Ok(None);
        };
        self.claimed.insert(id);
        Ok(Some(id))
    }

    /// Where a new file is known from by its content, which is read only if a photo of that size is known.
    pub fn by_content(&mut self, path: &Path, size_bytes: u64) -> Result<Origin, LibraryError> {
        if !self.is_size_known(size_bytes as i64)? {
            return Ok(Origin::Unknown);
        }
        // What cannot be read is reported by who reads it next.
        let Ok(content) = Content::of(path) else {
            return Ok(Origin::Unknown);
        };
        let found = self.holding(content)?;
        if let Some(place) = found.iter().find(|place| self.is_gone(place)) {
            self.claimed.insert(place.id);
            return Ok(Origin::Moved(place.id));
        }
        Ok(if found.is_empty() {
            Origin::Unknown
        } else {
            Origin::Copied(content)
        })
    }

    /// Photos of that name, size and time that are gone from their places.
    fn gone_alike(&self, entry: &Entry) -> Result<Vec<i64>, LibraryError> {
        let found: Vec<Place> = self.library.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, root, path FROM photo
                     WHERE size_bytes = ?1 AND mtime_ns = ?2 AND failure IS NULL LIMIT ?3",
                )?
                .query_map(
                    params![entry.size_bytes as i64, entry.mtime_ns, MOST_ALIKE + 1],
                    Place::from_row,
                )?
                .collect()
        })?;
        if found.len() as i64 > MOST_ALIKE {
            return Ok(Vec::new());
        }
        let name = Some(entry.name.as_os_str());
        let alike = |place: &&Place| place.path.file_name() == name && self.is_gone(place);
        Ok(found.iter().filter(alike).map(|place| place.id).collect())
    }

    fn is_size_known(&self, size_bytes: i64) -> Result<bool, LibraryError> {
        self.library.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM photo WHERE size_bytes = ?1 AND content IS NOT NULL)",
                )?
                .query_row([size_bytes], |row| row.get(0))
        })
    }

    fn holding(&self, content: Content) -> Result<Vec<Place>, LibraryError> {
        self.library.read(|connection| {
            connection
                .prepare_cached("SELECT id, root, path FROM photo WHERE content = ?1 LIMIT ?2")?
                .query_map(params![content, MOST_ALIKE], Place::from_row)?
                .collect()
        })
    }

    /// Whether a photo that nobody claimed yet has left its place, which is not offline.
    fn is_gone(&self, place: &Place) -> bool {
        let Some((root, true)) = self.roots.get(&place.root) else {
            return false;
        };
        let gone = || {
            std::fs::symlink_metadata(root.join(&place.path)).is_err_and(|error| {
                matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
            })
        };
        !self.claimed.contains(&place.id) && gone()
    }

    /// Whether a photo that the catalogue knows in its place holds what it held, though its time is another.
    pub fn is_only_touched(&self, id: i64, path: &Path) -> Result<bool, LibraryError> {
        let known: Option<Vec<u8>> = self.library.read(|connection| {
            connection
                .prepare_cached("SELECT content FROM photo WHERE id = ?1")?
                .query_row([id], |row| row.get(0))
        })?;
        Ok(known.is_some_and(|known| Content::of(path).is_ok_and(|now| now.is(&known))))
    }
}

/// Where a photo lies as the catalogue has it.
struct Place {
    id: i64,
    root: i64,
    path: PathBuf,
}

impl Place {
    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Place> {
        Ok(Place {
            id: row.get(0)?,
            root: row.get(1)?,
            path: names::to_relative(row.get_ref(2)?.as_blob()?),
        })
    }
}
