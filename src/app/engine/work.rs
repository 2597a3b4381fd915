use super::answering::Answering;
use super::background::{Background, Newest};
use super::configure::wait_for_other_settings;
use super::job::{self, Job, Origin, Work};
use super::refreshing::{RefreshThread, Refreshing};
use super::succession::{self, Loaded, Next};
use super::watching::Watching;
use super::{Event, Events, Failed, ModelFacts, Request, Setup, ToIndex};
use crate::app::errand;
use crate::library::{DomainRule, Library, ModelKey};
use crate::model::{Checkpoint, ChosenDevice, Puma};
use crate::pipeline::Control;
use anyhow::Context;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often it is looked whether the next model can answer.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The engine thread from its start to its end.
pub(super) fn run(
    setup: &Setup,
    requests: &Receiver<Request>,
    newest: &[Arc<AtomicU64>; 2],
    background: Newest,
    events: &Events,
) {
    let mut setup = setup.clone();
    loop {
        match Worker::start(&setup, background.clone(), events) {
            Ok(worker) => return worker.serve(requests, newest),
            Err(error) => events.send(Event::Broken(format!("{error:#}"))),
        };
        match wait_for_other_settings(&setup, requests, events) {
            Some(other) => setup = other,
            None => return,
        }
    }
}

pub(super) struct Worker<'a> {
    pub(super) setup: Setup,
    /// The model that answers.
    pub(super) model: Loaded,
    /// The model that is to answer, if that is another one.
    pub(super) next: Option<Next>,
    pub(super) answering: Answering,
    pub(super) refreshing: Arc<Refreshing>,
    pub(super) events: &'a Events,
    pub(super) job: Option<Job>,
    /// What makes a domain in all folders from the next run over all of them on.
    pub(super) rule_for_all: Option<DomainRule>,
    _refresh_thread: RefreshThread,
    /// While the settings wish it.
    pub(super) watching: Option<Watching>,
    newest_beside: Newest,
    background: Background,
}

impl<'a> Worker<'a> {
    fn start(
        setup: &Setup,
        newest_beside: Newest,
        events: &'a Events,
    ) -> anyhow::Result<Worker<'a>> {
        let (model, next) = succession::at_start(setup)?;
        events.send(Event::Ready(model.facts.clone()));
        let answering = Answering::new(setup, Arc::clone(&model.puma))?;
        let searcher = answering.searcher();
        let refreshing = Arc::new(Refreshing::new(setup, searcher, events)?);
        let refresh_thread = refreshing.start()?;
        let mut worker = Worker {
            setup: setup.clone(),
            model,
            next,
            answering,
            refreshing,
            events,
            job: None,
            background: Background::new(newest_beside.clone(), setup.reader.clone()),
            newest_beside,
            rule_for_all: None,
            _refresh_thread: refresh_thread,
            watching: None,
        };
        if worker.next.is_some() {
            worker.announce_next();
        }
        worker.watch_folders();
        Ok(worker)
    }

    /// Watches the library's folders, or no more, as the settings wish.
    pub(super) fn watch_folders(&mut self) {
        self.watching = None;
        if !self.setup.settings.watch {
            self.events.send(Event::Watching {
                modes: Vec::new(),
                denied: Vec::new(),
            });
            return;
        }
        match Watching::start(&self.setup, self.events) {
            Ok(watching) => self.watching = Some(watching),
            Err(error) => {
                let text = format!("The folders are not watched for changes: {error:#}.");
                self.events.send(Event::Error(text));
            }
        }
    }

    /// The next request; `None` when it is time to look at other things.
    fn request(&self, requests: &Receiver<Request>) -> Option<Request> {
        if self.next.is_none() {
            return Some(requests.recv().unwrap_or(Request::Quit));
        }
        match requests.recv_timeout(LOOK_EVERY) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Request::Quit),
        }
    }

    fn serve(mut self, requests: &Receiver<Request>, [newest, newest_list]: &[Arc<AtomicU64>; 2]) {
        loop {
            match self.request(requests) {
                Some(Request::Ask {
                    generation,
                    query,
                    filter,
                }) => {
                    // A newer question waits behind this one: nobody wants this answer.
                    if generation == newest.load(Ordering::SeqCst) {
                        let _first = self.job.as_ref().map(Job::question);
                        self.answering.ask(generation, query, filter, self.events);
                    }
                    self.newest_beside.answered(generation);
                }
                Some(Request::List { generation, wanted })
                    if generation == newest_list.load(Ordering::SeqCst) =>
                {
                    self.answering.list(generation, wanted, self.events);
                }
                Some(Request::Look {
                    generation,
                    request,
                }) => {
                    let puma = Arc::clone(&self.model.puma);
                    self.background
                        .look(generation, *request, puma, self.events);
                }
                Some(Request::DrawMap {
                    generation,
                    from_scratch,
                }) => {
                    let searcher = self.answering.searcher();
                    self.background
                        .draw_map(generation, from_scratch, searcher, self.events);
                }
                Some(Request::Index { what, control }) => self.index(what, control),
                Some(Request::Configure(settings)) => self.configure(*settings),
                Some(Request::Forget(root)) => self.forget(root),
                Some(Request::Relink { old, new }) => self.relink(old, new),
                Some(Request::UseNext) => self.use_next(),
                Some(Request::Quit) => break,
                // A list that nobody wishes for any more, or nothing at all.
                Some(Request::List { .. }) | None => {}
            }
            if self.job.as_ref().is_some_and(Job::is_over) {
                self.job = None;
            }
            self.succeed_if_ready();
            if let Some(note) = self.model.puma.take_note() {
                self.events.send(Event::Info(format!("{note}.")));
            }
        }
        if let Some(job) = self.job.take() {
            job.end();
        }
        self.background.end();
    }

    fn index(&mut self, what: ToIndex, control: Arc<Control>) {
        if let Some(job) = self.job.take() {
            // The window starts one run at a time, so this one is about to end anyway.
            job.end();
        }
        let rule_for_all = match &what {
            ToIndex::All | ToIndex::AtStart => self.rule_for_all.take(),
            _ => None,
        };
        let origin = match &what {
            ToIndex::All | ToIndex::Root(_) => Origin::User,
            ToIndex::AtStart => Origin::Start,
            ToIndex::Changed(_) => Origin::Change,
        };
        let mut options = job::options(&self.setup, rule_for_all);
        let folders = match what {
            ToIndex::All | ToIndex::AtStart => Vec::new(),
            ToIndex::Root(root) => vec![root],
            ToIndex::Changed(folders) => {
                options.only = folders;
                Vec::new()
            }
        };
        let work = Work {
            library: self.setup.library.clone(),
            puma: Arc::clone(
                &self
                    .next
                    .as_ref()
                    .map_or(&self.model, |next| &next.model)
                    .puma,
            ),
            options,
            folders,
            origin,
        };
        let refreshing = Arc::clone(&self.refreshing);
        // What was indexed can be found before the window hears of the end and asks again.
        // Even if nothing was, where all of a folder was looked through: it may have gone or come back, which the
        // catalogue does not know. Where it is watched, the window hears of that at once.
        let whole = origin != Origin::Change;
        let (next, setup) = (self.next.clone(), self.setup.clone());
        let ended = move || {
            refreshing.refresh(whole);
            if let Some(next) = next {
                next.open_if_complete(&setup);
            }
        };
        match Job::start(work, control, self.events.clone(), ended) {
            Ok(job) => self.job = Some(job),
            Err(error) => {
                let text = format!("Indexing could not start: {error}.");
                self.events.send(Event::IndexingEnded(Err(Failed {
                    reason: text,
                    lasting: false,
                })));
            }
        }
    }

    /// Takes a folder out, on a thread of its own: with many photos that takes seconds.
    fn forget(&self, root: PathBuf) {
        let (library, refreshing) = (self.setup.library.clone(), Arc::clone(&self.refreshing));
        let (next, setup) = (self.next.clone(), self.setup.clone());
        errand::run("forget", self.events, move || {
            let forget = || -> anyhow::Result<usize> {
                Ok(Library::open_existing(&library)?.forget_root(&root)?)
            };
            let event = match forget() {
                Ok(photos) => {
                    let name = crate::app::wording::file_name(&root);
                    let photos = crate::app::wording::counted(photos, "photo");
                    Event::Info(format!(
                        "{name} is forgotten, with {photos}. The files were not touched."
                    ))
                }
                Err(error) => {
                    Event::Error(format!("The folder could not be forgotten: {error:#}."))
                }
            };
            refreshing.refresh(false);
            // What it still had to look at may have been there.
            if let Some(next) = next {
                next.open_if_complete(&setup);
            }
            Some(event)
        });
    }
}

impl Worker<'_> {
    /// Takes a folder for the one that lies elsewhere now, on a thread of its own, and has it looked through there.
    fn relink(&self, old: PathBuf, new: PathBuf) {
        let (library, refreshing) = (self.setup.library.clone(), Arc::clone(&self.refreshing));
        errand::run("relink", self.events, move || {
            let relink = || Library::open_existing(&library)?.relink_root(&old, &new);
            let result = relink();
            refreshing.refresh(false);
            Some(match result {
                Ok(root) => Event::AddFolder(root.path),
                Err(error) => Event::Error(format!("The folder stays where it was: {error}.")),
            })
        });
    }
}

pub(super) fn load(setup: &Setup, device: &ChosenDevice) -> anyhow::Result<Puma> {
    match &setup.model {
        None => Puma::shipped(&device.device).context("the model that PUMA ships"),
        Some(path) => {
            let checkpoint = Checkpoint::read(path, &setup.read_options())?;
            Ok(Puma::from_checkpoint(&checkpoint, &device.device)?)
        }
    }
}

pub(super) fn facts(setup: &Setup, device: &ChosenDevice, puma: &Puma) -> ModelFacts {
    let device_name = match puma.device().location() {
        candle_core::DeviceLocation::Cpu => "CPU".to_owned(),
        candle_core::DeviceLocation::Cuda { gpu_id } => format!("CUDA {gpu_id}"),
        candle_core::DeviceLocation::Metal { gpu_id } => format!("Metal {gpu_id}"),
    };
    ModelFacts {
        device: device_name,
        note: device.note.clone().or_else(|| puma.take_note()),
        key: ModelKey::new(puma.fingerprint()),
        model: setup
            .model
            .as_deref()
            .map_or_else(|| "PUMA".to_owned(), crate::app::wording::file_name),
        prompts: puma.prompts(),
    }
}
