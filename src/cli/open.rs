//! `puma` and `puma PICTURE`: the window.

use super::options::{LibraryOptions, ModelOptions, reader};
use crate::app::{Setup, open};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `puma` without a subcommand.
#[derive(clap::Args)]
pub struct Args {
    /// Picture to search with when the window opens, or a folder to add
    #[arg(value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    library: LibraryOptions,
}

/// Opens the window and returns when it is closed.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut setup = Setup::from_choices(
        args.model.model,
        &args.model.device,
        args.model.backbone,
        args.library.library,
    )?;
    setup.reader = reader();
    open(setup, args.pictures)?;
    Ok(ExitCode::SUCCESS)
}
