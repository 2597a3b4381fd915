//! `puma prompts`: mean prompt similarities of each domain of the library, the numbers of Figure 3.

use super::options::{Home, LibraryOptions, ModelOptions, print, print_json};
use crate::figures::Profile;
use crate::index::Kind;
use crate::search::Searcher;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `puma prompts`.
#[derive(clap::Args)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryOptions,
    #[command(flatten)]
    model: ModelOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let puma = Arc::new(home.model(&args.model)?);
    if puma.prompts() == 0 {
        anyhow::bail!("this model has no prompt pool; choose another with --model");
    }
    let searcher = Searcher::open(&home.library(&args.library), puma, Kind::Exact)?;
    searcher.ready()?;
    let profiles = searcher.profiles();
    if args.json {
        print_json(&as_json(&profiles))?;
    } else {
        print(as_text(&profiles))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `similarity` has the form that `puma eval --json` gives it.
fn as_json(profiles: &[Profile]) -> serde_json::Value {
    fn by_domain<'a, T>(
        profiles: &'a [Profile],
        value: impl Fn(&'a Profile) -> T,
    ) -> BTreeMap<&'a str, T> {
        profiles
            .iter()
            .map(|profile| (profile.domain.as_str(), value(profile)))
            .collect()
    }
    json!({
        "similarity": by_domain(profiles, |profile| &profile.mean),
        "std": by_domain(profiles, |profile| &profile.std),
        "photos": by_domain(profiles, |profile| profile.count),
    })
}

fn as_text(profiles: &[Profile]) -> String {
    let widest = profiles
        .iter()
        .map(|profile| profile.domain.chars().count())
        .max()
        .unwrap_or(0);
    profiles
        .iter()
        .map(|profile| {
            let means: String = profile
                .mean
                .iter()
                .map(|mean| format!(" {mean:>6.3}"))
                .collect();
            format!(
                "{:<widest$} {:>7} photos {means}\n",
                profile.domain, profile.count
            )
        })
        .collect()
}
