use super::known::{Known, KnownPhotos};
use super::recognise::{Origin, Recogniser};
use super::record::{Basis, Change};
use super::scan::{is_sidecar, lies_below, reason};
use super::waiting::Waiting;
use super::walk::{Entry, Step};
use super::{FailedFile, Finding, Job, Library, LibraryError, ModelKey, PhotoId, Scope, names};
use crate::photo::{self, Header};
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
            Some(known) if known.is_as_it_was(&entry) => Ok(self.unchanged(folder, entry, &known)),
            Some(known) => self.changed(folder, entry, key, known),
            None => self.new_in_its_place(folder, entry),
        }
    }

    fn unchanged(&mut self, folder: &Folder<'_>, entry: Entry, known: &Known) -> bool {
        let (domain, number) = &folder.domain;
        if known.domain != *number {
            self.waiting.domains.push((known.id, domain.clone()));
        }
        if known.failed {
            return (self.found)(Finding::FailedBefore);
        }
        if !known.looked_at
            && let Ok(header) = photo::header(&self.path(folder, &entry))
        {
            self.waiting.headers.push((known.id, header));
        }
        if known.embedded {
            return (self.found)(Finding::Unchanged);
        }
        let job = Job {
            photo: PhotoId(known.id),
            path: self.path(folder, &entry),
            size_bytes: entry.size_bytes,
            mtime_ns: entry.mtime_ns,
        };
        (self.found)(Finding::ToEmbed(job))
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
            && !known.failed
            && self.recogniser.is_only_touched(known.id, &path)?
        {
            self.change(folder, entry, path, Basis::Same(known.id), Ok(None));
            return Ok(true);
        }
        match look_at(&path) {
            Some(header) => {
                self.change(
                    folder,
                    entry,
                    path,
                    Basis::Changed(known.id),
                    header.map(Some),
                );
                Ok(true)
            }
            None => {
                // Was a photo and is none any more: among what is left it is removed at the end.
                self.known.put_back(key, known);
                Ok((self.found)(Finding::NotAPhoto))
            }
        }
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
        let Some(header) = look_at(&path) else {
            return Ok((self.found)(Finding::NotAPhoto));
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
        header: Result<Option<Header>, String>,
    ) {
        let (header, failure) = match header {
            Ok(header) => (header, None),
            Err(reason) => (Some(Header::default()), Some(reason)),
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

/// The header of a photo, or why it cannot be read; `None` for what is no photo, neither by content nor by name.
fn look_at(path: &Path) -> Option<Result<Header, String>> {
    match photo::header(path) {
        Ok(header) if header.format.is_some() => Some(Ok(header)),
        Ok(_) => photo::broken_promise(path).map(Err),
        Err(error) => Some(Err(reason(&error))),
    }
}
