//! `puma prompts`: mean prompt similarities of each domain, the numbers and charts of Figure 3, and the pool's health.

use super::options::{
    FigureOptions, Home, LibraryOptions, ModelOptions, ReplaceOptions, print, print_json,
};
use crate::figures::{self, Format, Health, Profile, StoredProfiles, check_ending};
use crate::index::Kind;
use crate::search::Searcher;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `puma prompts`.
#[derive(clap::Args)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write the figure to this file: .png, .svg, .csv or .json; with --health its table: .csv or .json
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    #[command(flatten)]
    replace: ReplaceOptions,
    #[command(flatten)]
    drawing: FigureOptions,
    /// Show how the photos use each prompt of the pool, instead of the domains
    #[arg(long)]
    health: bool,
    /// Show the benchmark sets of a file that `puma eval --json` wrote, instead of the library
    #[arg(long, value_name = "FILE", conflicts_with_all = ["health", "library", "model"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryOptions,
    #[command(flatten)]
    model: ModelOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    // Before anything slow is done for a file that cannot be written.
    match &args.figure {
        Some(path) if args.health => drop(Format::of(path, &Format::NUMBERS)?),
        Some(path) => check_ending(path)?,
        None => {}
    }
    if let Some(path) = &args.figure {
        args.replace.check(path)?;
    }
    if let Some(path) = &args.from {
        show_profiles(&args, &figures::read_profiles(path)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let home = Home::find()?;
    let puma = Arc::new(home.model(&args.model)?);
    if puma.prompts() == 0 {
        anyhow::bail!("this model has no prompt pool; choose another with --model");
    }
    let searcher = Searcher::open(&home.library(&args.library), puma, Kind::Exact)?;
    searcher.ready()?;
    if args.health {
        let health = searcher.health().context("the library holds no photos")?;
        show_health(&args, &health)?;
    } else {
        show_profiles(&args, &searcher.profiles())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show_profiles(args: &Args, profiles: &[Profile]) -> anyhow::Result<()> {
    let figure = args.drawing.figure(profiles);
    if let Some(path) = &args.figure {
        figure.save(path)?;
    }
    if args.json {
        print_json(&StoredProfiles::of(&figure.profiles))
    } else {
        print(as_text(&figure.profiles))
    }
}

fn show_health(args: &Args, health: &Health) -> anyhow::Result<()> {
    if let Some(path) = &args.figure {
        health.save(path)?;
    }
    if args.json {
        print_json(&health.json())
    } else {
        print(health_as_text(health))
    }
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

fn health_as_text(health: &Health) -> String {
    let mut text = format!(
        "{:>6} {:>8} {:>8} {:>10} {:>10}  {:<6}  stands for\n",
        "prompt", "mean", "spread", "strongest", "relative", "use"
    );
    for row in &health.prompts {
        let domains: Vec<&str> = row.domains.iter().map(|(name, _)| name.as_str()).collect();
        text += &format!(
            "{:>6} {:>8.4} {:>8.4} {:>9.1}% {:>9.1}%  {:<6}  {}\n",
            row.prompt,
            row.mean,
            row.std,
            row.strongest * 100.0,
            row.strongest_relative * 100.0,
            row.usage.name(),
            domains.join(", ")
        );
    }
    text += &format!(
        "{} photos; entropy of the strongest prompt {:.2} bits as it is and {:.2} bits relative to the mean, at most {:.2}\n",
        health.photos, health.entropy_bits, health.relative_entropy_bits, health.most_bits
    );
    let unused: Vec<String> = health.unused().iter().map(ToString::to_string).collect();
    text + &match unused.as_slice() {
        [] => "every prompt is the strongest of some photo\n".to_owned(),
        unused => format!(
            "prompts that are the strongest of no photo: {}\n",
            unused.join(", ")
        ),
    }
}
