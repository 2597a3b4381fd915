use super::{
    Arrangement, ColourMap, Profile, View, heat_map, line_chart, overall, small_multiples,
};

/// How profiles are drawn.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum Chart {
    /// A small chart for each domain, all on one scale
    #[default]
    SmallMultiples,
    /// All domains as lines in one chart
    #[serde(alias = "Overlaid")]
    Lines,
    /// Domains down, prompts across, values as colours
    HeatMap,
}

/// The paper's Figure 3: what is shown of which domains, how, and in which order.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The domains in the order shown.
    pub profiles: Vec<Profile>,
    /// The prompts, counted from 0, in the order shown.
    pub prompts: Vec<usize>,
    /// How it is drawn.
    pub chart: Chart,
    /// Which values are drawn.
    pub view: View,
}

impl Figure {
    /// The figure of `profiles`, arranged.
    pub fn new(profiles: &[Profile], chart: Chart, view: View, arrangement: &Arrangement) -> Self {
        let profile = |&index: &usize| profiles.get(index).cloned();
        Self {
            profiles: arrangement.domains.iter().filter_map(profile).collect(),
            prompts: arrangement.prompts.clone(),
            chart,
            view,
        }
    }

    /// The figure of `profiles` with everything as it comes.
    pub fn plain(profiles: &[Profile], chart: Chart, view: View) -> Self {
        Self::new(profiles, chart, view, &Arrangement::plain(profiles))
    }

    /// The chart as SVG text.
    pub fn svg(&self) -> String {
        match self.chart {
            Chart::SmallMultiples => small_multiples(self),
            Chart::Lines => line_chart(self),
            Chart::HeatMap => heat_map(self),
        }
    }

    /// The profile of all photos, and of each domain the values shown, in the order shown; none without photos.
    pub(super) fn values(&self) -> Option<(Profile, Vec<Vec<f32>>)> {
        let all = overall(&self.profiles)?;
        let shown = |profile: &Profile| self.arranged(&profile.view(self.view, &all));
        let values = self.profiles.iter().map(shown).collect();
        Some((all, values))
    }

    /// Values `[M]` by prompt in the order shown.
    pub(super) fn arranged(&self, values: &[f32]) -> Vec<f32> {
        let value = |&prompt: &usize| values.get(prompt).copied().unwrap_or(f32::NAN);
        self.prompts.iter().map(value).collect()
    }
}

impl View {
    /// The colours that suit its values.
    pub fn colour_map(self) -> ColourMap {
        match self {
            Self::Mean => ColourMap::Sequential,
            Self::Centred | Self::Standardised => ColourMap::Diverging,
        }
    }
}
