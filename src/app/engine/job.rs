use super::facts::is_denied;
use super::{Ended, Event, Events, Failed, Setup, passed_over};
use crate::library::{DomainRule, Exclusions, Library, LibraryError};
use crate::model::Puma;
use crate::photo::Thumbnails;
use crate::pipeline::{self, Control, Options, Phase, PipelineError, Progress, Question, Summary};
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Progress is told at most this often: more would only keep the window busy.
const REPORT_EVERY: Duration = Duration::from_millis(150);

/// A run that another program keeps from the library tries again after this.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(1);
/// While it waits, it looks this often whether it is to end.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One indexing run on a thread of its own.
pub(super) struct Job {
    control: Arc<Control>,
    thread: JoinHandle<()>,
}

/// Who wished for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The user.
    User,
    /// Nobody: the window opened.
    Start,
    /// Nobody: something changed on the disk.
    Change,
}

/// What a run works on.
pub(super) struct Work {
    /// The library's file; the run opens it for itself, so that questions never wait for it.
    pub library: PathBuf,
    /// The model.
    pub puma: Arc<Puma>,
    /// Folders that become roots; all known ones when empty.
    pub folders: Vec<PathBuf>,
    /// How it works.
    pub options: Options,
    /// Who wished for it. Where nobody did, it waits until others have written.
    pub origin: Origin,
}

impl Job {
    /// Starts a run; `control` stops and pauses it.
    pub(super) fn start(
        work: Work,
        control: Arc<Control>,
        events: Events,
        ended: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Job> {
        let inside = Arc::clone(&control);
        let thread = std::thread::Builder::new()
            .name("puma-index".to_owned())
            .spawn(move || {
                let result = run(&work, &inside, &events).map_err(failed);
                // The facts of the library first, so that the window never shows old ones as the end.
                ended();
                events.send(Event::IndexingEnded(result));
            })?;
        Ok(Job { control, thread })
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Makes it give way to a question until what is given back is dropped.
    pub(super) fn question(&self) -> Question<'_> {
        self.control.question()
    }

    /// Stops it and waits for the batch under way to be stored.
    pub(super) fn end(self) {
        self.control.stop();
        if self.thread.join().is_err() {
            tracing::error!("the indexing thread failed");
        }
    }
}

fn run(work: &Work, control: &Control, events: &Events) -> Result<Ended, PipelineError> {
    let library = Library::open(&work.library)?;
    let before = library.change()?;
    let summary = index_when_free(&library, work, control, events)?;
    if let Some(note) = work.puma.take_note() {
        events.send(Event::Info(format!("{note}.")));
    }
    tell(&library, work, &summary, events)?;
    Ok(Ended {
        embedded: summary.embedded,
        failed: summary.failed.len(),
        stopped: summary.stopped,
        removed: summary.removed,
        changed: library.change()? != before,
    })
}

/// Indexes; a run that nobody asked for waits while another program has the right to write.
fn index_when_free(
    library: &Library,
    work: &Work,
    control: &Control,
    events: &Events,
) -> Result<Summary, PipelineError> {
    let last = Cell::new(None::<(Instant, Phase)>);
    let progress = |progress: &Progress| {
        let due = last
            .get()
            .is_none_or(|(time, phase)| phase != progress.phase || time.elapsed() >= REPORT_EVERY);
        if due {
            last.set(Some((Instant::now(), progress.phase)));
            if !events.send(Event::Progress(progress.clone())) {
                control.stop();
            }
        }
    };
    let mut told = work.origin != Origin::Start;
    loop {
        let (folders, options) = (&work.folders, &work.options);
        match pipeline::index(library, &work.puma, folders, options, control, progress) {
            Err(PipelineError::Library(LibraryError::Locked { .. }))
                if work.origin != Origin::User =>
            {
                if !told {
                    told = true;
                    let text = "Another program is writing the library now. The folders are looked through when it is done.";
                    events.send(Event::Info(text.to_owned()));
                }
                let since = Instant::now();
                while since.elapsed() < WAIT_FOR_OTHERS && !control.is_stopped() {
                    std::thread::sleep(LOOK_EVERY);
                }
                if control.is_stopped() {
                    return Ok(Summary {
                        stopped: true,
                        ..Summary::default()
                    });
                }
            }
            result => return result,
        }
    }
}

/// Tells what a run left alone. One that follows up a change says nothing: nobody asked for it, and the next would say
/// it again.
fn tell(
    library: &Library,
    work: &Work,
    summary: &Summary,
    events: &Events,
) -> Result<(), LibraryError> {
    if work.origin == Origin::Change {
        return Ok(());
    }
    for message in &summary.messages {
        events.send(Event::Info(message.clone()));
    }
    let (mut denied, mut away) = (Vec::new(), Vec::new());
    if !summary.offline.is_empty() {
        let meant = |root: &PathBuf| {
            work.folders.is_empty() || work.folders.iter().any(|folder| folder.starts_with(root))
        };
        let roots = library.roots()?.into_iter();
        let offline = roots.filter(|root| meant(&root.path) && root.is_offline());
        (denied, away) = offline
            .map(|root| root.path)
            .partition(|path| is_denied(path));
    }
    let asked_for = work.origin == Origin::User;
    for text in passed_over::words(&denied, &summary.unreadable) {
        events.send(if asked_for {
            Event::Error(text)
        } else {
            Event::Info(text)
        });
    }
    // The mark in the folders panel says it as well: at the start that is enough.
    for root in away.iter().filter(|_| asked_for) {
        events.send(Event::Info(passed_over::away(root)));
    }
    Ok(())
}

/// What the window has to know of a run that failed.
fn failed(error: PipelineError) -> Failed {
    let lasting = match &error {
        PipelineError::Library(error) => matches!(
            error,
            LibraryError::NotALibrary { .. }
                | LibraryError::Damaged { .. }
                | LibraryError::Newer { .. }
                | LibraryError::ReadOnly { .. }
        ),
        PipelineError::Model(_) | PipelineError::Thread(_) => true,
    };
    let error = anyhow::Error::from(error);
    Failed {
        reason: format!("Indexing ended early: {error:#}."),
        lasting,
    }
}

/// Options of a run from the window; `rule_for_all` overrules what makes a domain in known folders.
pub(super) fn options(setup: &Setup, rule_for_all: Option<DomainRule>) -> Options {
    let settings = &setup.settings;
    Options {
        domain_rule: rule_for_all,
        new_root_rule: setup.domain_rule,
        thumbnails: settings
            .thumbnails
            .then(|| Thumbnails::new(&setup.thumbnails)),
        excluded: Exclusions::new(&settings.excluded),
        reader: setup.reader.clone(),
        ..Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_does_not_end_the_watching_for_good() {
        let path = PathBuf::from("/home/me/library.sqlite");
        let locked = LibraryError::Locked {
            path: path.clone(),
            holder: "process 7".to_owned(),
        };
        let full = LibraryError::Full { path: path.clone() };
        for passing in [locked, full] {
            let failed = failed(passing.into());
            assert!(!failed.lasting, "{}", failed.reason);
            assert!(
                failed.reason.contains("library.sqlite"),
                "{}",
                failed.reason
            );
        }
        let detail = "the file is write-protected".to_owned();
        assert!(failed(LibraryError::ReadOnly { path, detail }.into()).lasting);
    }
}
