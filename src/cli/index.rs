//! `puma index`: finds the photos below folders and embeds those that are new or changed.

use super::INTERRUPTED;
use super::options::{Home, LibraryOptions, ModelOptions, print, reader, tell};
use crate::library::{DomainRule, Exclusions, Library};
use crate::photo::Thumbnails;
use crate::pipeline::{self, Control, Phase, Progress, Summary};
use anyhow::Context;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `puma index`.
#[derive(clap::Args)]
pub struct Args {
    /// Folders to index; without any, the folders of the library are looked through again
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,
    #[command(flatten)]
    library: LibraryOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// What makes a domain: `folder`, the first folder level below DIR, or `root`, DIR itself [default: as before, and
    /// for a new DIR as in the settings: folder]
    #[arg(long, value_name = "RULE")]
    domain: Option<DomainRule>,
    /// Photos that are embedded and stored together [default: 8, on a GPU as many as its free memory allows, 256 at most]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    batch: Option<u16>,
    /// Make no thumbnails for the window
    #[arg(long)]
    no_thumbnails: bool,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let library = Library::open(&home.library(&args.library))?;
    if args.dirs.is_empty() && library.root_folders()?.is_empty() {
        anyhow::bail!("no folder is indexed yet; name one, as in `puma index ~/Pictures`");
    }
    let options = pipeline::Options {
        domain_rule: args.domain,
        new_root_rule: settings_rule(&home)?,
        batch: args.batch.map(usize::from),
        thumbnails: (home.settings.thumbnails && !args.no_thumbnails)
            .then(|| Thumbnails::new(home.places.thumbnails())),
        excluded: Exclusions::new(&home.settings.excluded),
        reader: reader(),
        ..pipeline::Options::default()
    };
    let puma = home.model(&args.model)?;
    let control = Arc::new(Control::new());
    listen(&control)?;
    let bar = bar()?;
    let summary = pipeline::index(
        &library,
        &puma,
        &args.dirs,
        &options,
        &control,
        |progress| show(&bar, progress),
    );
    bar.finish_and_clear();
    tell(&puma);
    let summary = summary?;
    report(&summary)?;
    if summary.stopped {
        eprintln!(
            "puma: stopped; what is done is kept, and the next `puma index` goes on from here"
        );
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

fn settings_rule(home: &Home) -> anyhow::Result<DomainRule> {
    home.settings
        .domain_rule
        .parse()
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("settings file {}", home.places.settings_file().display()))
}

/// Ctrl-C ends the run after the batch under way, a second one at once.
fn listen(control: &Arc<Control>) -> anyhow::Result<()> {
    let control = control.clone();
    ctrlc::set_handler(move || {
        if control.is_stopped() {
            std::process::exit(i32::from(INTERRUPTED));
        }
        control.stop();
    })
    .context("Ctrl-C cannot be listened to")
}

fn bar() -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} photos{msg}",
    )?);
    Ok(bar)
}

fn show(bar: &ProgressBar, progress: &Progress) {
    bar.set_length(progress.found as u64);
    bar.set_position(progress.done as u64);
    let mut text = match progress.phase {
        Phase::Scanning => " found so far".to_owned(),
        Phase::Paused => ", paused".to_owned(),
        Phase::Embedding | Phase::Done => String::new(),
    };
    if progress.failed > 0 {
        text += &format!(", {} unreadable", progress.failed);
    }
    if progress.pictures_per_s > 0.0 {
        text += &format!(", {:.1}/s", progress.pictures_per_s);
    }
    if let Some(eta) = progress.eta {
        let whole_s = Duration::from_secs(eta.as_secs());
        text += &format!(", {} left", HumanDuration(whole_s));
    }
    bar.set_message(text);
}

fn report(summary: &Summary) -> anyhow::Result<()> {
    for file in &summary.failed {
        eprintln!("puma: not read: {}: {}", file.path.display(), file.reason);
    }
    for place in &summary.unreadable {
        eprintln!(
            "puma: passed over: {}: {}",
            place.path.display(),
            place.reason
        );
    }
    for message in summary.messages.iter().chain(&summary.offline) {
        eprintln!("puma: {message}");
    }
    let mut text = format!(
        "{} photos found: {} embedded, {} unchanged",
        summary.found, summary.embedded, summary.unchanged
    );
    if summary.recognised > 0 {
        text += &format!(
            ", {} moved, renamed or copied and known by their content",
            summary.recognised
        );
    }
    if summary.changing > 0 {
        text += &format!(
            ", {} changing while they were read and left for the next run",
            summary.changing
        );
    }
    if !summary.failed.is_empty() {
        text += &format!(", {} could not be read", summary.failed.len());
    }
    if summary.failed_before > 0 {
        text += &format!(
            ", {} still cannot be read (`puma status` names them)",
            summary.failed_before
        );
    }
    if summary.removed > 0 {
        text += &format!(", {} gone and taken out", summary.removed);
    }
    let seconds = summary.elapsed.as_secs_f32();
    print(format!("{text} ({seconds:.1} s)\n"))
}
