use super::{Answer, Configured, LibraryFacts, Listing, ModelFacts};
use crate::app::lens::LensNews;
use crate::app::map::MapNews;
use crate::app::pool::PoolEvent;
use crate::app::query::{Query, Source};
use crate::app::results::News;
use crate::figures::Profile;
use crate::library::ModelUse;
use crate::pipeline::Progress;
use crate::watch::Mode;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::path::PathBuf;
use std::sync::Arc;

/// News from the worker threads.
pub enum Event {
    /// The model is loaded and the library open.
    Ready(ModelFacts),
    /// The engine could not start; nothing can be asked.
    Broken(String),
    /// What the library holds now.
    Library(LibraryFacts),
    /// The mean prompt similarities of its domains now.
    Profiles(Vec<Profile>),
    /// Something about the prompt pool.
    Pool(PoolEvent),
    /// A question is answered.
    Answer(Arc<Answer>),
    /// Something about the results.
    Results(News),
    /// Photos are listed.
    Listed(Arc<Listing>),
    /// News of the lens.
    Lens(LensNews),
    /// News of the map.
    Map(MapNews),
    /// A picture asked with, at most 640 px a side, upright.
    Preview {
        /// Which one.
        source: Source,
        /// The picture.
        image: Arc<egui::ColorImage>,
    },
    /// A question could not be answered.
    Refused {
        /// Which one.
        generation: u64,
        /// Why, in words.
        reason: String,
    },
    /// What became of changed settings.
    Configured(Configured),
    /// The model that will answer when it has looked at all photos, if there is one.
    NextModel(Option<ModelFacts>),
    /// The models that photos are embedded with.
    Models(Vec<ModelUse>),
    /// The user chose a model file.
    ModelPicked(PathBuf),
    /// What the small copies on disk take.
    ThumbnailsOnDisk {
        /// How many there are.
        files: usize,
        /// Their size.
        bytes: u64,
    },
    /// How each folder is watched for changes; none while that is switched off.
    Watching {
        /// The folders.
        modes: Vec<(PathBuf, Mode)>,
        /// Those of them that may not be read.
        denied: Vec<PathBuf>,
    },
    /// Something changed in these folders, or below them.
    DiskChanged(Vec<PathBuf>),
    /// The user chose where the folder that is asked about lies now.
    PlacePicked(PathBuf),
    /// Indexing went on.
    Progress(Progress),
    /// Indexing ended.
    IndexingEnded(Result<Ended, Failed>),
    /// Files and folders sorted: folders to add, pictures to ask with.
    Sorted {
        /// Whether folders are only offered, not indexed at once.
        offer: bool,
        /// Folders among what was dropped.
        folders: Vec<PathBuf>,
        /// Files among it.
        files: Vec<PathBuf>,
        /// What is neither, with the reason.
        refused: Vec<String>,
    },
    /// Ask with this picture.
    Ask(Query),
    /// Another start of the program handed these over; the window is to come to the front.
    HandedOver(Vec<PathBuf>),
    /// Add this folder.
    AddFolder(PathBuf),
    /// Something to read, that is no error.
    Info(String),
    /// Something went wrong beside the engine: a dialog, a viewer, a file manager.
    Error(String),
}

/// What an indexing run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Photos embedded in it.
    pub embedded: usize,
    /// Files that could not be read.
    pub failed: usize,
    /// Whether the user stopped it.
    pub stopped: bool,
    /// Photos that are gone from the disk.
    pub removed: usize,
    /// Whether the catalogue changed meanwhile, so that what is shown may be out of date: photos were embedded, renamed,
    /// moved, copied, gone or found to be unreadable.
    pub changed: bool,
}

/// Why an indexing run ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The reason in words.
    pub reason: String,
    /// Whether the next run would fail in the same way; else what was in its way may pass, as a full disk.
    pub lasting: bool,
}

/// The workers' end of the way to the window; every event wakes it.
#[derive(Clone)]
pub struct Events {
    sender: Sender<Event>,
    ctx: egui::Context,
}

/// News that may wait for the window before a worker has to.
const MOST_WAITING: usize = 256;

impl Events {
    /// A new way to the window of `ctx`.
    pub fn channel(ctx: &egui::Context) -> (Events, Receiver<Event>) {
        let (sender, receiver) = bounded(MOST_WAITING);
        let ctx = ctx.clone();
        (Events { sender, ctx }, receiver)
    }

    /// Sends news and wakes the window; false when the window is gone.
    pub fn send(&self, event: Event) -> bool {
        let arrived = self.sender.send(event).is_ok();
        self.ctx.request_repaint();
        arrived
    }
}
