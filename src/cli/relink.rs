//! `puma relink`: an indexed folder lies elsewhere now.

use super::options::{Home, LibraryOptions, print};
use crate::library::Library;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `puma relink`.
#[derive(clap::Args)]
pub struct Args {
    /// Indexed folder as the library knows it; it need not be there any more
    old: PathBuf,
    /// Where it lies now
    new: PathBuf,
    #[command(flatten)]
    library: LibraryOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let library = Library::open_existing(&home.library(&args.library))?;
    let root = library.relink_root(&args.old, &args.new)?;
    print(format!(
        "{} is {} now, with all that is known of its {} photos; `puma index` looks through it again\n",
        args.old.display(),
        root.path.display(),
        root.photos
    ))?;
    Ok(ExitCode::SUCCESS)
}
