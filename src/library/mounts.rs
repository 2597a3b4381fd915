use super::{Exclusions, Library, LibraryError, RootId, Scope, names, walk};
use rusqlite::params;
use std::path::{Path, PathBuf};

/// Folders below a root in which drives were mounted when they were looked through last.
pub(super) struct Mounts {
    root: RootId,
    /// Their paths below the root, of those that a scan of the scope comes upon.
    known: Vec<PathBuf>,
    /// Of those that hold the scope, and may have gone away with it.
    around: Vec<PathBuf>,
}

impl Mounts {
    /// What the catalogue knows of a scope.
    pub fn read(library: &Library, scope: &Scope) -> Result<Mounts, LibraryError> {
        let root = scope.root.id;
        let known = library.read(|connection| {
            connection
                .prepare_cached("SELECT path FROM mount WHERE root = ?1")?
                .query_map([root.0], |row| {
                    Ok(names::to_relative(row.get_ref(0)?.as_blob()?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let (around, others): (Vec<PathBuf>, Vec<PathBuf>) = known
            .into_iter()
            .partition(|path| scope.below.starts_with(path));
        let known = others.into_iter();
        Ok(Mounts {
            root,
            known: known
                .filter(|path| path.starts_with(&scope.below))
                .collect(),
            around,
        })
    }

    /// Takes in where drives are mounted `now`; gives the folders whose drive is away, so that what was known below
    /// them has to be kept.
    ///
    /// A drive is away where its folder is missing or empty, as a mount point is without its drive. A folder that holds
    /// something again is one like all others, and what is `excluded` is not wanted in any case.
    pub fn settle(
        self,
        library: &Library,
        root: &Path,
        now: &[PathBuf],
        excluded: &Exclusions,
    ) -> Result<Vec<PathBuf>, LibraryError> {
        let is_empty = |path: &Path| {
            std::fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none())
        };
        let is_away = |path: &&PathBuf| {
            let wanted = !path.ancestors().any(|path| excluded.exclude(path));
            wanted && is_empty(&walk::join(root, path))
        };
        let unmounted = self.known.iter().filter(|path| !now.contains(path));
        let (mut away, ended): (Vec<&PathBuf>, Vec<&PathBuf>) = unmounted.partition(is_away);
        away.extend(self.around.iter().filter(is_away));
        let begun: Vec<&PathBuf> = now
            .iter()
            .filter(|path| !self.known.contains(path))
            .collect();
        if !ended.is_empty() || !begun.is_empty() {
            library.change_with(|transaction| {
                for path in &ended {
                    transaction
                        .prepare_cached("DELETE FROM mount WHERE root = ?1 AND path = ?2")?
                        .execute(params![self.root.0, names::to_bytes(path)])?;
                }
                for path in &begun {
                    transaction
                        .prepare_cached("INSERT OR IGNORE INTO mount (root, path) VALUES (?1, ?2)")?
                        .execute(params![self.root.0, names::to_bytes(path)])?;
                }
                Ok(())
            })?;
        }
        Ok(away.into_iter().cloned().collect())
    }
}
