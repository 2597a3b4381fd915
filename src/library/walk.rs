use super::Exclusions;
use std::collections::{HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file below a root.
pub(super) struct Entry {
    /// Its path below the root.
    pub relative: PathBuf,
    pub size_bytes: u64,
    pub mtime_ns: i64,
}

/// Something that could not be looked at, and why.
pub(super) struct Unreadable {
    /// Its path below the root; everything below it stays as the catalogue has it.
    pub relative: PathBuf,
    pub reason: String,
}

/// What a walk comes upon.
pub(super) enum Step {
    File(Entry),
    Unreadable(Unreadable),
}

/// Whether a scan passes over files and folders of this name.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Visits the files below `root`, folder by folder, names sorted bytewise; ends early when `visit` says `false`.
///
/// Symbolic links are followed, but each real folder is visited once: linked folders come after all others, so that
/// a folder that can be reached both ways keeps its own name, and loops end.
pub(super) fn walk(
    root: &Path,
    excluded: &Exclusions,
    visit: &mut dyn FnMut(Step) -> bool,
) -> bool {
    let mut visited = HashSet::new();
    let mut linked = VecDeque::from([PathBuf::new()]);
    while let Some(start) = linked.pop_front() {
        let mut folders = vec![start];
        while let Some(folder) = folders.pop() {
            let path = join(root, &folder);
            // The real path is the same on every system, unlike device and inode numbers.
            match path.canonicalize() {
                Ok(real) => {
                    if !visited.insert(real) {
                        continue;
                    }
                }
                Err(error) => {
                    if !visit(unreadable(folder, &error)) {
                        return false;
                    }
                    continue;
                }
            }
            let Some(below) = list(root, &folder, excluded, &mut linked, visit) else {
                return false;
            };
            folders.extend(below.into_iter().rev());
        }
    }
    true
}

/// Visits the files of one folder and gives its real subfolders; `None` when `visit` wants no more.
fn list(
    root: &Path,
    folder: &Path,
    excluded: &Exclusions,
    linked: &mut VecDeque<PathBuf>,
    visit: &mut dyn FnMut(Step) -> bool,
) -> Option<Vec<PathBuf>> {
    let read =
        || -> std::io::Result<Vec<fs::DirEntry>> { fs::read_dir(join(root, folder))?.collect() };
    let mut entries = match read() {
        Ok(entries) => entries,
        Err(error) => {
            return visit(unreadable(folder.to_owned(), &error)).then(Vec::new);
        }
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut folders = Vec::new();
    for entry in entries {
        if is_hidden(&entry.file_name()) {
            continue;
        }
        let relative = folder.join(entry.file_name());
        if excluded.exclude(&relative) {
            continue;
        }
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let step = match fs::metadata(entry.path()) {
            Ok(facts) if facts.is_dir() && is_link => {
                linked.push_back(relative);
                continue;
            }
            Ok(facts) if facts.is_dir() => {
                folders.push(relative);
                continue;
            }
            Ok(facts) if facts.is_file() => Step::File(Entry {
                relative,
                size_bytes: facts.len(),
                mtime_ns: mtime_ns(&facts),
            }),
            // Sockets, pipes and devices are no photos, and reading one might never end.
            Ok(_) => continue,
            // A link that leads nowhere is no photo either, and a file may vanish between two looks.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => unreadable(relative, &error),
        };
        if !visit(step) {
            return None;
        }
    }
    Some(folders)
}

fn unreadable(relative: PathBuf, error: &std::io::Error) -> Step {
    Step::Unreadable(Unreadable {
        relative,
        reason: error.to_string(),
    })
}

/// `root/relative`, without the slash that joining an empty path would add.
fn join(root: &Path, relative: &Path) -> PathBuf {
    if relative.as_os_str().is_empty() {
        root.to_owned()
    } else {
        root.join(relative)
    }
}

/// The time of a file's last change in nanoseconds since 1970, negative before; 0 if the system keeps none.
fn mtime_ns(facts: &Metadata) -> i64 {
    let Ok(time) = facts.modified() else { return 0 };
    nanoseconds(time)
}

fn nanoseconds(time: SystemTime) -> i64 {
    let clamp = |nanoseconds: u128| i64::try_from(nanoseconds).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => clamp(after.as_nanos()),
        Err(before) => -clamp(before.duration().as_nanos()),
    }
}
