//! Flags that several subcommands share.

use crate::model::checkpoint::{Backbone, Checkpoint, ReadOptions};
use crate::model::{DeviceChoice, Puma, choose_device};
use anyhow::Context;
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

impl ModelOptions {
    /// Loads the model that was asked for, the shipped one by default; says on stderr if `auto` had to settle for the CPU.
    pub fn load(&self) -> anyhow::Result<Puma> {
        let chosen = choose_device(self.device.parse::<DeviceChoice>()?)?;
        if let Some(note) = &chosen.note {
            eprintln!("puma: {note}");
        }
        let Some(path) = &self.model else {
            return Ok(Puma::shipped(&chosen.device)?);
        };
        let mut options = ReadOptions::default();
        if let Some(name) = &self.backbone {
            options.backbone = Some(name.parse::<Backbone>()?);
        }
        let checkpoint = Checkpoint::read(path, &options)?;
        Puma::from_checkpoint(&checkpoint, &chosen.device)
            .with_context(|| format!("{}: cannot be used", path.display()))
    }
}

/// Which library to use.
#[derive(clap::Args, Clone, Debug)]
pub struct LibraryOptions {
    /// Library file to use instead of the user's own
    #[arg(long, value_name = "FILE")]
    pub library: Option<PathBuf>,
}
