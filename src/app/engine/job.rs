use super::{Ended, Event, Events, Setup};
use crate::library::{DomainRule, Exclusions, Library, LibraryError};
use crate::model::Puma;
use crate::photo::Thumbnails;
use crate::pipeline::{self, Control, Options, Phase, PipelineError, Progress, Question};
use anyhow::anyhow;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Progress is told at most this often: more would only keep the window busy.
const REPORT_EVERY: Duration = Duration::from_millis(150);

/// A run that another program keeps from the library tries again after this.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(1);

/// One indexing run on a thread of its own.
pub(super) struct Job {
    control: Arc<Control>,
    thread: JoinHandle<()>,
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
                let result = run(&work, &inside, &events)
                    .map_err(|error| format!("Indexing ended early: {error:#}."));
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

fn run(work: &Work, control: &Control, events: &Events) -> anyhow::Result<Ended> {
    let library = Library::open(&work.library)?;
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
    // Nobody asked for a run that follows up changes: it waits for others, and says nothing of what it leaves alone.
    let follows_change = !work.options.only.is_empty();
    let summary = loop {
        let (folders, options) = (&work.folders, &work.options);
        match pipeline::index(&library, &work.puma, folders, options, control, progress) {
            Err(PipelineError::Library(LibraryError::Locked { .. }))
                if follows_change && !control.is_stopped() =>
            {
                std::thread::sleep(WAIT_FOR_OTHERS);
            }
            result => break result.map_err(|error| anyhow!(error))?,
        }
    };
    if let Some(note) = work.puma.take_note() {
        events.send(Event::Info(format!("{note}.")));
    }
    // Folders that are offline are marked as such in their panel.
    if !follows_change {
        for message in summary.messages {
            events.send(Event::Info(message));
        }
    }
    Ok(Ended {
        embedded: summary.embedded,
        failed: summary.failed.len(),
        stopped: summary.stopped,
        removed: summary.removed,
    })
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
