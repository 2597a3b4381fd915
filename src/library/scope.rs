use super::{Exclusions, Library, LibraryError, Root, walk};
use std::path::{Path, PathBuf};

/// Where more folders of one root are to be looked through, the whole root is.
const MOST_FOLDERS: usize = 64;

/// What a scan looks through: a root, or a folder below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The root.
    pub root: Root,
    /// The folder's path below the root; empty for the whole root.
    pub below: PathBuf,
    /// Whether somebody asked for it, instead of something having changed there; see [`super::Retry::AskedFor`].
    pub asked_for: bool,
}

impl Scope {
    /// A whole root that somebody asked for.
    pub fn whole(root: &Root) -> Scope {
        Scope {
            root: root.clone(),
            below: PathBuf::new(),
            asked_for: true,
        }
    }
}

impl Library {
    /// What is to be scanned where only `folders`, which need not be there any more, have changed.
    ///
    /// Folders that a scan passes over, and those that belong to no root, are left out. Where a folder is reached by
    /// way of a link, its whole root is to be scanned: only then is it clear which name it goes by.
    pub fn scopes(
        &self,
        folders: &[PathBuf],
        excluded: &Exclusions,
    ) -> Result<Vec<Scope>, LibraryError> {
        let mut scopes = Vec::new();
        for root in self.roots()? {
            let mut changed: Vec<PathBuf> = folders
                .iter()
                .filter_map(|folder| changed_below(&root.path, folder, excluded))
                .collect();
            changed.sort();
            // What lies below another one is looked through with it.
            changed.dedup_by(|inner, outer| inner.starts_with(outer));
            if changed.len() > MOST_FOLDERS {
                changed = vec![PathBuf::new()];
            }
            scopes.extend(changed.into_iter().map(|below| Scope {
                root: root.clone(),
                below,
                asked_for: false,
            }));
        }
        Ok(scopes)
    }
}

/// The part of a root that is to be scanned when `folder` has changed; `None` if none is.
fn changed_below(root: &Path, folder: &Path, excluded: &Exclusions) -> Option<PathBuf> {
    let below = folder.strip_prefix(root).ok()?;
    let mut passed = PathBuf::new();
    let mut by_link = false;
    for part in below {
        // Of the folder itself, its own scan finds out.
        let has_no_media =
            !passed.as_os_str().is_empty() && walk::says_no_media(&root.join(&passed));
        passed.push(part);
        if has_no_media || walk::is_hidden(part) || excluded.exclude(&passed) {
            return None;
        }
        by_link = by_link || root.join(&passed).is_symlink();
    }
    Some(if by_link { PathBuf::new() } else { passed })
}
