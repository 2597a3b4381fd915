use super::walk::{Entry, Step, walk};
use super::{Exclusions, FailedFile, LibraryError, ModelKey, PhotoId, Root, Writer, facts, names};
use crate::photo::{self, Header, PhotoError};
use rusqlite::{Transaction, params};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How many findings at most wait before they are written to the catalogue.
const BATCH: usize = 256;
/// How long a finding waits at most, so that the first photos of a slow disk are embedded soon.
const PATIENCE: Duration = Duration::from_millis(200);

/// A photo that is to be embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number in the catalogue.
    pub photo: PhotoId,
    /// Its absolute path.
    pub path: PathBuf,
    /// Size of the file.
    pub size_bytes: u64,
    /// Time of the file's last change, in nanoseconds since 1970.
    pub mtime_ns: i64,
}

/// What a scan says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Embedded already, and unchanged since.
    Unchanged,
    /// New, changed, or not embedded with this model yet.
    ToEmbed(Job),
    /// Found now to be unreadable.
    Failed(FailedFile),
    /// Could not be read by an earlier run and is unchanged since.
    FailedBefore,
    /// A file of another kind, which is passed over.
    NotAPhoto,
}

/// How a scan of one root ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// Whether the root was seen whole: not stopped, and not offline.
    pub complete: bool,
    /// Why the root was left alone, if it was.
    pub offline: Option<String>,
    /// Photos that are gone from the disk and were taken out of the catalogue.
    pub removed: usize,
    /// Folders and files that could not be looked at; what the catalogue holds below them stays.
    pub unreadable: Vec<FailedFile>,
}

/// What the catalogue knows of a photo before the scan.
struct Known {
    id: i64,
    size_bytes: i64,
    mtime_ns: i64,
    domain: String,
    failed: bool,
    embedded: bool,
    /// Whether its header was read by this version of the program.
    looked_at: bool,
}

/// A change that the scan found and the catalogue does not know yet.
struct Change {
    entry: Entry,
    path: PathBuf,
    domain: String,
    known: Option<i64>,
    failure: Option<String>,
    header: Header,
}

impl Writer<'_> {
    /// Compares the files below a root with the catalogue, brings the catalogue up to date and tells `found` of every
    /// file.
    ///
    /// Ends early when `found` says `false`. Photos that are gone are removed only at the end of a whole scan. A root
    /// that is not there, or that is empty all at once, is taken for a drive that is not mounted and left alone.
    pub fn scan(
        &self,
        root: &Root,
        model: &ModelKey,
        found: &mut dyn FnMut(Finding) -> bool,
    ) -> Result<ScanReport, LibraryError> {
        self.scan_without(&Exclusions::default(), root, model, found)
    }

    /// The same without what `excluded` leaves out; photos that it leaves out now are taken out of the catalogue.
    pub fn scan_without(
        &self,
        excluded: &Exclusions,
        root: &Root,
        model: &ModelKey,
        found: &mut dyn FnMut(Finding) -> bool,
    ) -> Result<ScanReport, LibraryError> {
        if let Some(reason) = offline(root) {
            return Ok(ScanReport {
                offline: Some(reason),
                ..ScanReport::default()
            });
        }
        let mut scan = Scan {
            writer: self,
            root,
            known: self.known(root, model)?,
            changes: Vec::new(),
            moved: Vec::new(),
            headers: Vec::new(),
            since: Instant::now(),
            report: ScanReport::default(),
            kept: Vec::new(),
            found,
            error: None,
        };
        let whole = walk(&root.path, excluded, &mut |step| scan.step(step));
        if let Some(error) = scan.error.take() {
            return Err(error);
        }
        if !whole || !scan.flush()? {
            return Ok(scan.report);
        }
        scan.finish()
    }

    /// The photos of a root by the bytes of their relative paths.
    fn known(
        &self,
        root: &Root,
        model: &ModelKey,
    ) -> Result<HashMap<Vec<u8>, Known>, LibraryError> {
        self.library.read(|connection| {
            let model = super::embeddings::model_number(connection, model)?;
            // A failure counts as long as the program reads photos in the same way.
            connection
                .prepare_cached(
                    "SELECT photo.path, photo.id, size_bytes, mtime_ns, domain,
                            failure IS NOT NULL AND failure_reader IS ?3, embedding.id IS NOT NULL,
                            facts_reader IS ?4
                     FROM photo LEFT JOIN embedding ON embedding.photo = photo.id AND embedding.model = ?2
                     WHERE root = ?1",
                )?
                .query_map(params![root.id.0, model, photo::READER_VERSION, photo::FACTS_VERSION], |row| {
                    let known = Known {
                        id: row.get(1)?,
                        size_bytes: row.get(2)?,
                        mtime_ns: row.get(3)?,
                        domain: row.get(4)?,
                        failed: row.get(5)?,
                        embedded: row.get(6)?,
                        looked_at: row.get(7)?,
                    };
                    Ok((row.get(0)?, known))
                })?
                .collect()
        })
    }
}

/// Why a root is left alone, if it is.
fn offline(root: &Root) -> Option<String> {
    let path = root.path.display();
    match std::fs::read_dir(&root.path).map(|mut entries| entries.next().is_none()) {
        Ok(true) if root.photos > 0 => Some(format!(
            "{path} is empty, as a drive that is not mounted; its {} photos are kept (`puma forget` takes them out)",
            root.photos
        )),
        Ok(_) => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(format!(
            "{path} is not there, perhaps on a drive that is not mounted; its {} photos are kept (`puma forget` takes them out)",
            root.photos
        )),
        Err(error) => Some(format!(
            "{path} cannot be read ({error}); its {} photos are kept",
            root.photos
        )),
    }
}

/// A scan of one root under way.
struct Scan<'a> {
    writer: &'a Writer<'a>,
    root: &'a Root,
    /// What the catalogue knows and the walk has not come upon yet.
    known: HashMap<Vec<u8>, Known>,
    changes: Vec<Change>,
    /// Photos whose domain changed while their files did not.
    moved: Vec<(i64, String)>,
    /// Headers of photos that an earlier version of the program indexed without looking at them.
    headers: Vec<(i64, Header)>,
    since: Instant,
    report: ScanReport,
    /// Relative paths below which nothing may be removed.
    kept: Vec<PathBuf>,
    found: &'a mut dyn FnMut(Finding) -> bool,
    error: Option<LibraryError>,
}

impl Scan<'_> {
    /// Takes one step of the walk and says whether to go on.
    fn step(&mut self, step: Step) -> bool {
        let go_on = match step {
            Step::File(entry) => self.file(entry),
            Step::Unreadable(place) => {
                self.report.unreadable.push(FailedFile {
                    path: self.root.path.join(&place.relative),
                    reason: place.reason,
                });
                self.kept.push(place.relative);
                true
            }
        };
        if !go_on {
            return false;
        }
        if self.changes.len() + self.headers.len() < BATCH && self.since.elapsed() < PATIENCE {
            return true;
        }
        self.flush().unwrap_or_else(|error| {
            self.error = Some(error);
            false
        })
    }

    fn file(&mut self, entry: Entry) -> bool {
        let key = names::to_bytes(&entry.relative);
        let domain = self
            .root
            .domain_rule
            .domain(&self.root.path, &entry.relative);
        let path = self.root.path.join(&entry.relative);
        let mut failure = None;
        let known = match self.known.remove(&key) {
            Some(known)
                if known.size_bytes == entry.size_bytes as i64
                    && known.mtime_ns == entry.mtime_ns =>
            {
                if known.domain != domain {
                    self.moved.push((known.id, domain));
                }
                if known.failed {
                    return (self.found)(Finding::FailedBefore);
                }
                if !known.looked_at
                    && let Ok(header) = photo::header(&path)
                {
                    self.headers.push((known.id, header));
                }
                if known.embedded {
                    return (self.found)(Finding::Unchanged);
                }
                return (self.found)(Finding::ToEmbed(Job {
                    photo: PhotoId(known.id),
                    path,
                    size_bytes: entry.size_bytes,
                    mtime_ns: entry.mtime_ns,
                }));
            }
            other => other,
        };
        let mut header = Header::default();
        match photo::header(&path) {
            Ok(found) if found.format.is_some() => header = found,
            Ok(_) if photo::broken_promise(&path).is_some() => {
                failure = photo::broken_promise(&path);
            }
            Ok(_) => {
                // Was a photo and is none any more: back among the known ones, it is removed at the end.
                if let Some(known) = known {
                    self.known.insert(key, known);
                }
                return (self.found)(Finding::NotAPhoto);
            }
            Err(error) => failure = Some(reason(&error)),
        }
        self.changes.push(Change {
            entry,
            path,
            domain,
            known: known.map(|known| known.id),
            failure,
            header,
        });
        true
    }

    /// Writes what was found to the catalogue and passes it on; says whether to go on.
    fn flush(&mut self) -> Result<bool, LibraryError> {
        self.since = Instant::now();
        if self.changes.is_empty() && self.moved.is_empty() && self.headers.is_empty() {
            return Ok(true);
        }
        let headers = std::mem::take(&mut self.headers);
        let changes = std::mem::take(&mut self.changes);
        let moved = std::mem::take(&mut self.moved);
        let root = self.root.id.0;
        let ids = self.writer.library.change_with(|transaction| {
            for (id, domain) in &moved {
                transaction
                    .prepare_cached("UPDATE photo SET domain = ?2 WHERE id = ?1")?
                    .execute(params![id, domain])?;
            }
            for (id, header) in &headers {
                keep_header(transaction, *id, header)?;
            }
            changes
                .iter()
                .map(|change| {
                    let id = record(transaction, root, change)?;
                    keep_header(transaction, id, &change.header)?;
                    Ok(id)
                })
                .collect::<rusqlite::Result<Vec<i64>>>()
        })?;
        for (change, id) in changes.into_iter().zip(ids) {
            let finding = match change.failure {
                Some(reason) => Finding::Failed(FailedFile {
                    path: change.path,
                    reason,
                }),
                None => Finding::ToEmbed(Job {
                    photo: PhotoId(id),
                    path: change.path,
                    size_bytes: change.entry.size_bytes,
                    mtime_ns: change.entry.mtime_ns,
                }),
            };
            if !(self.found)(finding) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes what is gone from the disk.
    fn finish(mut self) -> Result<ScanReport, LibraryError> {
        let gone: Vec<i64> = self
            .known
            .iter()
            .filter(|(key, _)| {
                let relative = names::to_path(key);
                !self.kept.iter().any(|kept| relative.starts_with(kept))
            })
            .map(|(_, known)| known.id)
            .collect();
        if !gone.is_empty() {
            self.writer.library.change_with(|transaction| {
                let mut remove = transaction.prepare_cached("DELETE FROM photo WHERE id = ?1")?;
                for id in &gone {
                    remove.execute([id])?;
                }
                Ok(())
            })?;
        }
        self.report.removed = gone.len();
        self.report.complete = true;
        Ok(self.report)
    }
}

/// Writes one new or changed photo; a changed one loses the embeddings of what it was. Gives its number.
fn record(transaction: &Transaction<'_>, root: i64, change: &Change) -> rusqlite::Result<i64> {
    let size_bytes = change.entry.size_bytes as i64;
    let mtime_ns = change.entry.mtime_ns;
    let reader = change.failure.as_ref().map(|_| photo::READER_VERSION);
    if let Some(id) = change.known {
        transaction
            .prepare_cached("DELETE FROM embedding WHERE photo = ?1")?
            .execute([id])?;
        transaction
            .prepare_cached(
                "UPDATE photo SET size_bytes = ?2, mtime_ns = ?3, domain = ?4, failure = ?5, failure_reader = ?6
                 WHERE id = ?1",
            )?
            .execute(params![id, size_bytes, mtime_ns, change.domain, change.failure, reader])?;
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO photo (root, path, size_bytes, mtime_ns, domain, failure, failure_reader)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            root,
            names::to_bytes(&change.entry.relative),
            size_bytes,
            mtime_ns,
            change.domain,
            change.failure,
            reader
        ])?;
    Ok(transaction.last_insert_rowid())
}

fn keep_header(transaction: &Transaction<'_>, id: i64, header: &Header) -> rusqlite::Result<()> {
    let (width, height) = header.size_px.unzip();
    transaction
        .prepare_cached(
            "UPDATE photo SET taken_s = ?2, format = ?3, width_px = ?4, height_px = ?5, facts_reader = ?6
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            header.taken.map(facts::seconds),
            header.format.map(photo::Format::name),
            width,
            height,
            photo::FACTS_VERSION
        ])?;
    Ok(())
}

/// Why a photo could not be read, without its path, which stands beside the reason wherever it is shown.
pub fn reason(error: &PhotoError) -> String {
    match error {
        PhotoError::Io { source, .. } => source.to_string(),
        PhotoError::Decode { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}
