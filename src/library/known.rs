use super::embeddings::model_number;
use super::failure::standing;
use super::{Library, LibraryError, ModelKey, Scope, names};
use crate::photo;
use rusqlite::{Row, params};
use std::collections::HashMap;
use std::path::Path;

/// What the catalogue knows of a photo before a scan.
pub(super) struct Known {
    pub id: i64,
    pub size_bytes: i64,
    pub mtime_ns: i64,
    /// A number that [`KnownPhotos::domain`] gives.
    pub domain: u32,
    pub verdict: Verdict,
    pub embedded: bool,
    /// Whether its header was read by this version of the program.
    pub looked_at: bool,
    /// Whether it was a photo by its content when that was read.
    pub is_photo: bool,
}

/// What came of it when a photo was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It could be read, or has not been yet.
    Readable,
    /// It could not be read, and may be now.
    Doubtful,
    /// It could not be read, and cannot be now.
    Unreadable,
}

/// What the catalogue knows below a folder and a scan has not come upon yet.
#[derive(Default)]
pub(super) struct KnownPhotos {
    /// By the bytes of their paths below the root.
    photos: HashMap<Vec<u8>, Known>,
    /// Few names for many photos: each is kept once.
    domains: HashMap<String, u32>,
}

impl KnownPhotos {
    /// Reads what the catalogue knows in a scope.
    pub fn read(
        library: &Library,
        scope: &Scope,
        model: &ModelKey,
    ) -> Result<KnownPhotos, LibraryError> {
        let (first, end) = range(&scope.below);
        library.read(|connection| {
            let model = model_number(connection, model)?;
            let [stands, stands_too] = standing(scope.asked_for);
            let mut statement = connection.prepare_cached(
                "SELECT photo.path, photo.id, size_bytes, mtime_ns, domain,
                        failure IS NOT NULL, failure_reader IS ?3 OR failure_reader IS ?7,
                        embedding.id IS NOT NULL, facts_reader IS ?4, format IS NOT NULL
                 FROM photo LEFT JOIN embedding ON embedding.photo = photo.id AND embedding.model = ?2
                 WHERE root = ?1 AND path >= ?5 AND (?6 IS NULL OR path < ?6)",
            )?;
            let mut rows = statement.query(params![
                scope.root.id.0,
                model,
                stands,
                photo::FACTS_VERSION,
                first,
                end,
                stands_too
            ])?;
            let mut known = KnownPhotos::default();
            while let Some(row) = rows.next()? {
                known.add(row)?;
            }
            Ok(known)
        })
    }

    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let verdict = match (row.get(5)?, row.get(6)?) {
            (false, _) => Verdict::Readable,
            (true, false) => Verdict::Doubtful,
            (true, true) => Verdict::Unreadable,
        };
        let photo = Known {
            id: row.get(1)?,
            size_bytes: row.get(2)?,
            mtime_ns: row.get(3)?,
            domain: self.domain(row.get_ref(4)?.as_str()?),
            verdict,
            embedded: row.get(7)?,
            looked_at: row.get(8)?,
            is_photo: row.get(9)?,
        };
        self.photos.insert(row.get(0)?, photo);
        Ok(())
    }

    /// The number of a domain's name.
    pub fn domain(&mut self, name: &str) -> u32 {
        match self.domains.get(name) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.domains.len()).unwrap_or(u32::MAX);
                self.domains.insert(name.to_owned(), number);
                number
            }
        }
    }

    /// Takes out the photo at `path`, which the scan has come upon.
    pub fn take(&mut self, path: &[u8]) -> Option<Known> {
        self.photos.remove(path)
    }

    /// Puts back what is no photo any more.
    pub fn put_back(&mut self, path: Vec<u8>, known: Known) {
        self.photos.insert(path, known);
    }

    /// What the scan has not come upon: relative paths and numbers.
    pub fn left(&self) -> impl Iterator<Item = (&[u8], i64)> {
        self.photos
            .iter()
            .map(|(path, known)| (path.as_slice(), known.id))
    }
}

/// The paths below a folder as the catalogue sorts them: from the first, up to the end, if there is one.
fn range(below: &Path) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut first = names::to_bytes(below);
    if first.is_empty() {
        return (first, None);
    }
    let mut end = first.clone();
    first.push(b'/');
    end.push(b'/' + 1);
    (first, Some(end))
}
