use super::Exclusions;
use crate::photo::mtime_ns;
use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file of this name says that its folder holds no photos for galleries, with all that lies below it.
const NO_MEDIA: &str = ".nomedia";

/// A file of the folder that is being visited.
pub(super) struct Entry {
    pub name: OsString,
    pub size_bytes: u64,
    pub mtime_ns: i64,
}

/// What a walk comes upon; all paths are relative to the root.
pub(super) enum Step<'a> {
    /// The files of one folder, names sorted bytewise.
    Files(&'a Path, Vec<Entry>),
    /// Something that could not be looked at, and why; everything below it stays as the catalogue has it.
    Unreadable(PathBuf, String),
    /// A folder in which another drive is mounted.
    Mounted(PathBuf),
    /// A link that leads nowhere now, perhaps to a drive that is not mounted; what was known below it stays as well.
    Away(PathBuf),
}

/// Whether a scan passes over files and folders of this name.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether a folder holds the file that keeps galleries out of it.
pub(super) fn says_no_media(folder: &Path) -> bool {
    folder.join(NO_MEDIA).exists()
}

/// Visits the files below `start`, a folder at or below `root`, folder by folder; ends early when `visit` says `false`.
///
/// From the root itself, symbolic links to folders are followed, but each real folder is visited once: linked folders
/// come after all others, so that a folder that can be reached both ways keeps its own name, and loops end. From
/// further below they are away: which name such a folder goes by, only a whole walk can tell.
pub(super) fn walk(
    root: &Path,
    start: &Path,
    excluded: &Exclusions,
    visit: &mut dyn FnMut(Step<'_>) -> bool,
) -> bool {
    let whole = start.as_os_str().is_empty();
    let mut visited = HashSet::new();
    let mut linked = VecDeque::from([start.to_owned()]);
    while let Some(first) = linked.pop_front() {
        // The real path is the same on every system, unlike device and inode numbers.
        let real = match join(root, &first).canonicalize() {
            Ok(real) => real,
            // The folder to start from is gone, with all that was below it.
            Err(error) if error.kind() == ErrorKind::NotFound && first == start => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !visit(Step::Away(first)) {
                    return false;
                }
                continue;
            }
            Err(error) => {
                if !visit(Step::Unreadable(first, error.to_string())) {
                    return false;
                }
                continue;
            }
        };
        let mut folders = vec![(first, real)];
        while let Some((folder, real)) = folders.pop() {
            if !visited.insert(real.clone()) {
                continue;
            }
            let Some(below) = list(root, &folder, excluded, visit) else {
                return false;
            };
            let path = |name: &OsString| folder.join(name);
            if whole {
                linked.extend(below.linked.iter().map(path));
            } else if !below
                .linked
                .iter()
                .all(|name| visit(Step::Away(path(name))))
            {
                return false;
            }
            let real_folders = below.folders.iter().rev();
            folders.extend(real_folders.map(|name| (path(name), real.join(name))));
        }
    }
    true
}

/// Names of folders in a folder.
#[derive(Default)]
struct Below {
    folders: Vec<OsString>,
    linked: Vec<OsString>,
}

/// Visits the files of one folder and gives its subfolders; `None` when `visit` wants no more.
fn list(
    root: &Path,
    folder: &Path,
    excluded: &Exclusions,
    visit: &mut dyn FnMut(Step<'_>) -> bool,
) -> Option<Below> {
    let path = join(root, folder);
    let read = || -> std::io::Result<Vec<DirEntry>> { fs::read_dir(&path)?.collect() };
    let entries = match read() {
        Ok(entries) => entries,
        // Gone between two looks, with all that was below it; of a drive that is gone as a whole the scan takes care.
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(Below::default()),
        Err(error) => {
            let step = Step::Unreadable(folder.to_owned(), error.to_string());
            return visit(step).then(Below::default);
        }
    };
    let mut entries: Vec<(OsString, DirEntry)> = entries
        .into_iter()
        .map(|entry| (entry.file_name(), entry))
        .collect();
    // A folder that was given to the library by its name was meant.
    if !folder.as_os_str().is_empty() && entries.iter().any(|(name, _)| name == NO_MEDIA) {
        return Some(Below::default());
    }
    entries.retain(|(name, _)| {
        !is_hidden(name) && (excluded.is_empty() || !excluded.exclude(&folder.join(name)))
    });
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let own_drive = fs::metadata(&path).ok().and_then(|facts| drive(&facts));
    let mut below = Below::default();
    let mut files = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let facts = if is_link {
            fs::metadata(entry.path())
        } else {
            entry.metadata()
        };
        let step = match facts {
            Ok(facts) if facts.is_file() => {
                files.push(Entry {
                    name,
                    size_bytes: facts.len(),
                    mtime_ns: mtime_ns(&facts),
                });
                continue;
            }
            Ok(facts) if facts.is_dir() => {
                if is_link {
                    below.linked.push(name);
                    continue;
                }
                let mounted = drive(&facts) != own_drive;
                below.folders.push(name.clone());
                if !mounted {
                    continue;
                }
                Step::Mounted(folder.join(name))
            }
            // Sockets, pipes and devices are no photos, and reading one might never end.
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound && is_link => {
                Step::Away(folder.join(name))
            }
            // A file may vanish between two looks.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => Step::Unreadable(folder.join(name), error.to_string()),
        };
        if !visit(step) {
            return None;
        }
    }
    visit(Step::Files(folder, files)).then_some(below)
}

/// `root/relative`, without the slash that joining an empty path would add.
pub(super) fn join(root: &Path, relative: &Path) -> PathBuf {
    if relative.as_os_str().is_empty() {
        root.to_owned()
    } else {
        root.join(relative)
    }
}

/// The number of the drive that a folder lies on, where the system tells it.
#[cfg(unix)]
fn drive(facts: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(facts))
}

/// The number of the drive that a folder lies on, where the system tells it.
#[cfg(not(unix))]
fn drive(_facts: &Metadata) -> Option<u64> {
    None
}
