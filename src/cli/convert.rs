//! `puma convert`: weights from one format to another.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::options::ReplaceOptions;
use crate::model::checkpoint::{Backbone, Checkpoint, Precision, ReadOptions};

/// Arguments of `puma convert`.
#[derive(clap::Args)]
pub struct Args {
    /// Weights to read: PUMA's own .safetensors, the authors' .pth or .safetensors, or a timm ViT
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// .safetensors file to write
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Whose tensor names to write
    #[arg(long, value_enum, default_value_t = Names::Puma)]
    names: Names,
    /// How exactly to store weights; without it PUMA's own files are half, the authors' single precision
    #[arg(long, value_enum)]
    precision: Option<PrecisionArgument>,
    /// What a file without a configuration holds: deit-tiny, vit-tiny, vit-small, vit-base or dinov2-small
    #[arg(long)]
    backbone: Option<String>,
    #[command(flatten)]
    replace: ReplaceOptions,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Names {
    /// The names of PUMA's authors, for their programs
    Authors,
    /// PUMA's own checkpoint
    Puma,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum PrecisionArgument {
    /// 16 bits
    Half,
    /// 32 bits
    Single,
}

/// Reads, checks and writes; says what was converted.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if !args
        .output
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
    {
        bail!(
            "{}: name the output *.safetensors, that is what is written",
            args.output.display()
        );
    }
    args.replace.check(&args.output)?;
    let backbone = args
        .backbone
        .as_deref()
        .map(str::parse::<Backbone>)
        .transpose()?;
    let checkpoint = Checkpoint::read(
        &args.input,
        &ReadOptions {
            backbone,
            config: None,
        },
    )?;
    let precision = match (args.precision, args.names) {
        (Some(PrecisionArgument::Half), _) | (None, Names::Puma) => Precision::Half,
        (Some(PrecisionArgument::Single), _) | (None, Names::Authors) => Precision::Single,
    };
    match args.names {
        Names::Puma => checkpoint.write_as(&args.output, precision),
        Names::Authors => checkpoint.write_authors(&args.output, precision),
    }
    .context("nothing was written")?;
    let config = &checkpoint.config;
    println!(
        "{}: {} tensors, {} parameters of the backbone and {} of PUMA's modules",
        args.output.display(),
        checkpoint.tensors.len(),
        config.total_vit_parameters(),
        config.trainable_parameters(),
    );
    Ok(ExitCode::SUCCESS)
}
