//! `puma repair`: keeps what can be read of a damaged library.

use super::options::{Home, LibraryOptions, ModelOptions, print};
use crate::library::{Repair, repair};
use std::process::ExitCode;

/// Arguments of `puma repair`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    library: LibraryOptions,
    // Taken like everywhere else, though what all models said is kept.
    #[command(flatten)]
    _model: ModelOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let path = home.library(&args.library);
    let text = match repair(&path)? {
        Repair::Sound => format!("{} is sound; nothing was changed\n", path.display()),
        Repair::Mended {
            photos,
            embeddings,
            lost,
            old,
        } => format!(
            "{} is mended: {photos} photos and {embeddings} embeddings are kept, {lost} entries could not be read\n\
             the damaged file is kept as {}\n\
             `puma index` embeds what is missing\n",
            path.display(),
            old.display()
        ),
    };
    print(text)?;
    Ok(ExitCode::SUCCESS)
}
