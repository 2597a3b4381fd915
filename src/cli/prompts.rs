//! `puma prompts`: mean prompt similarities of each domain of the library, the numbers of Figure 3.

use super::options::{Home, LibraryOptions, ModelOptions, print, print_json};
use crate::figures::Profile;
use crate::index::Kind;
use crate::search::Searcher;
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

/// What `--json` prints; `similarity` has the form that `puma eval --json` gives it.
#[derive(serde::Serialize)]
struct Output<'a> {
    similarity: BTreeMap<&'a str, &'a [f32]>,
    std: BTreeMap<&'a str, &'a [f32]>,
    photos: BTreeMap<&'a str, usize>,
}

fn as_json(profiles: &[Profile]) -> Output<'_> {
    let mut output = Output {
        similarity: BTreeMap::new(),
        std: BTreeMap::new(),
        photos: BTreeMap::new(),
    };
    for profile in profiles {
        output.similarity.insert(&profile.domain, &profile.mean);
        output.std.insert(&profile.domain, &profile.std);
        output.photos.insert(&profile.domain, profile.count);
    }
    output
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
