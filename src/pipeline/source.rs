use super::progress::Tally;
use super::{Control, Options};
use crate::library::{
    Exclusions, Finding, Job, LibraryError, ModelKey, PhotoId, RootId, ScanReport, Scope, Writer,
};
use crossbeam_channel::Sender;
use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How often the scanner, when all is scanned, looks for folders that have changed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a run looks through, and what the user should know about the choice.
pub(super) struct Sources {
    pub scopes: Vec<Scope>,
    pub messages: Vec<String>,
}

/// Adds the folders asked for, or takes all known roots if none were named; or only what has changed.
pub(super) fn choose(
    writer: &Writer<'_>,
    folders: &[PathBuf],
    options: &Options,
) -> Result<Sources, LibraryError> {
    let (library, excluded) = (writer.library(), &options.excluded);
    let mut messages = Vec::new();
    // A drive may have come back that was away while the folder around it was added.
    writer.merge_roots(excluded)?;
    if !options.only.is_empty() {
        let scopes = library.scopes(&options.only, excluded)?;
        return Ok(Sources { scopes, messages });
    }
    // A misspelt folder stops the run before anything is changed.
    for folder in folders {
        if !folder.is_dir() && library.root_of(folder, excluded)?.is_none() {
            let path = folder.clone();
            return Err(if folder.exists() {
                LibraryError::NotAFolder { path }
            } else {
                LibraryError::NoSuchFolder { path }
            });
        }
    }
    let known: Vec<PathBuf> = if folders.is_empty() {
        library.root_folders()?
    } else {
        folders.to_vec()
    };
    let mut chosen = BTreeSet::new();
    for folder in &known {
        let rule = match options.domain_rule {
            None if library.root_of(folder, excluded)?.is_none() => Some(options.new_root_rule),
            wished => wished,
        };
        let root = writer.add_root_with(folder, rule, excluded)?;
        if folder.canonicalize().ok() != root.path.canonicalize().ok() {
            messages.push(format!(
                "{} belongs to {}, which is indexed as a whole",
                folder.display(),
                root.path.display()
            ));
        }
        chosen.insert(root.id);
    }
    // Read again, since a later folder may have taken in an earlier one.
    let roots = library.roots()?;
    let kept = |id: RootId| chosen.contains(&id);
    Ok(Sources {
        scopes: roots
            .iter()
            .filter(|root| kept(root.id))
            .map(Scope::whole)
            .collect(),
        messages,
    })
}

/// The first stage: scans, and sends what is to be embedded.
pub(super) struct Scanner<'a> {
    pub writer: &'a Writer<'a>,
    pub excluded: &'a Exclusions,
    pub model: &'a ModelKey,
    pub jobs: Sender<Job>,
    pub control: &'a Control,
    pub tally: &'a Tally,
    /// What was sent, with its time: a folder that is looked through again may hold photos that still wait.
    pub sent: HashSet<(PhotoId, i64)>,
    /// What could not be read, which is tried again with its folder and told once.
    pub unreadable: HashSet<PathBuf>,
}

impl Scanner<'_> {
    /// Scans all of `scopes`, then folders that change, until nothing waits to be decoded any more.
    pub fn run(mut self, scopes: &[Scope]) -> Result<ScanReport, LibraryError> {
        let mut report = self.scan(scopes, true)?;
        if self.control.is_stopped() {
            return Ok(report);
        }
        self.tally.scanned.store(true, Ordering::Release);
        let ended = || self.control.is_stopped() || self.tally.ended.load(Ordering::Acquire);
        while !self.jobs.is_empty() && !ended() {
            let changed = self.control.take_changed();
            if changed.is_empty() {
                std::thread::sleep(LOOK_EVERY);
                continue;
            }
            let scopes = self.writer.library().scopes(&changed, self.excluded)?;
            let again = self.scan(&scopes, false)?;
            report.removed += again.removed;
            // Each is told once, however often it is looked at in vain.
            add_new(&mut report.unreadable, again.unreadable);
            add_new(&mut report.offline, again.offline);
            add_new(&mut report.unmounted, again.unmounted);
        }
        Ok(report)
    }

    /// Scans once; `first` counts what is as it was, too, which a further scan would count again.
    fn scan(&mut self, scopes: &[Scope], first: bool) -> Result<ScanReport, LibraryError> {
        let (tally, jobs) = (self.tally, &self.jobs);
        let (sent, unreadable) = (&mut self.sent, &mut self.unreadable);
        let count = |counter: &AtomicUsize| {
            if first {
                Tally::count(&tally.found);
                Tally::count(counter);
            }
        };
        let mut take = |finding| {
            match finding {
                Finding::NotAPhoto => {}
                Finding::Unchanged => count(&tally.unchanged),
                Finding::Recognised => {
                    Tally::count(&tally.found);
                    Tally::count(&tally.recognised);
                }
                Finding::FailedBefore => count(&tally.failed_before),
                Finding::Failed(file) => {
                    if unreadable.insert(file.path.clone()) {
                        Tally::count(&tally.found);
                        tally.fail(file);
                    }
                }
                Finding::ToEmbed(job) => {
                    if sent.insert((job.photo, job.mtime_ns)) {
                        Tally::count(&tally.found);
                        // Nobody takes jobs any more when this fails.
                        return jobs.send(job).is_ok();
                    }
                }
            }
            true
        };
        let mut stopped = || self.control.is_stopped();
        self.writer
            .scan_all(scopes, self.excluded, self.model, &mut stopped, &mut take)
    }
}

fn add_new<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}
