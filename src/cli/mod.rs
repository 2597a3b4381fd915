//! Arguments to configurations: one file a subcommand.

mod bench;
mod benchmark;
mod convert;
mod decode_worker;
mod embed;
mod eval;
mod forget;
mod index;
mod model;
mod models;
mod open;
mod options;
mod prompts;
mod relink;
mod repair;
mod search;
mod status;
mod train;
mod training;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// What a shell gives for a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Finds pictures by looking, and shows why.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    open: open::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Index folders of photos, or take up where the last run stopped
    Index(index::Args),
    /// Find the indexed photos nearest to a picture
    Search(search::Args),
    /// Print embedding and prompt similarities of pictures
    Embed(embed::Args),
    /// Show what the library holds
    Status(status::Args),
    /// Show the mean prompt similarities of each domain
    Prompts(prompts::Args),
    /// Take a folder out of the library (the photos stay)
    Forget(forget::Args),
    /// Say that an indexed folder lies elsewhere now, as on a drive that is mounted in another place
    Relink(relink::Args),
    /// Show the models that the library's photos are embedded with, or remove what one said (for weights: `model fetch`)
    Models(models::Args),
    /// Keep what can be read of a damaged library (close the window first)
    Repair(repair::Args),
    /// Train a model on SET/CLASS folders and published sets
    Train(Box<train::Args>),
    /// Measure a model on SET/CLASS folders and published sets
    Eval(eval::Args),
    /// Train and measure several methods on the same sets and write one report
    Benchmark(benchmark::Args),
    /// Measure how fast this program is on this machine: load, embed, decode, search
    Bench(bench::Args),
    /// Convert a checkpoint between naming schemes
    Convert(convert::Args),
    /// Fetch a backbone's weights to train or measure (for the models of the library: `models`)
    Model(model::Args),
    /// Decode photos for another process of the program
    #[command(hide = true)]
    DecodeWorker(decode_worker::Args),
}

/// What is logged unless `RUST_LOG` says otherwise: warnings, but not those about the desktop that nobody can act on
/// (missing XSETTINGS, XRandR or accessibility services, an unknown locale).
const QUIET: &str = "warn,winit=error,eframe=error,egui_winit=error,egui_glow=error,zbus=error,\
    accesskit_unix=error,atspi=error,egui_system_font_provider=error,fontique=error,usvg=error";

/// Parses the arguments, runs the command and turns an error into one printed chain and exit code 1.
pub fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| QUIET.into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let cli = Cli::parse();
    let result = match cli.command {
        None => open::run(cli.open),
        Some(Command::Index(args)) => index::run(args),
        Some(Command::Search(args)) => search::run(args),
        Some(Command::Embed(args)) => embed::run(args),
        Some(Command::Status(args)) => status::run(args),
        Some(Command::Prompts(args)) => prompts::run(args),
        Some(Command::Forget(args)) => forget::run(args),
        Some(Command::Relink(args)) => relink::run(args),
        Some(Command::Models(args)) => models::run(args),
        Some(Command::Repair(args)) => repair::run(args),
        Some(Command::Train(args)) => train::run(*args),
        Some(Command::Eval(args)) => eval::run(args),
        Some(Command::Benchmark(args)) => benchmark::run(args),
        Some(Command::Bench(args)) => bench::run(args),
        Some(Command::Convert(args)) => convert::run(args),
        Some(Command::Model(args)) => model::run(args),
        Some(Command::DecodeWorker(args)) => decode_worker::run(&args),
    };
    result.unwrap_or_else(|error| {
        if is_closed_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        eprintln!("puma: {}", chain(&error));
        ExitCode::FAILURE
    })
}

/// An error and its causes in one line; a cause that an outer message has told already is not told twice.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Whether stdout was closed by its reader, as by `puma search ... | head`.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
