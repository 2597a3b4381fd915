use super::compare::{Comparison, Rest};
use super::content;
use super::mounts::Mounts;
use super::recognise::Recogniser;
use super::walk::{Step, walk};
use super::{Exclusions, FailedFile, LibraryError, ModelKey, PhotoId, Root, Scope, Writer, names};
use crate::photo::PhotoError;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Names of what programs put beside a photo (edits, ratings, a video's small picture): never looked into.
const SIDECARS: [&str; 9] = [
    "xmp", "aae", "thm", "pp3", "dop", "on1", "nksc", "cos", "arp",
];

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
    /// Moved, renamed, copied or only touched: known by its content, and embedded already.
    Recognised,
    /// New, changed, or not embedded with this model yet.
    ToEmbed(Job),
    /// Found now to be unreadable.
    Failed(FailedFile),
    /// Could not be read by an earlier run and is unchanged since.
    FailedBefore,
    /// A file of another kind, which is passed over.
    NotAPhoto,
}

/// How a scan ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// Whether all was seen: not stopped, and nothing offline.
    pub complete: bool,
    /// Why roots were left alone, for each that was.
    pub offline: Vec<String>,
    /// What was left alone inside of roots, since a drive that was mounted there is away.
    pub unmounted: Vec<String>,
    /// Photos that are gone from the disk and were taken out of the catalogue.
    pub removed: usize,
    /// Folders and files that could not be looked at; what the catalogue holds below them stays.
    pub unreadable: Vec<FailedFile>,
}

impl Writer<'_> {
    /// Scans one whole root; see [`Writer::scan_all`].
    pub fn scan(
        &self,
        root: &Root,
        model: &ModelKey,
        found: &mut dyn FnMut(Finding) -> bool,
    ) -> Result<ScanReport, LibraryError> {
        self.scan_all(
            &[Scope::whole(root)],
            &Exclusions::default(),
            model,
            &mut || false,
            found,
        )
    }

    /// Compares the files in `scopes` with the catalogue, brings the catalogue up to date and tells `found` of every
    /// file; what `excluded` leaves out is taken for gone.
    ///
    /// Ends early when `found` says `false` or `stopped` says `true`. Photos that are gone are removed only when all is
    /// seen, since a file that is gone here may have moved there. A root that is not there, or that is empty all at
    /// once, is taken for a drive that is not mounted and left alone.
    pub fn scan_all(
        &self,
        scopes: &[Scope],
        excluded: &Exclusions,
        model: &ModelKey,
        stopped: &mut dyn FnMut() -> bool,
        found: &mut dyn FnMut(Finding) -> bool,
    ) -> Result<ScanReport, LibraryError> {
        let mut report = ScanReport::default();
        let mut recogniser = Recogniser::new(self.library)?;
        let mut gone = HashSet::new();
        for scope in scopes {
            if stopped() {
                return Ok(report);
            }
            if let Some(reason) = offline(&scope.root) {
                report.offline.push(reason);
                continue;
            }
            let mut comparison =
                Comparison::new(self.library, model, scope, &mut recogniser, found)?;
            let mut step = |step: Step<'_>| !stopped() && comparison.step(step);
            let whole = walk(&scope.root.path, &scope.below, excluded, &mut step);
            if whole {
                let root = &scope.root.path;
                let mounts = Mounts::read(self.library, scope)?;
                let away = mounts.settle(self.library, root, comparison.mounted(), excluded)?;
                report
                    .unmounted
                    .extend(away.iter().map(|below| unmounted(&root.join(below))));
                comparison.keep(away);
            }
            let Some(rest) = comparison.finish(whole)? else {
                return Ok(report);
            };
            let Rest {
                unreadable,
                missing,
            } = rest;
            report.unreadable.extend(unreadable);
            // A drive that is pulled out while it is read looks empty from then on.
            match offline(&scope.root) {
                Some(reason) => report.offline.push(reason),
                None => gone.extend(missing),
            }
        }
        gone.retain(|id| !recogniser.is_claimed(*id));
        self.remove(&gone)?;
        report.removed = gone.len();
        report.complete = report.offline.is_empty() && report.unmounted.is_empty();
        Ok(report)
    }

    /// Takes photos out of the catalogue; their embeddings are kept for a while, should they come back.
    fn remove(&self, gone: &HashSet<i64>) -> Result<(), LibraryError> {
        if gone.is_empty() {
            return Ok(());
        }
        self.library.change_with(|transaction| {
            let mut remove = transaction.prepare_cached("DELETE FROM photo WHERE id = ?1")?;
            for id in gone {
                content::retire_embeddings(transaction, *id)?;
                remove.execute([id])?;
            }
            content::trim_former(transaction)
        })
    }
}

/// Why a root is left alone, if it is.
pub(super) fn offline(root: &Root) -> Option<String> {
    let path = root.path.display();
    let way_out = "(`puma relink` names its new place, `puma forget` takes them out)";
    match std::fs::read_dir(&root.path).map(|mut entries| entries.next().is_none()) {
        Ok(true) if root.photos > 0 => Some(format!(
            "{path} is empty, as a drive that is not mounted; its {} photos are kept {way_out}",
            root.photos
        )),
        Ok(_) => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(format!(
            "{path} is not there, perhaps on a drive that is not mounted; its {} photos are kept {way_out}",
            root.photos
        )),
        Err(error) => Some(format!(
            "{path} cannot be read ({error}); its {} photos are kept",
            root.photos
        )),
    }
}

fn unmounted(folder: &Path) -> String {
    format!(
        "{} held a drive and is missing or empty now; the photos known below it are kept (leave the folder out by its name to take them out)",
        folder.display()
    )
}

/// Whether a file's name says that it belongs to a photo and is none.
pub(super) fn is_sidecar(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            SIDECARS
                .iter()
                .any(|ending| extension.eq_ignore_ascii_case(ending))
        })
}

/// Whether nothing below `kept` may be removed, though the scan did not come upon it.
pub(super) fn lies_below(path: &[u8], kept: &[PathBuf]) -> bool {
    !kept.is_empty() && {
        let path = names::to_path(path);
        kept.iter().any(|kept| path.starts_with(kept))
    }
}

/// Why a photo could not be read, without its path, which stands beside the reason wherever it is shown.
pub fn reason(error: &PhotoError) -> String {
    match error {
        PhotoError::Io { source, .. } => source.to_string(),
        PhotoError::Decode { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}
