//! `puma forget`.

use std::process::ExitCode;

/// Arguments of `puma forget`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not written yet")
}
