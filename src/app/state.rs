//! Everything the panels show. Panels read it; only the command and event handlers write it.

use super::ask_state::AskState;
use super::choices::Choices;
use super::engine::{Answer, LibraryFacts, Listing, ModelFacts};
use super::history::History;
use super::lens::LensState;
use super::map::{MapKind, MapState};
use super::messages::Messages;
use super::pool::{Pool, PoolPreferences};
use super::query::Query;
use super::results::Results;
use super::watching::{Relinking, Watching};
use crate::figures::{self, Chart, Profile};
use crate::pipeline::Progress;
use crate::search::{Filter, Order};
use std::path::PathBuf;
use std::sync::Arc;

/// What the middle of the window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum View {
    /// The neighbours of the query.
    #[default]
    Neighbours,
    /// The prompt profiles of the library's domains.
    Prompts,
    /// The library on a plane.
    Map,
}

/// What is taken away from similarities before they are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Scale {
    /// Nothing: cosine similarities as in the paper.
    Raw,
    /// The library's mean; without this all domains look nearly alike.
    #[default]
    Relative,
    /// The same in standard deviations over the library.
    Deviations,
}

impl Scale {
    /// The same in the words of the figures.
    pub fn view(self) -> figures::View {
        match self {
            Scale::Raw => figures::View::Mean,
            Scale::Relative => figures::View::Centred,
            Scale::Deviations => figures::View::Standardised,
        }
    }
}

/// What the user set and finds again at the next start.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Light, dark, or as the system says.
    pub theme: egui::ThemePreference,
    /// Wished width of a tile in points; the grid stretches it to fill its rows.
    pub tile_px: f32,
    /// What the middle shows; every start begins with neighbours.
    #[serde(skip)]
    pub view: View,
    /// How the profiles are drawn.
    pub chart: Chart,
    /// What is taken away from similarities before they are drawn.
    pub scale: Scale,
    /// What is set about prompts.
    pub pool: PoolPreferences,
    /// Which map of the library is shown.
    pub map: MapKind,
    /// How much larger than usual everything is.
    pub zoom: f32,
    /// Memory for the pictures on the screen, in MiB.
    pub cache_mib: u32,
    /// Whether the panel of folders is open.
    pub folders_open: bool,
    /// Whether the panel of reasons is open.
    pub why_open: bool,
    /// Whether near duplicates are shown as one tile.
    pub join_duplicates: bool,
    /// Whether the line of filters is open.
    pub filters_open: bool,
    /// How all photos are listed.
    pub browse_order: Order,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences {
            theme: egui::ThemePreference::System,
            tile_px: 168.0,
            view: View::default(),
            chart: Chart::default(),
            scale: Scale::default(),
            pool: PoolPreferences::default(),
            map: MapKind::default(),
            zoom: 1.0,
            cache_mib: 256,
            folders_open: true,
            why_open: true,
            join_duplicates: false,
            filters_open: false,
            browse_order: Order::default(),
        }
    }
}

/// Smallest and largest text, compared with the usual one.
pub const ZOOMS: std::ops::RangeInclusive<f32> = 0.7..=2.5;
/// Least and most memory for pictures, in MiB.
pub const CACHES_MIB: std::ops::RangeInclusive<u32> = 64..=4096;

impl Preferences {
    /// Tells egui what it has to know.
    pub fn apply(&self, ctx: &egui::Context) {
        ctx.set_theme(self.theme);
        ctx.set_zoom_factor(self.zoom.clamp(*ZOOMS.start(), *ZOOMS.end()));
    }

    /// Memory for the pictures on the screen, in bytes.
    pub fn cache_bytes(&self) -> usize {
        (self.cache_mib.clamp(*CACHES_MIB.start(), *CACHES_MIB.end()) as usize) << 20
    }
}

/// Where the engine stands.
#[derive(Debug, Default)]
pub enum EngineState {
    /// Loading the model and opening the library.
    #[default]
    Starting,
    /// Answering.
    Ready(ModelFacts),
    /// It could not start; the reason in words.
    Broken(String),
}

/// The question that is out.
#[derive(Debug)]
pub struct Asking {
    /// Answers of any other generation are stale.
    pub generation: u64,
    /// What was asked.
    pub query: Query,
    /// egui's clock in seconds; the answer is shown no sooner, so that the second click of a double
    /// click still falls on the tile that the first one meant.
    pub not_before_s: f64,
    /// Whether it was asked before, and only the library has changed.
    pub again: bool,
    /// The answer, if it came before it may be shown.
    pub early: Option<Arc<Answer>>,
}

/// The indexing that runs now.
#[derive(Debug)]
pub struct Indexing {
    /// The folder it works on; `None` while it goes through all of them.
    pub root: Option<PathBuf>,
    /// Whether nobody asked for it: it follows up what changed on the disk.
    pub follows_change: bool,
    /// Its last report.
    pub progress: Option<Progress>,
    /// Whether the user asked it to wait.
    pub paused: bool,
    /// Whether the user asked it to stop.
    pub stopping: bool,
}

impl Indexing {
    /// A run over `root`, or over all folders, that has just been started.
    pub fn of(root: Option<PathBuf>) -> Indexing {
        Indexing {
            root,
            follows_change: false,
            progress: None,
            paused: false,
            stopping: false,
        }
    }

    /// Whether it is worth a look: one that only follows up changes is not until it finds something to do.
    pub fn is_worth_showing(&self) -> bool {
        let has_work = |progress: &Progress| progress.found > progress.skipped;
        !self.follows_change || self.progress.as_ref().is_some_and(has_work)
    }
}

/// The window's state.
#[derive(Default)]
pub struct State {
    /// What is kept between starts.
    pub preferences: Preferences,
    /// Whether the model answers.
    pub engine: EngineState,
    /// The model that will answer when it has looked at all photos.
    pub next_model: Option<ModelFacts>,
    /// What the library holds; `None` until it is known.
    pub library: Option<LibraryFacts>,
    /// Mean prompt similarities of each domain, sorted by name.
    pub profiles: Vec<Profile>,
    /// The profile of the whole library; `None` without photos.
    pub overall: Option<Profile>,
    /// What is known of the prompt pool beyond the profiles.
    pub pool: Pool,
    /// The question that is out.
    pub asking: Option<Asking>,
    /// The answer that is shown.
    pub answer: Option<Arc<Answer>>,
    /// The lens that the answer is looked at through.
    pub lens: LensState,
    /// The map of the library.
    pub map: MapState,
    /// Photos shown without a question; over the answer, while there is one.
    pub listing: Option<Arc<Listing>>,
    /// The list that was wished for last; older ones are stale.
    pub listing_generation: u64,
    /// What else belongs to asking.
    pub ask: AskState,
    /// Which photos may be found and browsed.
    pub filter: Filter,
    /// What the grid shows, and what is chosen of it.
    pub results: Results,
    /// Queries of this run.
    pub history: History,
    /// The indexing that runs.
    pub indexing: Option<Indexing>,
    /// Folders that wait for it to end.
    pub waiting_roots: Vec<PathBuf>,
    /// Whether all folders are to be looked through again when it ends.
    pub rescan_waits: bool,
    /// How the folders are watched for changes.
    pub watching: Watching,
    /// Cards to be read.
    pub messages: Messages,
    /// The folder whose removal awaits the user's word.
    pub forgetting: Option<PathBuf>,
    /// The folder about which the user is asked where it lies now.
    pub relinking: Option<Relinking>,
    /// Whether the list of unreadable files is open.
    pub failures_open: bool,
    /// The domain the query is compared with, where the user chose one.
    pub compare_with: Option<String>,
    /// The pictures folder of the system, offered at the first start.
    pub pictures_folder: Option<PathBuf>,
    /// The settings panel.
    pub choices: Choices,
    /// Whether this desktop hands dropped files to the window.
    pub drops_arrive: bool,
}

impl State {
    /// The question whose answer is shown or awaited.
    pub fn shown_query(&self) -> Option<&Query> {
        let asked = self.asking.as_ref().map(|asking| &asking.query);
        asked.or(self.answer.as_ref().map(|answer| &answer.query))
    }

    /// Which picture of the shown question a part is being chosen of, counted from 0.
    pub fn choosing_part(&self) -> Option<usize> {
        let choice = self.ask.choosing.as_ref()?;
        let pictures_in_sight = self.preferences.view == View::Neighbours
            && self.listing.is_none()
            && self.results.preview.is_none();
        (pictures_in_sight && self.shown_query() == Some(&choice.query)).then_some(choice.part)
    }

    /// Shows a list, unless another was wished for meanwhile.
    pub fn show(&mut self, listing: Arc<Listing>) {
        if listing.generation != self.listing_generation {
            return;
        }
        let shown = self.listing.as_ref();
        if shown.is_none_or(|shown| shown.wanted != listing.wanted) {
            self.preferences.view = View::Neighbours;
        }
        self.listing = Some(listing);
    }

    /// Closes the list; one that is on its way comes too late.
    pub fn close_listing(&mut self) {
        self.listing = None;
        self.listing_generation = 0;
    }

    /// Whether a question waits over the window for the user's word, so that keys mean it alone.
    pub fn asks_something(&self) -> bool {
        self.forgetting.is_some()
            || self.relinking.is_some()
            || self.choosing_part().is_some()
            || self.results.trashing.asked.is_some()
            || self.results.export.open
            || self.pool.saving.is_some()
    }

    /// Whether no folder has been added yet.
    pub fn is_empty_library(&self) -> bool {
        self.indexing.is_none()
            && self
                .library
                .as_ref()
                .is_some_and(|library| library.roots.is_empty())
    }

    /// The place of a domain in the sorted list, which decides its colour.
    pub fn domain_index(&self, domain: &str) -> Option<usize> {
        self.profiles
            .binary_search_by(|profile| profile.domain.as_str().cmp(domain))
            .ok()
    }

    /// The profile the shown query is compared with: the one the user chose, or its own domain's.
    pub fn reference_profile(&self) -> Option<&Profile> {
        let own = self
            .answer
            .as_ref()
            .and_then(|answer| answer.domain.as_deref());
        let name = self.compare_with.as_deref().or(own)?;
        self.domain_index(name).map(|index| &self.profiles[index])
    }

    /// Similarities `[M]` of one picture or one domain, on the scale that the user chose.
    pub fn scaled(&self, similarity: &[f32]) -> Vec<f32> {
        let Some(overall) = &self.overall else {
            return similarity.to_vec();
        };
        let profile = Profile {
            domain: String::new(),
            count: 1,
            mean: similarity.to_vec(),
            std: Vec::new(),
        };
        profile.view(self.preferences.scale.view(), overall)
    }

    /// Standard deviations `[M]` of one domain, on the scale that the user chose.
    pub fn scaled_spread(&self, spread: &[f32]) -> Vec<f32> {
        match (self.preferences.scale, &self.overall) {
            (Scale::Deviations, Some(overall)) => spread
                .iter()
                .zip(&overall.std)
                .map(|(spread, all)| if *all > 0.0 { spread / all } else { 0.0 })
                .collect(),
            _ => spread.to_vec(),
        }
    }
}
