//! `puma forget`: takes a folder out of the library.

use super::options::{Home, LibraryOptions, ModelOptions, print};
use crate::library::Library;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `puma forget`.
#[derive(clap::Args)]
pub struct Args {
    /// Indexed folder to take out; it need not be there any more, and no photo is touched
    dir: PathBuf,
    #[command(flatten)]
    library: LibraryOptions,
    // Taken like everywhere else, though a folder is forgotten for all models.
    #[command(flatten)]
    _model: ModelOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let library = Library::open_existing(&home.library(&args.library))?;
    let photos = library.forget_root(&args.dir)?;
    print(format!(
        "{} is out of the library, with {photos} photos; the files are as they were\n",
        args.dir.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
