use super::{DomainRule, Exclusions, Library, LibraryError, Writer, names, scan, walk};
use rusqlite::{OptionalExtension, Row, params};
use std::path::{Component, Path, PathBuf};

/// The number of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct RootId(pub i64);

/// A folder that was given to the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its number.
    pub id: RootId,
    /// Its absolute path as it was given; symbolic links are kept.
    pub path: PathBuf,
    /// What makes a domain below it.
    pub domain_rule: DomainRule,
    /// How many photos the catalogue knows below it.
    pub photos: usize,
    /// How many of them could not be read.
    pub failed: usize,
}

impl Root {
    /// Whether the folder is not there now, or empty all at once, as on a drive that is not mounted.
    pub fn is_offline(&self) -> bool {
        scan::offline(self).is_some()
    }
}

/// The counts are read from indexes: the photos themselves, a million perhaps, are left alone.
const SELECT: &str = "SELECT root.id, root.path, root.domain_rule,
        (SELECT count(*) FROM photo WHERE photo.root = root.id),
        (SELECT count(*) FROM photo INDEXED BY photo_failure WHERE failure IS NOT NULL AND photo.root = root.id)
    FROM root";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Root> {
    Ok(Root {
        id: RootId(row.get(0)?),
        path: names::to_path(row.get_ref(1)?.as_blob()?),
        domain_rule: row.get_ref(2)?.as_str()?.parse().unwrap_or_default(),
        photos: row.get::<_, i64>(3)? as usize,
        failed: row.get::<_, i64>(4)? as usize,
    })
}

impl Library {
    /// All roots in the order in which they were added.
    pub fn roots(&self) -> Result<Vec<Root>, LibraryError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} ORDER BY root.id"))?
                .query_map([], from_row)?
                .collect()
        })
    }

    /// The root that is `folder`, under whatever name it was given, or else one whose scan comes upon it, passing over
    /// what is `excluded`.
    pub fn root_of(
        &self,
        folder: &Path,
        excluded: &Exclusions,
    ) -> Result<Option<Root>, LibraryError> {
        let place = Place::of(folder)?;
        // Found among the folders first, since counting the photos of all roots takes its time.
        let folders = self.read(|connection| {
            connection
                .prepare_cached("SELECT id, path FROM root ORDER BY id")?
                .query_map([], |row| {
                    let path = names::to_path(row.get_ref(1)?.as_blob()?);
                    Ok((row.get::<_, i64>(0)?, path))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let is = folders.iter().find(|(_, path)| place.is(path));
        let found = is.or_else(|| {
            folders
                .iter()
                .find(|(_, path)| place.is_below(path, excluded))
        });
        let Some((id, _)) = found else {
            return Ok(None);
        };
        self.read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE root.id = ?1"))?
                .query_row([id], from_row)
                .optional()
        })
    }

    /// The folders of all roots; unlike [`Library::roots`] this counts no photos.
    pub fn root_folders(&self) -> Result<Vec<PathBuf>, LibraryError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT path FROM root ORDER BY id")?
                .query_map([], |row| Ok(names::to_path(row.get_ref(0)?.as_blob()?)))?
                .collect()
        })
    }

    /// The root that is `folder`, which need not be there any more; a folder below a root is none.
    pub(super) fn known_root(&self, folder: &Path) -> Result<Root, LibraryError> {
        let place = Place::of(folder)?;
        let mut roots = self.roots()?;
        if let Some(number) = roots.iter().position(|root| place.is(&root.path)) {
            return Ok(roots.swap_remove(number));
        }
        let names: Vec<String> = roots
            .iter()
            .map(|root| root.path.display().to_string())
            .collect();
        let known = if names.is_empty() {
            "none is indexed".to_owned()
        } else {
            format!("indexed are {}", names.join(", "))
        };
        Err(LibraryError::UnknownRoot {
            path: place.spelled,
            known,
        })
    }
}

impl Writer<'_> {
    /// Adds a folder as a root where scans pass over nothing by its name; see [`Writer::add_root_with`].
    pub fn add_root(&self, folder: &Path, rule: Option<DomainRule>) -> Result<Root, LibraryError> {
        self.add_root_with(folder, rule, &Exclusions::default())
    }

    /// Adds a folder as a root, or gives the root that is or holds it already.
    ///
    /// Roots that lie inside the new one become part of it and keep what is embedded; one that scans of the new one pass
    /// over, hidden, `excluded` or with a file `.nomedia`, was meant when it was added and stays. `rule` changes the domain
    /// rule; without it a known root keeps its own and a new one takes the default.
    pub fn add_root_with(
        &self,
        folder: &Path,
        rule: Option<DomainRule>,
        excluded: &Exclusions,
    ) -> Result<Root, LibraryError> {
        let root = match self.library.root_of(folder, excluded)? {
            Some(root) => root,
            None => {
                let place = Place::of_folder(folder)?;
                self.insert_root(&place, rule.unwrap_or_default(), excluded)?
            }
        };
        match rule {
            Some(rule) if rule != root.domain_rule => {
                self.library.change_with(|transaction| {
                    transaction.execute(
                        "UPDATE root SET domain_rule = ?1 WHERE id = ?2",
                        params![rule.to_string(), root.id.0],
                    )
                })?;
                Ok(Root {
                    domain_rule: rule,
                    ..root
                })
            }
            _ => Ok(root),
        }
    }

    fn insert_root(
        &self,
        place: &Place,
        rule: DomainRule,
        excluded: &Exclusions,
    ) -> Result<Root, LibraryError> {
        let id = self.library.change_with(|transaction| {
            transaction.execute(
                "INSERT INTO root (path, domain_rule) VALUES (?1, ?2)",
                params![names::to_bytes(&place.spelled), rule.to_string()],
            )?;
            Ok(transaction.last_insert_rowid())
        })?;
        self.merge_roots(excluded)?;
        self.library.read(|connection| {
            connection.query_row(&format!("{SELECT} WHERE root.id = ?1"), [id], from_row)
        })
    }

    /// Takes a root and all its photos out of the library and says how many photos that were; no file is touched.
    ///
    /// Works for a folder that is no longer there. A folder below a root is no root.
    pub fn forget_root(&self, folder: &Path) -> Result<usize, LibraryError> {
        let root = self.library.known_root(folder)?;
        self.library.change_with(|transaction| {
            transaction.execute("DELETE FROM root WHERE id = ?1", [root.id.0])
        })?;
        Ok(root.photos)
    }
}

/// A folder as the user spelled it and as the system resolves it.
pub(super) struct Place {
    pub spelled: PathBuf,
    pub real: PathBuf,
}

impl Place {
    fn of(folder: &Path) -> Result<Place, LibraryError> {
        let io = |source| LibraryError::Io {
            path: folder.to_owned(),
            source,
        };
        let mut spelled = std::path::absolute(folder).map_err(io)?;
        // `a/link/..` is not `a`: only the system can tell where a path with parent steps leads.
        if spelled
            .components()
            .any(|part| part == Component::ParentDir)
            && let Some(real) = real(&spelled)
        {
            spelled = real;
        }
        // Without a trailing slash.
        let spelled: PathBuf = spelled.components().collect();
        let real = real(&spelled).unwrap_or_else(|| spelled.clone());
        Ok(Place { spelled, real })
    }

    /// The same of a folder that has to be there.
    pub fn of_folder(folder: &Path) -> Result<Place, LibraryError> {
        let place = Place::of(folder)?;
        let path = place.spelled.clone();
        if !path.exists() {
            return Err(LibraryError::NoSuchFolder { path });
        }
        if !path.is_dir() {
            return Err(LibraryError::NotAFolder { path });
        }
        Ok(place)
    }

    fn is(&self, root: &Path) -> bool {
        self.spelled == root || real(root).is_some_and(|root| root == self.real)
    }

    fn is_below(&self, root: &Path, excluded: &Exclusions) -> bool {
        seen_below(&self.spelled, root, excluded).is_some()
            || real(root).is_some_and(|root| seen_below(&self.real, &root, excluded).is_some())
    }
}

/// The way from `root` to `folder`, unless `folder` lies elsewhere or a scan of `root` passes over it.
pub(super) fn seen_below<'a>(
    folder: &'a Path,
    root: &Path,
    excluded: &Exclusions,
) -> Option<&'a Path> {
    let below = folder.strip_prefix(root).ok()?;
    let mut passed = PathBuf::new();
    for part in below {
        passed.push(part);
        if walk::is_hidden(part)
            || excluded.exclude(&passed)
            || walk::says_no_media(&root.join(&passed))
        {
            return None;
        }
    }
    Some(below)
}

pub(super) fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}
