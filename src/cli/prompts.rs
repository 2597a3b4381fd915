//! `puma prompts`.

use std::process::ExitCode;

/// Arguments of `puma prompts`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not written yet")
}
