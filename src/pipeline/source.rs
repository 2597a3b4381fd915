use super::progress::Tally;
use super::{Control, Options};
use crate::library::{
    Exclusions, FailedFile, Finding, Job, LibraryError, ModelKey, Root, RootId, ScanReport, Writer,
};
use crossbeam_channel::Sender;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// The roots of a run and what the user should know about the choice.
pub(super) struct Sources {
    pub roots: Vec<Root>,
    pub messages: Vec<String>,
}

/// Adds the folders asked for, or takes all known roots if none were named.
pub(super) fn choose(
    writer: &Writer<'_>,
    folders: &[PathBuf],
    options: &Options,
) -> Result<Sources, LibraryError> {
    let library = writer.library();
    let mut messages = Vec::new();
    // A misspelt folder stops the run before anything is changed.
    for folder in folders {
        if library.root_of(folder)?.is_none() && !folder.is_dir() {
            let path = folder.clone();
            return Err(if folder.exists() {
                LibraryError::NotAFolder { path }
            } else {
                LibraryError::NoSuchFolder { path }
            });
        }
    }
    let known: Vec<PathBuf> = if folders.is_empty() {
        library.roots()?.into_iter().map(|root| root.path).collect()
    } else {
        folders.to_vec()
    };
    let mut chosen = BTreeSet::new();
    for folder in &known {
        let is_new = library.root_of(folder)?.is_none();
        let rule = options
            .domain_rule
            .or_else(|| is_new.then_some(options.new_root_rule));
        let root = writer.add_root(folder, rule)?;
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
        roots: roots.into_iter().filter(|root| kept(root.id)).collect(),
        messages,
    })
}

/// Scans the roots one after the other and sends what is to be embedded.
pub(super) fn run(
    writer: &Writer<'_>,
    roots: &[Root],
    excluded: &Exclusions,
    model: &ModelKey,
    jobs: &Sender<Job>,
    control: &Control,
    tally: &Tally,
) -> Result<ScanReport, LibraryError> {
    let mut all = ScanReport {
        complete: true,
        ..ScanReport::default()
    };
    for root in roots {
        let report = writer.scan_without(excluded, root, model, &mut |finding| {
            take(finding, jobs, tally) && !control.is_stopped()
        })?;
        if let Some(reason) = report.offline {
            all.offline = Some(match all.offline {
                Some(before) => format!("{before}\n{reason}"),
                None => reason,
            });
        }
        all.removed += report.removed;
        all.unreadable.extend(report.unreadable);
        if control.is_stopped() {
            all.complete = false;
            return Ok(all);
        }
    }
    tally.scanned.store(true, Ordering::Release);
    Ok(all)
}

/// Counts a finding and sends it on; `false` when nobody takes jobs any more.
fn take(finding: Finding, jobs: &Sender<Job>, tally: &Tally) -> bool {
    if finding != Finding::NotAPhoto {
        Tally::count(&tally.found);
    }
    match finding {
        Finding::NotAPhoto => {}
        Finding::Unchanged => Tally::count(&tally.unchanged),
        Finding::FailedBefore => Tally::count(&tally.failed_before),
        Finding::Failed(FailedFile { path, reason }) => tally.fail(FailedFile { path, reason }),
        Finding::ToEmbed(job) => return jobs.send(job).is_ok(),
    }
    true
}
