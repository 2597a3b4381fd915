use super::roots::{Place, real};
use super::{Library, LibraryError, Root, Writer, names, walk};
use rusqlite::params;
use std::path::{Path, PathBuf};

/// So many photos are looked for in the new place before all are taken to be there.
const LOOKED_FOR: usize = 200;

impl Writer<'_> {
    /// Says that an indexed folder lies elsewhere now; gives the root as it is then.
    ///
    /// All that is known of its photos is kept under their paths below the new folder; the next scan compares them.
    ///
    /// # Errors
    /// `old` is no root; `new` is no folder, overlaps with another root, or holds none of the photos looked for, since
    /// a scan would take them all out.
    pub fn relink_root(&self, old: &Path, new: &Path) -> Result<Root, LibraryError> {
        let root = self.library.known_root(old)?;
        let place = Place::of_folder(new)?;
        for other in self.library.roots()? {
            let overlaps = place.overlaps(&other.path);
            if other.id != root.id && overlaps {
                return Err(LibraryError::Overlaps {
                    path: place.spelled,
                    root: other.path,
                });
            }
        }
        let looked_for = self.some_of(&root)?;
        let found = looked_for.iter().any(|(relative, size_bytes)| {
            std::fs::metadata(walk::join(&place.spelled, relative))
                .is_ok_and(|facts| facts.len() == *size_bytes)
        });
        if !found && !looked_for.is_empty() {
            return Err(LibraryError::NotTheSame {
                old: root.path,
                new: place.spelled,
                looked_for: looked_for.len(),
            });
        }
        self.library.change_with(|transaction| {
            transaction.execute(
                "UPDATE root SET path = ?2 WHERE id = ?1",
                params![root.id.0, names::to_bytes(&place.spelled)],
            )?;
            // Readers hear of photos, not of roots.
            transaction.execute("UPDATE photo SET root = root WHERE root = ?1", [root.id.0])
        })?;
        Ok(Root {
            path: place.spelled,
            ..root
        })
    }

    /// Paths below the root and sizes of photos from all over it.
    fn some_of(&self, root: &Root) -> Result<Vec<(PathBuf, u64)>, LibraryError> {
        let step = (root.photos / LOOKED_FOR).max(1) as i64;
        self.library.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT path, size_bytes FROM (SELECT path, size_bytes, row_number() OVER (ORDER BY path) AS number
                     FROM photo WHERE root = ?1) WHERE (number - 1) % ?2 = 0",
                )?
                .query_map(params![root.id.0, step], |row| {
                    let path = names::to_relative(row.get_ref(0)?.as_blob()?);
                    Ok((path, row.get::<_, i64>(1)?.max(0) as u64))
                })?
                .collect()
        })
    }
}

impl Library {
    /// Says that an indexed folder lies elsewhere now; see [`Writer::relink_root`].
    pub fn relink_root(&self, old: &Path, new: &Path) -> Result<Root, LibraryError> {
        self.writer()?.relink_root(old, new)
    }
}

impl Place {
    fn overlaps(&self, root: &Path) -> bool {
        let root_real = real(root).unwrap_or_else(|| root.to_owned());
        self.spelled.starts_with(root)
            || root.starts_with(&self.spelled)
            || self.real.starts_with(&root_real)
            || root_real.starts_with(&self.real)
    }
}
