//! `puma decode-worker`: the process in which photos are decoded; for the program itself.

use crate::photo;
use std::process::ExitCode;

/// Arguments of `puma decode-worker`.
#[derive(clap::Args)]
pub struct Args {
    /// Address space in bytes
    memory: u64,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    photo::serve(args.memory)?;
    Ok(ExitCode::SUCCESS)
}
