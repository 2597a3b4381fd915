//! `puma benchmark`: trains and measures several methods on the same sets.

use super::options::{ModelOptions, print};
use super::training::{show, stop_flag, training_bar};
use super::{INTERRUPTED, chain};
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
    /// Folder with the benchmark sets, laid out as ROOT/SET/CLASS/*.jpg or, of the published ones, as they came; the first
    /// half of each set's classes trains, the others are measured
    #[arg(long, value_name = "ROOT")]
    data: PathBuf,
    /// Folder for the runs and the report; what is done there already is not done again
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Train and measure only this method of the configuration; may be given several times. The report has every method
    /// with a result
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
    let outcome = run_benchmark(&config, &files, &device, &stop, &mut |event| {
        if let Some(next) = heard(&bar, event) {
            bar = next;
        }
    })?;
    bar.finish_and_clear();
    let measured = !outcome.comparison.methods.is_empty();
    if measured {
        eprintln!("the report is {}", args.out.join("report.html").display());
    }
    if outcome.stopped {
        eprintln!("puma: stopped; what is done is kept, and the same command goes on with it");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if measured {
        print(outcome.comparison.markdown())?;
    }
    if !outcome.failed.is_empty() {
        anyhow::bail!("failed, see above: {}", outcome.failed.join(", "));
    }
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
        BenchmarkEvent::Unread { reason, .. } => {
            eprintln!("puma: left out: {reason}");
            None
        }
        BenchmarkEvent::Failed { method, error } => {
            bar.finish_and_clear();
            eprintln!("puma: {}: {}", method.name, chain(&error.into()));
            None
        }
        BenchmarkEvent::LeftOut { method, error } => {
            eprintln!(
                "puma: {} is not in the report: {}",
                method.name,
                chain(&error.into())
            );
            None
        }
    }
}
