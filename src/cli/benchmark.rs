//! `puma benchmark`: trains and measures several methods on the same sets.

use super::INTERRUPTED;
use super::options::{ModelOptions, print};
use super::training::{show, stop_flag, training_bar};
use crate::benchmark::{BenchmarkConfig, BenchmarkEvent, Files, run as run_benchmark};
use crate::train::Event;
use anyhow::Context;
use indicatif::ProgressBar;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `puma benchmark`.
#[derive(clap::Args)]
pub struct Args {
    /// Which methods to compare (TOML)
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    #[command(flatten)]
    start: ModelOptions,
    /// Folder with the benchmark sets, laid out as ROOT/SET/CLASS/*.jpg
    #[arg(long, value_name = "ROOT")]
    data: PathBuf,
    /// Folder for the runs and the report; what is done there already is not done again
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Only this method of the configuration; may be given several times
    #[arg(long, value_name = "NAME")]
    method: Vec<String>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut config = BenchmarkConfig::read(&args.config)?;
    if !args.method.is_empty() {
        config.choose(&args.method).map_err(anyhow::Error::msg)?;
    }
    let (start, device) = args.start.start()?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("{} cannot be made", args.out.display()))?;
    let stop = stop_flag()?;
    let files = Files {
        data: &args.data,
        start: &start,
        out: &args.out,
    };
    let mut bar = ProgressBar::hidden();
    let comparison = run_benchmark(&config, &files, &device, &stop, &mut |event| {
        if let Some(next) = heard(&bar, event) {
            bar = next;
        }
    })?;
    bar.finish_and_clear();
    let Some(comparison) = comparison else {
        eprintln!("puma: stopped; what is done is kept, and the same command goes on with it");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    comparison.write(&args.out)?;
    print(comparison.markdown())?;
    eprintln!("the report is {}", args.out.join("report.html").display());
    Ok(ExitCode::SUCCESS)
}

/// Shows what happened; gives a new bar where another training begins.
fn heard(bar: &ProgressBar, event: BenchmarkEvent) -> Option<ProgressBar> {
    match event {
        BenchmarkEvent::Run {
            method,
            seed,
            known,
        } => {
            bar.finish_and_clear();
            let seed = seed.map_or(String::new(), |seed| format!(", seed {seed}"));
            let known = if known { ": done before" } else { "" };
            eprintln!("{}{seed}{known}", method.name);
            None
        }
        BenchmarkEvent::Training { set, event } => {
            let next = match &event {
                Event::Data { steps, .. } => {
                    bar.finish_and_clear();
                    if let Some(set) = set {
                        eprintln!("the model of {set}");
                    }
                    training_bar(*steps).ok()
                }
                _ => None,
            };
            show(next.as_ref().unwrap_or(bar), event);
            next
        }
        BenchmarkEvent::Embedding { done, photos } => {
            bar.finish_and_clear();
            eprintln!("{done} of {photos} test photos embedded");
            None
        }
    }
}
