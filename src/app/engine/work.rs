use super::answering::Answering;
use super::job::{self, Job, Work};
use super::{Event, Events, ModelFacts, Request, Setup};
use crate::app::pool::PoolEvent;
use crate::library::DomainRule;
use crate::model::{Checkpoint, ChosenDevice, Puma, choose_device};
use crate::pipeline::Control;
use anyhow::Context;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// While indexing runs, what is new becomes searchable and counted this often.
const REFRESH_EVERY: Duration = Duration::from_secs(3);

/// The engine thread from its start to its end.
pub(super) fn run(
    setup: &Setup,
    requests: &Receiver<Request>,
    to_self: &Sender<Request>,
    newest: &[Arc<AtomicU64>; 2],
    events: &Events,
) {
    let worker = match Worker::start(setup, to_self, events) {
        Ok(worker) => worker,
        Err(error) => {
            events.send(Event::Broken(format!("{error:#}")));
            return;
        }
    };
    worker.serve(requests, newest);
}

struct Worker<'a> {
    setup: &'a Setup,
    puma: Arc<Puma>,
    answering: Answering,
    events: &'a Events,
    to_self: &'a Sender<Request>,
    job: Option<Job>,
}

impl<'a> Worker<'a> {
    fn start(
        setup: &'a Setup,
        to_self: &'a Sender<Request>,
        events: &'a Events,
    ) -> anyhow::Result<Worker<'a>> {
        let device = choose_device(setup.device)?;
        let puma = Arc::new(load(setup, &device)?);
        events.send(Event::Ready(facts(setup, &device, &puma)));
        let answering = Answering::new(setup, Arc::clone(&puma))?;
        let mut worker = Worker {
            setup,
            puma,
            answering,
            events,
            to_self,
            job: None,
        };
        worker.refresh(true);
        Ok(worker)
    }

    fn serve(mut self, requests: &Receiver<Request>, [newest, newest_list]: &[Arc<AtomicU64>; 2]) {
        loop {
            match requests.recv_timeout(REFRESH_EVERY) {
                Ok(Request::Ask {
                    generation,
                    query,
                    filter,
                }) => {
                    // A newer question waits behind this one: nobody wants this answer.
                    if generation == newest.load(Ordering::SeqCst) {
                        self.answering.ask(generation, query, filter, self.events);
                    }
                }
                Ok(Request::List { generation, wanted }) => {
                    if generation == newest_list.load(Ordering::SeqCst) {
                        self.answering.list(generation, wanted, self.events);
                    }
                }
                Ok(Request::Index { root, control }) => self.index(root, control),
                Ok(Request::Forget(root)) => self.forget(&root),
                Ok(Request::Refresh) => self.refresh(false),
                Ok(Request::Quit) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if self.job.is_some() {
                        self.refresh(false);
                    }
                }
            }
            if self.job.as_ref().is_some_and(Job::is_over) {
                self.job = None;
            }
        }
        if let Some(job) = self.job.take() {
            job.end();
        }
    }

    fn index(&mut self, root: Option<PathBuf>, control: Arc<Control>) {
        if let Some(job) = self.job.take() {
            // The window starts one run at a time, so this one is about to end anyway.
            job.end();
        }
        let work = Work {
            library: self.setup.library.clone(),
            puma: Arc::clone(&self.puma),
            folders: root.into_iter().collect(),
            options: job::options(&self.setup.thumbnails, self.new_domain_rule()),
        };
        let to_self = self.to_self.clone();
        let ended = move || {
            // Full only when other wishes wait, each of which leads past the end of the job as well.
            let _ = to_self.try_send(Request::Refresh);
        };
        match Job::start(work, control, self.events.clone(), ended) {
            Ok(job) => self.job = Some(job),
            Err(error) => {
                let text = format!("Indexing could not start: {error}.");
                self.events.send(Event::IndexingEnded(Err(text)));
            }
        }
    }

    /// Folders that are known keep their own rule; the default needs not be said.
    fn new_domain_rule(&self) -> Option<DomainRule> {
        let rule = self.setup.domain_rule;
        (rule != DomainRule::default()).then_some(rule)
    }

    fn forget(&mut self, root: &std::path::Path) {
        match self.answering.forget(root) {
            Ok(photos) => {
                let name = crate::app::wording::file_name(root);
                let photos = crate::app::wording::counted(photos, "photo");
                let text =
                    format!("{name} is forgotten, with {photos}. The files were not touched.");
                self.events.send(Event::Info(text));
            }
            Err(error) => {
                let text = format!("The folder could not be forgotten: {error:#}.");
                self.events.send(Event::Error(text));
            }
        }
        self.refresh(false);
    }

    fn refresh(&mut self, even_if_unchanged: bool) {
        match self.answering.refresh(even_if_unchanged) {
            Ok(Some((library, profiles))) => {
                self.events.send(Event::Profiles(profiles));
                let health = PoolEvent::Health(self.answering.health());
                self.events.send(Event::Pool(health));
                self.events.send(Event::Library(library));
            }
            Ok(None) => {}
            Err(error) => {
                let text = format!("The library could not be read: {error:#}.");
                self.events.send(Event::Error(text));
            }
        }
    }
}

fn load(setup: &Setup, device: &ChosenDevice) -> anyhow::Result<Puma> {
    match &setup.model {
        None => Puma::shipped(&device.device).context("the model that PUMA ships"),
        Some(path) => {
            let checkpoint = Checkpoint::read(path, &setup.read_options())?;
            Ok(Puma::from_checkpoint(&checkpoint, &device.device)?)
        }
    }
}

fn facts(setup: &Setup, device: &ChosenDevice, puma: &Puma) -> ModelFacts {
    let device_name = match device.device.location() {
        candle_core::DeviceLocation::Cpu => "CPU".to_owned(),
        candle_core::DeviceLocation::Cuda { gpu_id } => format!("CUDA {gpu_id}"),
        candle_core::DeviceLocation::Metal { gpu_id } => format!("Metal {gpu_id}"),
    };
    ModelFacts {
        device: device_name,
        note: device.note.clone(),
        model: setup
            .model
            .as_deref()
            .map_or_else(|| "PUMA".to_owned(), crate::app::wording::file_name),
        prompts: puma.prompts(),
    }
}
