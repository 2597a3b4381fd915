use super::{Reasons, Saving};
use crate::app::state::State;
use crate::figures::{Arrangement, Figure, Format, Health, Profile, Sort, View};
use std::path::PathBuf;
use std::sync::Arc;

/// What the view of prompts shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PromptsTab {
    /// The profiles of the domains: the paper's Figure 3.
    #[default]
    Profiles,
    /// How the library uses each prompt.
    Health,
}

/// A column of the table of prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum HealthColumn {
    /// Its number.
    #[default]
    Prompt,
    /// Mean similarity.
    Mean,
    /// Standard deviation.
    Spread,
    /// Share of photos where it is the strongest.
    Strongest,
    /// The same relative to the library's mean.
    Relative,
}

/// What the user set about prompts and finds again at the next start.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PoolPreferences {
    /// What the view of prompts shows.
    pub tab: PromptsTab,
    /// The order of domains.
    pub sort: Sort,
    /// Whether prompts stand in the order of likeness instead of by their numbers.
    pub sort_prompts: bool,
    /// The column by which the table of prompts is sorted.
    pub column: HealthColumn,
    /// Whether its largest values come first.
    pub descending: bool,
    /// The format in which figures were saved last.
    pub format: Format,
}

/// Benchmark sets read from a file, shown instead of the library's domains.
#[derive(Debug)]
pub struct Benchmark {
    /// The file that `puma eval` wrote.
    pub path: PathBuf,
    /// Its sets, sorted by name.
    pub profiles: Vec<Profile>,
    /// All of them as one.
    pub overall: Option<Profile>,
}

/// The profiles that Figure 3 is drawn of.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// The domains or sets, sorted by name.
    pub profiles: &'a [Profile],
    /// All photos as one; `None` without photos.
    pub overall: Option<&'a Profile>,
    /// Whether they are the library's, so that there are photos to show.
    pub library: bool,
}

impl Shown<'_> {
    /// Values `[M]` of one view.
    pub fn values(&self, profile: &Profile, view: View) -> Vec<f32> {
        match self.overall {
            Some(overall) => profile.view(view, overall),
            None => profile.mean.clone(),
        }
    }
}

/// What an order was made for; another one is made when any of it changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArrangedFor {
    pub(super) source: u64,
    pub(super) view: Option<View>,
    pub(super) sort: Sort,
    pub(super) sort_prompts: bool,
}

/// What the window knows of the pool beyond the library's profiles.
#[derive(Default)]
pub struct Pool {
    /// How the library uses the pool; `None` without photos or prompts.
    pub health: Option<Arc<Health>>,
    /// Benchmark sets that were opened.
    pub benchmark: Option<Benchmark>,
    /// The order in which domains and prompts are shown.
    pub arrangement: Arrangement,
    /// Why the shown neighbours match.
    pub reasons: Reasons,
    /// The form in which a file to be written is named, while it is open.
    pub saving: Option<Saving>,
    pub(super) arranged_for: ArrangedFor,
    /// Grows when other profiles are shown.
    pub(super) source: u64,
}

impl State {
    /// What Figure 3 is drawn of: benchmark sets where some were opened, else the library's domains.
    pub fn shown_profiles(&self) -> Shown<'_> {
        match &self.pool.benchmark {
            Some(benchmark) => Shown {
                profiles: &benchmark.profiles,
                overall: benchmark.overall.as_ref(),
                library: false,
            },
            None => Shown {
                profiles: &self.profiles,
                overall: self.overall.as_ref(),
                library: true,
            },
        }
    }

    /// Figure 3 as it is shown now.
    pub fn figure(&self) -> Figure {
        let preferences = &self.preferences;
        Figure::new(
            self.shown_profiles().profiles,
            preferences.chart,
            preferences.scale.view(),
            &self.pool.arrangement,
        )
    }
}
