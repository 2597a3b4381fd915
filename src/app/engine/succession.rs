//! Another model takes the place of the one that answers: at once, or when it has looked at all photos.

use super::answering::Answering;
use super::work::{Worker, facts, load};
use super::{Event, ModelFacts, Setup};
use crate::app::wording::counted;
use crate::library::{Library, ModelKey};
use crate::model::{Puma, choose_device};
use crate::search::Searcher;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A model that is loaded, and what the window shows of it.
#[derive(Clone)]
pub(super) struct Loaded {
    pub puma: Arc<Puma>,
    pub facts: ModelFacts,
    /// Its checkpoint; `None` for the one compiled in.
    pub file: Option<PathBuf>,
}

impl Loaded {
    /// Loads the model of `setup`.
    pub(super) fn of(setup: &Setup) -> anyhow::Result<Loaded> {
        let device = choose_device(setup.device)?;
        let puma = Arc::new(load(setup, &device)?);
        Ok(Loaded {
            facts: facts(setup, &device, &puma),
            puma,
            file: setup.model.clone(),
        })
    }

    fn key(&self) -> ModelKey {
        ModelKey::new(self.puma.fingerprint())
    }
}

/// The model that embeds the photos while another one answers.
#[derive(Clone)]
pub(super) struct Next {
    pub model: Loaded,
    /// Filled when it has looked at all photos that are there; with how many are not.
    ready: Arc<Mutex<Option<(Searcher, usize)>>>,
}

impl Next {
    fn new(model: Loaded) -> Next {
        Next {
            model,
            ready: Arc::default(),
        }
    }

    /// Opens the library for this model if it has looked at all photos that are there; takes its time, on the thread of
    /// the run.
    pub(super) fn open_if_complete(&self, setup: &Setup) {
        let open = || -> anyhow::Result<Option<(Searcher, usize)>> {
            let (library, key) = (Library::open_existing(&setup.library)?, self.model.key());
            if !library.is_complete(&key)? {
                return Ok(None);
            }
            let away = library.counts(&key)?.pending;
            let puma = Arc::clone(&self.model.puma);
            let searcher = Searcher::open(&setup.library, puma, setup.index_kind)?;
            Ok(Some((searcher, away)))
        };
        match open() {
            Ok(ready) => *self.slot() = ready,
            Err(error) => tracing::error!("the next model cannot answer yet: {error:#}"),
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<(Searcher, usize)>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The models that an engine begins with: the one that answers, and perhaps the one that is to answer.
///
/// The settings name a model that answered before the wished one. It goes on until that one has looked at all photos,
/// whenever the program is closed and opened on the way.
pub(super) fn at_start(setup: &Setup) -> anyhow::Result<(Loaded, Option<Next>)> {
    let wished = Loaded::of(setup)?;
    let former = setup.settings.former_model.clone();
    let Some(former) = former.filter(|_| setup.model == setup.settings.model) else {
        return Ok((wished, None));
    };
    let before = Setup {
        // The model that is compiled in has no path.
        model: Some(former).filter(|file| !file.as_os_str().is_empty()),
        ..setup.clone()
    };
    match Loaded::of(&before) {
        Ok(former) if waits_for(setup, &former, &wished)? => Ok((former, Some(Next::new(wished)))),
        Ok(_) => Ok((wished, None)),
        Err(error) => {
            tracing::warn!("the model that answered before cannot be loaded: {error:#}");
            Ok((wished, None))
        }
    }
}

/// Whether `old` can answer for photos that `new` has not looked at.
fn waits_for(setup: &Setup, old: &Loaded, new: &Loaded) -> anyhow::Result<bool> {
    if old.key() == new.key() {
        return Ok(false);
    }
    let library = Library::open(&setup.library)?;
    Ok(library.counts(&old.key())?.embedded > 0 && !library.is_complete(&new.key())?)
}

impl Worker<'_> {
    /// Takes on another model of `setup`; until it has looked at all photos, the present one goes on answering.
    pub(super) fn change_model(&mut self, setup: &mut Setup) -> anyhow::Result<()> {
        let model = Loaded::of(setup)?;
        let waits = waits_for(setup, &self.model, &model)?;
        setup.settings.former_model = waits.then(|| self.model.file.clone().unwrap_or_default());
        let opened = if waits {
            None
        } else {
            Some(Answering::new(setup, Arc::clone(&model.puma))?)
        };
        super::configure::save(&self.setup, setup)?;
        if let Some(job) = self.job.take() {
            // It embeds with a model that is wished for no longer.
            job.end();
        }
        match opened {
            Some(answering) => self.answer_with(model, answering),
            None => {
                self.next = Some(Next::new(model));
                self.announce_next();
            }
        }
        Ok(())
    }

    /// Lets the next model answer with what it has looked at so far.
    pub(super) fn use_next(&mut self) {
        let Some(next) = &self.next else { return };
        let puma = Arc::clone(&next.model.puma);
        match Searcher::open(&self.setup.library, puma, self.setup.index_kind) {
            Ok(searcher) => {
                *next.slot() = Some((searcher, 0));
                self.succeed_if_ready();
            }
            Err(error) => {
                let text = format!("The new model cannot answer yet: {error}.");
                self.events.send(Event::Error(text));
            }
        }
    }

    /// Lets the next model answer, if it has looked at all photos that are there.
    pub(super) fn succeed_if_ready(&mut self) {
        let Some((model, (searcher, away))) = self.next.as_ref().and_then(|next| {
            let ready = next.slot().take()?;
            Some((next.model.clone(), ready))
        }) else {
            return;
        };
        let mut setup = self.setup.clone();
        setup.settings.former_model = None;
        match super::configure::save(&self.setup, &setup) {
            Ok(()) => {
                self.answer_with(model, Answering::with(searcher, setup.reader.clone()));
                self.setup = setup;
                self.refreshing.refresh(true);
                if away > 0 {
                    let photos = counted(away, "photo");
                    let text = format!(
                        "{photos} cannot be reached now and will be found again when their folders are back."
                    );
                    self.events.send(Event::Info(text));
                }
            }
            Err(error) => {
                let text = format!("The new model cannot answer yet: {error:#}.");
                self.events.send(Event::Error(text));
            }
        }
    }

    /// Lets `model` answer from now on.
    fn answer_with(&mut self, model: Loaded, answering: Answering) {
        self.refreshing.switch_to(answering.searcher());
        self.answering = answering;
        self.events.send(Event::Ready(model.facts.clone()));
        self.model = model;
        self.next = None;
        self.announce_next();
    }

    /// Tells the window which model is to come.
    pub(super) fn announce_next(&self) {
        let next = self.next.as_ref().map(|next| next.model.facts.clone());
        self.events.send(Event::NextModel(next));
    }
}
