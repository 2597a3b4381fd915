use super::{Profile, View, overall, seriation};

/// By what the domains of a figure are sorted.
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
pub enum Sort {
    /// By their names
    #[default]
    Name,
    /// Most photos first
    Count,
    /// Domains with like profiles side by side
    Likeness,
}

/// The order in which a figure shows domains and prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// Places in the list of profiles, in the order shown.
    pub domains: Vec<usize>,
    /// Prompts, counted from 0, in the order shown.
    pub prompts: Vec<usize>,
}

impl Arrangement {
    /// Everything as it comes: domains as listed, prompts by their numbers.
    pub fn plain(profiles: &[Profile]) -> Self {
        Self {
            domains: (0..profiles.len()).collect(),
            prompts: (0..prompts(profiles)).collect(),
        }
    }

    /// Sorts the domains by `sort`, and with `prompts_by_likeness` the prompts so that those which the domains call
    /// alike stand side by side. Likeness is the distance of the values that `view` shows.
    pub fn new(profiles: &[Profile], view: View, sort: Sort, prompts_by_likeness: bool) -> Self {
        let mut arrangement = Self::plain(profiles);
        let Some(all) = overall(profiles) else {
            return arrangement;
        };
        let domains = &mut arrangement.domains;
        let name = |index: &usize| profiles[*index].domain.as_str();
        domains.sort_by(|a, b| name(a).cmp(name(b)));
        if sort == Sort::Count {
            domains.sort_by_key(|&index| std::cmp::Reverse(profiles[index].count));
        }
        let by_prompt = prompts_by_likeness && profiles.len() > 1;
        if sort != Sort::Likeness && !by_prompt {
            return arrangement;
        }
        let rows: Vec<Vec<f32>> = domains
            .iter()
            .map(|&index| profiles[index].view(view, &all))
            .collect();
        if by_prompt {
            let column = |prompt: usize| {
                let value = |row: &Vec<f32>| row.get(prompt).copied().unwrap_or(0.0);
                rows.iter().map(value).collect()
            };
            let columns: Vec<Vec<f32>> = (0..prompts(profiles)).map(column).collect();
            arrangement.prompts = seriation(&columns);
        }
        if sort == Sort::Likeness {
            arrangement.domains = seriation(&rows)
                .into_iter()
                .map(|place| domains[place])
                .collect();
        }
        arrangement
    }
}

/// How many prompts the profiles tell of.
fn prompts(profiles: &[Profile]) -> usize {
    profiles.first().map_or(0, |profile| profile.mean.len())
}
