use super::export::{number, quoted, write};
use super::{FigureError, Format, Profile, View, overall, profiles};
use serde_json::json;
use std::path::Path;

/// Domains named for a prompt at most.
const DOMAINS: usize = 3;

/// How the photos of a library use the prompt pool.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Health {
    /// How many photos were looked at.
    pub photos: usize,
    /// Each prompt, in order of the pool.
    pub prompts: Vec<PromptHealth>,
    /// Entropy of [`PromptHealth::strongest`] over the prompts, in bits: 0 if one prompt is always the strongest.
    pub entropy_bits: f64,
    /// The same of [`PromptHealth::strongest_relative`].
    pub relative_entropy_bits: f64,
    /// What either entropy is at most: log2 of the number of prompts, when all are used alike.
    pub most_bits: f64,
}

/// How the photos of a library use one prompt.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PromptHealth {
    /// Its number, from 1.
    pub prompt: usize,
    /// Mean similarity over the photos.
    pub mean: f32,
    /// Its standard deviation.
    pub std: f32,
    /// Share of the photos whose similarity to it is the highest of all prompts, 0 to 1.
    pub strongest: f64,
    /// Share of the photos that stand out most above the library's mean in it, 0 to 1.
    pub strongest_relative: f64,
    /// What follows from the two.
    pub usage: Usage,
    /// The domains it stands for most: those that lie furthest above the library's mean in it, furthest first, with
    /// their distance in standard deviations over the photos.
    pub domains: Vec<(String, f32)>,
}

/// How much a prompt is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Usage {
    /// It is the strongest of some photos.
    Used,
    /// Fewer photos than a tenth of an even share stand out most in it, and fewer call it most.
    Rare,
    /// It is the strongest of no photo, neither as it is nor relative to the library's mean.
    Unused,
}

/// Looks at the prompt similarities `[M]` of all photos with their domains; none if there are no photos.
///
/// Rows of another length than the first full one come from another model and are left out, as in [`profiles`].
pub fn health<'a>(rows: impl Iterator<Item = (&'a str, &'a [f32])> + Clone) -> Option<Health> {
    let profiles = profiles(rows.clone());
    let all = overall(&profiles)?;
    let count = all.mean.len();
    let (mut raw, mut relative) = (vec![0usize; count], vec![0usize; count]);
    let mut photos = 0;
    for (_, row) in rows.filter(|(_, row)| row.len() == count) {
        photos += 1;
        if let Some(prompt) = highest(row.iter().copied()) {
            raw[prompt] += 1;
        }
        let above = row.iter().zip(&all.mean).map(|(value, mean)| value - mean);
        if let Some(prompt) = highest(above) {
            relative[prompt] += 1;
        }
    }
    let share =
        |counts: &[usize], prompt: usize| counts[prompt] as f64 / f64::max(photos as f64, 1.0);
    let distances: Vec<Vec<f32>> = profiles
        .iter()
        .map(|profile| profile.view(View::Standardised, &all))
        .collect();
    let even = 1.0 / count as f64;
    let prompts: Vec<PromptHealth> = (0..count)
        .map(|prompt| {
            let (strongest, strongest_relative) = (share(&raw, prompt), share(&relative, prompt));
            PromptHealth {
                prompt: prompt + 1,
                mean: all.mean[prompt],
                std: all.std[prompt],
                strongest,
                strongest_relative,
                usage: match strongest.max(strongest_relative) {
                    0.0 => Usage::Unused,
                    most if most < even / 10.0 => Usage::Rare,
                    _ => Usage::Used,
                },
                domains: foremost(&profiles, &distances, prompt),
            }
        })
        .collect();
    let entropy = |share: fn(&PromptHealth) -> f64| entropy_bits(prompts.iter().map(share));
    Some(Health {
        photos,
        entropy_bits: entropy(|prompt| prompt.strongest),
        relative_entropy_bits: entropy(|prompt| prompt.strongest_relative),
        most_bits: (count as f64).log2(),
        prompts,
    })
}

/// The first place of the highest number; none among no numbers.
fn highest(values: impl Iterator<Item = f32>) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (place, value) in values.enumerate() {
        if value.is_finite() && best.is_none_or(|(_, highest)| value > highest) {
            best = Some((place, value));
        }
    }
    best.map(|(place, _)| place)
}

fn foremost(profiles: &[Profile], distances: &[Vec<f32>], prompt: usize) -> Vec<(String, f32)> {
    let mut above: Vec<(&Profile, f32)> = profiles
        .iter()
        .zip(distances)
        .map(|(profile, values)| (profile, values[prompt]))
        .filter(|(_, value)| *value > 0.0)
        .collect();
    above.sort_by(|a, b| b.1.total_cmp(&a.1));
    above.truncate(DOMAINS);
    above
        .into_iter()
        .map(|(profile, value)| (profile.domain.clone(), value))
        .collect()
}

/// Shannon's entropy of shares that add up to 1, in bits.
pub fn entropy_bits(shares: impl Iterator<Item = f64>) -> f64 {
    let used = shares.filter(|&share| share > 0.0);
    // Adding zero turns -0 into 0.
    -used.map(|share| share * share.log2()).sum::<f64>() + 0.0
}

impl Health {
    /// The numbers, from 1, of the prompts that no photo uses.
    pub fn unused(&self) -> Vec<usize> {
        let unused = |prompt: &&PromptHealth| prompt.usage == Usage::Unused;
        let numbers = self.prompts.iter().filter(unused);
        numbers.map(|prompt| prompt.prompt).collect()
    }

    /// One line a prompt: `prompt,mean,std,strongest,strongest_relative,usage,domains`, domains separated by `; `.
    pub fn csv(&self) -> String {
        let mut text = "prompt,mean,std,strongest,strongest_relative,usage,domains\n".to_owned();
        for row in &self.prompts {
            let domains: Vec<&str> = row.domains.iter().map(|(name, _)| name.as_str()).collect();
            text.push_str(&format!(
                "{},{},{},{},{},{},{}\n",
                row.prompt,
                number(row.mean),
                number(row.std),
                row.strongest,
                row.strongest_relative,
                row.usage.name(),
                quoted(&domains.join("; ")),
            ));
        }
        text
    }

    /// Everything, with `unused` as a list of its own.
    pub fn json(&self) -> serde_json::Value {
        let mut whole = json!(self);
        whole["unused"] = json!(self.unused());
        whole
    }

    /// Writes it as `.csv` or `.json`, as the file's ending says.
    ///
    /// # Errors
    /// Fails on another ending or if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FigureError> {
        match Format::of(path, &Format::NUMBERS)? {
            Format::Json => write(path, format!("{:#}\n", self.json()).as_bytes()),
            _ => write(path, self.csv().as_bytes()),
        }
    }
}

impl Usage {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Rare => "rare",
            Self::Unused => "unused",
        }
    }
}
