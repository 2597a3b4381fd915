//! `puma eval`: measures a model on benchmark folders.

use super::options::{FigureOptions, ModelOptions, PrecisionOptions, ReplaceOptions, tell};
use crate::eval::{
    Ablations, EmbeddingKind, FailedFile, Part, PhotoSet, Report, ablation_rounds, ablations,
    choose_sets, evaluate, read_sets,
};
use crate::figures;
use crate::model::Products;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `puma eval`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelOptions,
    /// Folder with the benchmark sets, laid out as ROOT/SET/CLASS/*.jpg or, of the published ones, as they came
    #[arg(long, value_name = "ROOT")]
    data: PathBuf,
    /// Which classes of each set, sorted by name: the first half, the others, or all of them; of published sets, their
    /// own halves
    #[arg(long, value_enum, default_value_t)]
    part: Part,
    /// Only these sets
    #[arg(long, value_name = "SET,..", value_delimiter = ',')]
    sets: Vec<String>,
    /// Which vector of the model to measure
    #[arg(long, value_enum, default_value_t)]
    embedding: EmbeddingKind,
    #[command(flatten)]
    precision: PrecisionOptions,
    /// Also measure what the parts of PUMA are worth: one prompt for all pictures, no prompts, no adapters
    #[arg(long)]
    ablations: bool,
    /// Also write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write the mean prompt similarities of each set to this file: .png, .svg, .csv or .json
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    #[command(flatten)]
    replace: ReplaceOptions,
    #[command(flatten)]
    drawing: FigureOptions,
}

/// What `--json` writes.
#[derive(serde::Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    report: &'a Report,
    part: Part,
    embedding: EmbeddingKind,
    precision: Products,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ablations: Option<&'a Ablations>,
    failed: &'a [FailedFile],
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let sets = sets_of(&args)?;
    let puma = args.model.load()?.with_products(args.precision.products());
    if args.figure.is_some() && (puma.prompts() == 0 || args.embedding == EmbeddingKind::Cls) {
        anyhow::bail!(
            "--figure needs prompt similarities: a model with a prompt pool and --embedding head"
        );
    }

    if args.ablations && puma.prompts() == 0 {
        anyhow::bail!("--ablations needs a model with a prompt pool");
    }

    let mut photos = sets.iter().map(PhotoSet::photos).sum::<usize>();
    if args.ablations {
        photos *= ablation_rounds(&puma);
    }
    let bar = ProgressBar::new(photos as u64);
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} photos, {per_sec}, {eta} left",
    )?);
    let progress = |done| bar.set_position(done as u64);
    let (report, failed, ablations) = if args.ablations {
        let ablations = ablations(&puma, &sets, &progress)?;
        let whole = ablations.whole().context("nothing was measured")?;
        (whole.clone(), ablations.failed.clone(), Some(ablations))
    } else {
        let (report, failed) = evaluate(&puma, &sets, args.embedding, &progress)?;
        (report, failed, None)
    };
    bar.finish_and_clear();

    tell(&puma);
    for failed in &failed {
        eprintln!("puma: left out: {}", failed.reason);
    }
    if let Some(path) = &args.json {
        let output = Output {
            report: &report,
            part: args.part,
            embedding: args.embedding,
            precision: puma.products(),
            model: puma.fingerprint(),
            ablations: ablations.as_ref(),
            failed: &failed,
        };
        write(path, &(serde_json::to_string_pretty(&output)? + "\n"))?;
    }
    if let Some(path) = &args.figure {
        args.drawing.figure(&report.profiles).save(path)?;
    }
    // Last, since whoever reads along may have gone.
    println!("{report}");
    if let Some(ablations) = &ablations {
        println!("\n{ablations}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The sets asked for; finds out what is missing, and that the results can be written, before the model has worked.
fn sets_of(args: &Args) -> anyhow::Result<Vec<PhotoSet>> {
    if let Some(path) = &args.figure {
        figures::check_ending(path)?;
    }
    for path in [&args.json, &args.figure].into_iter().flatten() {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            anyhow::bail!("{}: its folder does not exist", path.display());
        }
        args.replace.check(path)?;
    }
    let mut sets = read_sets(&args.data)?;
    if !args.sets.is_empty() {
        sets = choose_sets(sets, &args.sets)?;
    }
    let parts = sets.iter().map(|set| set.filled_part(args.part));
    Ok(parts.collect::<Result<_, _>>()?)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))
}
