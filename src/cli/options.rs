//! Flags that several subcommands share.

use std::path::PathBuf;

/// Which model to use and where it runs.
#[derive(clap::Args, Clone, Debug)]
pub struct ModelOptions {
    /// Checkpoint to use instead of the one compiled in
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Where the model runs: auto, cpu, cuda, cuda:N or metal
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// What a file without a configuration holds, e.g. deit-tiny, vit-small, vit-base, dinov2-small
    #[arg(long)]
    pub backbone: Option<String>,
}

/// Which library to use.
#[derive(clap::Args, Clone, Debug)]
pub struct LibraryOptions {
    /// Library file to use instead of the user's own
    #[arg(long, value_name = "FILE")]
    pub library: Option<PathBuf>,
}
