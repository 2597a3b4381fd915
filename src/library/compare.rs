use super::known::{Known, KnownPhotos, Verdict};
use super::recognise::{Origin, Recogniser};
use super::record::{Basis, Change};
use super::scan::{is_sidecar, lies_below};
use super::waiting::Waiting;
use super::walk::{Entry, Step};
use super::{
    FailedFile, Failure, Finding, Job, Library, LibraryError, ModelKey, PhotoId, Retry, Scope,
    names,
};
use crate::photo::{self, Header, PhotoError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a finding waits at most, so that the first photos of a slow disk are embedded soon.
const PATIENCE: Duration = Duration::from_millis(200);

/// The files of one scope held against what the catalogue knows of it.
pub(super) struct Comparison<'a, 'b> {
    library: &'a Library,
    model: &'a ModelKey,
    scope: &'a Scope,
    known: KnownPhotos,
    recogniser: &'b mut Recogniser<'a>,
    found: &'b mut dyn FnMut(Finding) -> bool,
    waiting: Waiting,
    since: Instant,
    unreadable: Vec<FailedFile>,
    /// Relative paths below which nothing may be removed.
    kept: Vec<PathBuf>,
    mounted: Vec<PathBuf>,
    error: Option<LibraryError>,
}

/// The folder whose files are compared.
struct Folder<'a> {
    relative: &'a Path,
    /// The bytes with which the catalogue's paths of its files begin.
    prefix: Vec<u8>,
    /// The domain of its files, and its number among the known ones.
    domain: (String, u32),
}

/// What a whole comparison leaves: what could not be looked at, and the numbers of photos that were not come upon.
pub(super) struct Rest {
    pub unreadable: Vec<FailedFile>,
    pub missing: Vec<i64>,
}

impl<'a, 'b> Comparison<'a, 'b> {
    pub fn new(
        library: &'a Library,
        model: &'a ModelKey,
        scope: &'a Scope,
        recogniser: &'b mut Recogniser<'a>,
        found: &'b mut dyn FnMut(Finding) -> bool,
    ) -> Result<Self, LibraryError> {
        Ok(Comparison {
            library,
            model,
            scope,
            known: KnownPhotos::read(library, scope, model)?,
            recogniser,
            found,
            waiting: Waiting::default(),
            since: Instant::now(),
            unreadable: Vec::new(),
            kept: Vec::new(),
            mounted: Vec::new(),
            error: None,
        })
    }

    /// Takes one step of the walk and says whether to go on.
    pub fn step(&mut self, step: Step<'_>) -> bool {
        match step {
            Step::Files(relative, files) => self.folder(relative, files),
            Step::Unreadable(relative, reason) => {
                let path = self.scope.root.path.join(&relative);
                self.unreadable.push(FailedFile { path, reason });
                self.kept.push(relative);
                true
            }
            Step::Mounted(relative) => {
                self.mounted.push(relative);
                true
            }
            Step::Away(relative) => {
                self.kept.push(relative);
                true
            }
        }
    }

    /// Folders that were come upon in which other drives are mounted.
    pub fn mounted(&self) -> &[PathBuf] {
        &self.mounted
    }

    /// Lets nothing below these folders be taken for gone.
    pub fn keep(&mut self, folders: Vec<PathBuf>) {
        self.kept.extend(folders);
    }

    /// Ends the comparison; `None` if it was not `whole`.
    pub fn finish(mut self, whole: bool) -> Result<Option<Rest>, LibraryError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if !whole || !self.flush()? {
            return Ok(None);
        }
        let missing = self.known.left();
        let missing = missing.filter(|(path, _)| !lies_below(path, &self.kept));
        Ok(Some(Rest {
            missing: missing.map(|(_, id)| id).collect(),
            unreadable: self.unreadable,
        }))
    }

    fn folder(&mut self, relative: &Path, files: Vec<Entry>) -> bool {
        let root = &self.scope.root;
        let mut prefix = names::to_bytes(relative);
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        // Any file will do: the domain depends on the folder alone.
        let domain = root.domain_rule.domain(&root.path, &relative.join("file"));
        let number = self.known.domain(&domain);
        let folder = Folder {
            relative,
            prefix,
            domain: (domain, number),
        };
        files.into_iter().all(|entry| {
            let done = self.file(&folder, entry).and_then(|go_on| {
                let due = self.waiting.is_full() || self.since.elapsed() >= PATIENCE;
                if go_on && due {
                    self.flush()
                } else {
                    Ok(go_on)
                }
            });
            done.unwrap_or_else(|error| {
                self.error = Some(error);
                false
            })
        })
    }

    fn file(&mut self, folder: &Folder<'_>, entry: Entry) -> Result<bool, LibraryError> {
        let mut key = folder.prefix.clone();
        key.extend(names::to_bytes(Path::new(&entry.name)));
        match self.known.take(&key) {
            Some(known) if known.is_as_it_was(&entry) => self.unchanged(folder, entry, key, known),
            Some(known) => self.changed(folder, entry, key, known),
            None => self.new_in_its_place(folder, entry),
        }
    }

    fn unchanged(
        &mut self,
        folder: &Folder<'_>,
        entry: Entry,
        key: Vec<u8>,
        known: Known,
    ) -> Result<bool, LibraryError> {
        let (domain, number) = &folder.domain;
        if known.domain != *number {
            self.waiting.domains.push((known.id, domain.clone()));
        }
        match known.verdict {
            Verdict::Unreadable => return Ok((self.found)(Finding::FailedBefore)),
            Verdict::Doubtful => return Ok(self.once_more(folder, entry, key, known)),
            Verdict::Readable => {}
        }
        if !known.looked_at
            && let Ok(header) = photo::header(&self.path(folder, &entry))
        {
            self.waiting.headers.push((known.id, header));
        }
        if known.embedded {
            return Ok((self.found)(Finding::Unchanged));
        }
        let path = self.path(folder, &entry);
        Ok(self.ask_for(&entry, path, &known))
    }

    /// An unchanged file that could not be read the last time; what is embedded of it stays until it is found damaged.
    fn once_more(&mut self, folder: &Folder<'_>, entry: Entry, key: Vec<u8>, known: Known) -> bool {
        let path = self.path(folder, &entry);
        match look_at(&path, known.is_photo) {
            Look::Photo(header) => {
                if !known.looked_at {
                    self.waiting.headers.push((known.id, header));
                }
                self.ask_for(&entry, path, &known)
            }
            Look::Unreadable(failure) => {
                let basis = match failure.retry {
                    Retry::NewReader => Basis::Changed(known.id),
                    Retry::EachScan | Retry::AskedFor => Basis::Same(known.id),
                };
                self.change(folder, entry, path, basis, Err(failure));
                true
            }
            Look::NoPhoto => {
                self.known.put_back(key, known);
                (self.found)(Finding::NotAPhoto)
            }
            Look::Gone => (self.found)(Finding::NotAPhoto),
        }
    }

    fn ask_for(&mut self, entry: &Entry, path: PathBuf, known: &Known) -> bool {
        (self.found)(Finding::ToEmbed(Job {
            photo: PhotoId(known.id),
            path,
            size_bytes: entry.size_bytes,
            mtime_ns: entry.mtime_ns,
        }))
    }

    /// A file that was known in this place, but at another time or of another size.
    fn changed(
        &mut self,
        folder: &Folder<'_>,
        entry: Entry,
        key: Vec<u8>,
        known: Known,
    ) -> Result<bool, LibraryError> {
        let path = self.path(folder, &entry);
        if known.size_bytes == entry.size_bytes as i64
            && known.verdict != Verdict::Unreadable
            && self.recogniser.is_only_touched(known.id, &path)?
        {
            self.change(folder, entry, path, Basis::Same(known.id), Ok(None));
            return Ok(true);
        }
        let header = match look_at(&path, known.is_photo) {
            Look::Photo(header) => Ok(Some(header)),
            Look::Unreadable(failure) => Err(failure),
            Look::NoPhoto => {
                // Was a photo and is none any more: among what is left it is removed at the end.
                self.known.put_back(key, known);
                return Ok((self.found)(Finding::NotAPhoto));
            }
            Look::Gone => return Ok((self.found)(Finding::NotAPhoto)),
        };
        self.change(folder, entry, path, Basis::Changed(known.id), header);
        Ok(true)
    }

    /// A file in a place where none was known.
    fn new_in_its_place(
        &mut self,
        folder: &Folder<'_>,
        entry: Entry,
    ) -> Result<bool, LibraryError> {
        let path = self.path(folder, &entry);
        if is_sidecar(&path) {
            return Ok((self.found)(Finding::NotAPhoto));
        }
        if let Some(id) = self.recogniser.moved_by_name(&entry)? {
            self.change(folder, entry, path, Basis::Same(id), Ok(None));
            return Ok(true);
        }
        let header = match look_at(&path, false) {
            Look::Photo(header) => Ok(header),
            Look::Unreadable(failure) => Err(failure),
            Look::NoPhoto | Look::Gone => return Ok((self.found)(Finding::NotAPhoto)),
        };
        let basis = match &header {
            Ok(_) => match self.recogniser.by_content(&path, entry.size_bytes)? {
                Origin::Moved(id) => Basis::Same(id),
                Origin::Copied(content) => Basis::Copy(content),
                Origin::Unknown => Basis::New,
            },
            Err(_) => Basis::New,
        };
        self.change(folder, entry, path, basis, header.map(Some));
        Ok(true)
    }

    fn path(&self, folder: &Folder<'_>, entry: &Entry) -> PathBuf {
        let mut path = self.scope.root.path.join(folder.relative);
        path.push(&entry.name);
        path
    }

    fn change(
        &mut self,
        folder: &Folder<'_>,
        entry: Entry,
        path: PathBuf,
        basis: Basis,
        header: Result<Option<Header>, Failure>,
    ) {
        let (header, failure) = match header {
            Ok(header) => (header, None),
            // What was not opened says nothing of itself yet.
            Err(failure) if failure.retry == Retry::EachScan => (None, Some(failure)),
            Err(failure) => (Some(Header::default()), Some(failure)),
        };
        self.waiting.changes.push(Change {
            basis,
            relative: folder.relative.join(&entry.name),
            path,
            size_bytes: entry.size_bytes,
            mtime_ns: entry.mtime_ns,
            domain: folder.domain.0.clone(),
            header,
            failure,
        });
    }

    /// Writes what was found to the catalogue and passes it on; says whether to go on.
    fn flush(&mut self) -> Result<bool, LibraryError> {
        self.since = Instant::now();
        if self.waiting.is_empty() {
            return Ok(true);
        }
        let waiting = std::mem::take(&mut self.waiting);
        let findings = waiting.write(self.library, self.scope.root.id, self.model)?;
        Ok(findings.into_iter().all(|finding| (self.found)(finding)))
    }
}

impl Known {
    fn is_as_it_was(&self, entry: &Entry) -> bool {
        self.size_bytes == entry.size_bytes as i64 && self.mtime_ns == entry.mtime_ns
    }
}

/// What a first look at a file tells.
enum Look {
    Photo(Header),
    /// A photo that cannot be read, or by its name at least.
    Unreadable(Failure),
    /// A file of another kind, by content, or by name where it cannot be opened.
    NoPhoto,
    /// It has left its place since it was listed; what became of it, the next scan finds.
    Gone,
}

/// Looks into a file, of which may be known that it `is_photo`.
fn look_at(path: &Path, is_photo: bool) -> Look {
    let promise = photo::broken_promise(path);
    match photo::header(path) {
        Ok(header) if header.format.is_some() => Look::Photo(header),
        Ok(_) => promise.map_or(Look::NoPhoto, |reason| {
            let retry = Retry::NewReader;
            Look::Unreadable(Failure { reason, retry })
        }),
        Err(PhotoError::Io { source, .. })
            if matches!(
                source.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory
            ) =>
        {
            Look::Gone
        }
        Err(error) if is_photo || promise.is_some() => Look::Unreadable(Failure::of(&error)),
        Err(_) => Look::NoPhoto,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A link to itself cannot be opened, by whatever user.
    #[test]
    fn the_name_decides_of_a_file_that_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let looped = |name: &str| {
            let path = folder.path().join(name);
            symlink(&path, &path).unwrap();
            path
        };
        let Look::Unreadable(failure) = look_at(&looped("one.jpg"), false) else {
            panic!("a photo by its name");
        };
        assert_eq!(failure.retry, Retry::EachScan);
        let film = looped("film.mp4");
        assert!(matches!(look_at(&film, false), Look::NoPhoto));
        assert!(matches!(look_at(&film, true), Look::Unreadable(_)));
        let gone = folder.path().join("gone.jpg");
        assert!(matches!(look_at(&gone, true), Look::Gone));
    }
}
