//! `puma model`: weights from the Hugging Face hub.

use super::options::print;
use crate::model::checkpoint::{Backbone, Checkpoint, ReadOptions};
use crate::model::hub::HubModel;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;

/// Arguments of `puma model`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Get a vision transformer's weights from the Hugging Face hub, and print the path of the file, which --model takes
    ///
    /// What was fetched before is taken from the cache without a network. The cache is that of the hub's other programs
    /// (HF_HUB_CACHE, else hub/ in HF_HOME, else in ~/.cache/huggingface); HF_ENDPOINT names another server. A download
    /// that breaks off goes on where it stopped, and the file is checked against the SHA-256 that the hub has for it.
    Fetch(FetchArgs),
}

#[derive(clap::Args)]
struct FetchArgs {
    /// vit-small, vit-tiny, vit-base, deit-tiny, dinov2-small (timm's weights), or any OWNER/NAME of the hub
    name: String,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Fetch(args) = args.command;
    let model: HubModel = args.name.parse()?;
    let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(
        "{bar:30} {binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec}, {eta} left",
    )?);
    let fetched = model.fetch(&mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let fetched = fetched?;
    match (&fetched.sha256, fetched.cached) {
        (Some(_), true) => eprintln!("from the cache, SHA-256 checked"),
        (Some(_), false) => eprintln!("{} fetched, SHA-256 checked", model.repository),
        (None, _) => eprintln!("not checked: the server told no SHA-256 for this file"),
    }
    match model.backbone {
        // The same width as DeiT-Tiny, for which a file of this width is taken.
        Some(Backbone::VitTiny) => eprintln!("pass --backbone vit-tiny with it"),
        Some(_) => {}
        None => {
            if let Err(error) = Checkpoint::read(&fetched.path, &ReadOptions::default()) {
                eprintln!("puma: as it is, this program cannot use the file: {error}");
            }
        }
    }
    print(format!("{}\n", fetched.path.display()))?;
    Ok(ExitCode::SUCCESS)
}
