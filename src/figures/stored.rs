use super::{FigureError, Profile};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Profiles as `puma eval --json` and `puma prompts --json` write them: by domain, `[M]` each.
#[derive(Clone, Debug, Serialize)]
pub struct StoredProfiles<'a> {
    similarity: BTreeMap<&'a str, &'a [f32]>,
    std: BTreeMap<&'a str, &'a [f32]>,
    photos: BTreeMap<&'a str, usize>,
}

impl<'a> StoredProfiles<'a> {
    /// What is to be written of `profiles`.
    pub fn of(profiles: &'a [Profile]) -> Self {
        let named = |profile: &'a Profile| profile.domain.as_str();
        Self {
            similarity: profiles.iter().map(|p| (named(p), &*p.mean)).collect(),
            std: profiles.iter().map(|p| (named(p), &*p.std)).collect(),
            photos: profiles.iter().map(|p| (named(p), p.count)).collect(),
        }
    }
}

/// Reads the profiles that `puma eval --json`, `puma prompts --json` or a figure saved as JSON hold.
///
/// Files of older versions hold means alone: their spread is NaN, and where they do not tell how many photos a set has,
/// each counts as one.
///
/// # Errors
/// Fails if the file cannot be read or holds no similarities, and says what it holds instead.
pub fn read_profiles(path: &Path) -> Result<Vec<Profile>, FigureError> {
    let text = std::fs::read_to_string(path).map_err(|source| FigureError::Read {
        path: path.to_path_buf(),
        source,
    })?;
    parse_profiles(&text).map_err(|reason| FigureError::Content {
        path: path.to_path_buf(),
        reason,
    })
}

/// The same from text; the reason in words.
pub(super) fn parse_profiles(text: &str) -> Result<Vec<Profile>, String> {
    let whole: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    let profiles = if let Some(domains) = whole["domains"].as_array() {
        domains.iter().map(from_figure).collect()
    } else if let Some(means) = whole["similarity"].as_object() {
        means
            .iter()
            .map(|(domain, mean)| from_report(&whole, domain, mean))
            .collect()
    } else {
        Err("it has neither “similarity”, as puma eval writes it, nor “domains”".to_owned())
    };
    let mut profiles: Vec<Profile> = profiles?;
    let Some(first) = profiles.first() else {
        return Err("the model it tells of has no prompt pool".to_owned());
    };
    let prompts = first.mean.len();
    if let Some(other) = profiles.iter().find(|other| other.mean.len() != prompts) {
        let found = other.mean.len();
        return Err(format!(
            "“{}” has {found} prompts where others have {prompts}",
            other.domain
        ));
    }
    if prompts == 0 {
        return Err("the model it tells of has no prompt pool".to_owned());
    }
    // Lists of domains are sorted by name everywhere.
    profiles.sort_by(|a, b| a.domain.cmp(&b.domain));
    let names: BTreeMap<&str, ()> = profiles.iter().map(|p| (p.domain.as_str(), ())).collect();
    if names.len() < profiles.len() {
        return Err("two of its domains have the same name".to_owned());
    }
    Ok(profiles)
}

fn from_figure(domain: &Value) -> Result<Profile, String> {
    let name = domain["domain"].as_str().ok_or("a domain has no name")?;
    let mean = numbers(&domain["mean"]).ok_or_else(|| format!("“{name}” has no means"))?;
    let std = numbers(&domain["std"]).unwrap_or_else(|| vec![f32::NAN; mean.len()]);
    profile(name, domain["count"].as_u64(), mean, std)
}

fn from_report(whole: &Value, domain: &str, mean: &Value) -> Result<Profile, String> {
    let mean = numbers(mean).ok_or_else(|| format!("“{domain}” has no means"))?;
    let std = numbers(&whole["std"][domain]).unwrap_or_else(|| vec![f32::NAN; mean.len()]);
    let count = &whole["photos"][domain];
    let queries = &whole["sets"][domain]["queries"];
    profile(domain, count.as_u64().or(queries.as_u64()), mean, std)
}

fn profile(
    domain: &str,
    count: Option<u64>,
    mean: Vec<f32>,
    std: Vec<f32>,
) -> Result<Profile, String> {
    if std.len() != mean.len() {
        return Err(format!("“{domain}” has not as many spreads as means"));
    }
    Ok(Profile {
        domain: domain.to_owned(),
        count: count.map_or(1, |count| {
            usize::try_from(count).unwrap_or(usize::MAX).max(1)
        }),
        mean,
        std,
    })
}

/// A list of numbers; `null` stands for one that is not known.
fn numbers(list: &Value) -> Option<Vec<f32>> {
    let number = |value: &Value| match value {
        Value::Null => Some(f32::NAN),
        value => value.as_f64().map(|value| value as f32),
    };
    list.as_array()?.iter().map(number).collect()
}
