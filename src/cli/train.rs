//! `puma train`: trains a model on benchmark folders.

use super::INTERRUPTED;
use super::options::ModelOptions;
use crate::model::checkpoint::{Backbone, Checkpoint, ReadOptions};
use crate::model::{DeviceChoice, choose_device};
use crate::train::loss::LossKind;
use crate::train::{
    Event, HeadStart, Method, ProxyStart, Sampling, Schedule, TrainConfig, Trainer,
};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Arguments of `puma train`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    start: ModelOptions,
    /// Folder with the training sets, laid out as ROOT/SET/CLASS/*.jpg or, of the published ones, as they came; the first
    /// half of each set's classes is used
    #[arg(long, value_name = "ROOT")]
    data: PathBuf,
    /// Folder for logs, state and checkpoint of this run
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Configuration (TOML); flags go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take up the run in --out where it stopped
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    settings: Flags,
}

/// Settings that go before those of the configuration file.
#[derive(clap::Args)]
struct Flags {
    /// What is trained [default: puma]
    #[arg(long, value_enum)]
    method: Option<Method>,
    /// Seed of every random number [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// Metric-learning loss [default: curricular-face]
    #[arg(long, value_enum)]
    loss: Option<LossKind>,
    /// Passes over the training photos [default: 100]
    #[arg(long)]
    passes: Option<usize>,
    /// Photos a step [default: 180]
    #[arg(long)]
    batch: Option<usize>,
    /// Which photos come into one step [default: random]
    #[arg(long, value_enum)]
    sampling: Option<Sampling>,
    /// With --sampling per-class: photos of a class in a step [default: 4]
    #[arg(long)]
    per_class: Option<usize>,
    /// Photos of a class that are trained on, 0 for all [default: 0]
    #[arg(long)]
    shots: Option<usize>,
    /// Learning rate of the model's parameters [default: 0.001]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Learning rate of the class proxies [default: 1]
    #[arg(long)]
    proxy_learning_rate: Option<f64>,
    /// Decoupled weight decay [default: 0.0001]
    #[arg(long)]
    weight_decay: Option<f64>,
    /// How the learning rates fall [default: step]
    #[arg(long, value_enum)]
    schedule: Option<Schedule>,
    /// Probability of dropping an adapter's branch [default: 0.5]
    #[arg(long)]
    drop: Option<f64>,
    /// Prompts in the pool [default: 20]
    #[arg(long)]
    pool_size: Option<usize>,
    /// Tokens of a prompt [default: 8]
    #[arg(long)]
    prompt_length: Option<usize>,
    /// Rank of the adapters [default: 128]
    #[arg(long)]
    rank: Option<usize>,
    /// Width of the embedding [default: 128]
    #[arg(long)]
    width: Option<usize>,
    /// How the head starts [default: random]
    #[arg(long, value_enum)]
    head_start: Option<HeadStart>,
    /// With --head-start pca: 0 keeps angles about the mean, 1 whitens [default: 0]
    #[arg(long)]
    whitening: Option<f64>,
    /// How the class proxies start [default: random]
    #[arg(long, value_enum)]
    proxy_start: Option<ProxyStart>,
    /// Weight of staying close to the start's embeddings [default: 0]
    #[arg(long)]
    keep: Option<f64>,
    /// Side of the training crops in pixels [default: 224]
    #[arg(long)]
    crop_px: Option<usize>,
    /// Smallest part of a photo's area that a crop shows [default: 0.2]
    #[arg(long)]
    crop_area: Option<f64>,
    /// Part of the training classes held out for validation [default: 0.1]
    #[arg(long)]
    validation: Option<f64>,
    /// Sets to leave out of training
    #[arg(long, value_name = "SET,..", value_delimiter = ',')]
    without: Option<Vec<String>>,
    /// Threads that compute, 0 for all cores [default: 0]
    #[arg(long)]
    threads: Option<usize>,
    /// Photos that a thread works on at a time [default: 6]
    #[arg(long)]
    chunk: Option<usize>,
}

impl Flags {
    /// `config` with every flag that was given put in.
    fn over(self, mut config: TrainConfig) -> TrainConfig {
        macro_rules! put {
            ($($field:ident),*) => {
                $(if let Some(value) = self.$field { config.$field = value; })*
            };
        }
        put!(
            method,
            seed,
            loss,
            passes,
            batch,
            learning_rate,
            proxy_learning_rate,
            weight_decay,
            schedule,
            drop
        );
        put!(
            pool_size,
            prompt_length,
            rank,
            width,
            head_start,
            whitening,
            proxy_start,
            keep,
            crop_px,
            crop_area
        );
        put!(
            sampling, per_class, shots, validation, without, threads, chunk
        );
        config
    }
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = match &args.config {
        Some(path) => TrainConfig::read(path)?,
        None => TrainConfig::default(),
    };
    let config = args.settings.over(config);
    let start = args.start.model.as_ref().context(
        "--model FILE is needed: the ViT to start from, timm's weights or a checkpoint of this program",
    )?;
    let mut options = ReadOptions::default();
    if let Some(name) = &args.start.backbone {
        options.backbone = Some(name.parse::<Backbone>()?);
    }
    let start = Checkpoint::read(start, &options)?;
    let chosen = choose_device(args.start.device.parse::<DeviceChoice>()?)?;
    if let Some(note) = &chosen.note {
        eprintln!("puma: {note}");
    }
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    // The first ends the run after the step under way, a second one at once.
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    })
    .context("Ctrl-C cannot be caught")?;
    if config.measures_start() {
        eprintln!("embedding every training photo with the start");
    }
    let mut trainer = Trainer::new(
        config,
        &args.data,
        &start,
        &args.out,
        args.resume,
        &chosen.device,
    )?;
    let bar = ProgressBar::new(trainer.steps() as u64).with_style(ProgressStyle::with_template(
        "{bar:24} {pos}/{len} steps  {msg}  {elapsed} elapsed, {eta} left",
    )?);
    let outcome = trainer.run(&stop, &mut |event| show(&bar, event))?;
    bar.finish_and_clear();
    if outcome.stopped {
        eprintln!(
            "puma: stopped after {} steps; what is done is kept, --resume goes on",
            outcome.steps
        );
        return Ok(ExitCode::from(INTERRUPTED));
    }
    println!(
        "{} steps done, the model is {}",
        outcome.steps,
        outcome.checkpoint.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Prints what happened, beside the progress bar.
fn show(bar: &ProgressBar, event: Event) {
    let line = |text: String| {
        if bar.is_hidden() {
            eprintln!("{text}");
        } else {
            bar.println(text);
        }
    };
    match event {
        Event::Data {
            samples,
            classes,
            held_out,
            parameters,
            steps,
        } => line(format!(
            "{samples} photos of {classes} classes, {held_out} classes held out; {parameters} parameters, {steps} steps"
        )),
        Event::Resumed { steps } => {
            bar.set_position(steps as u64);
            bar.reset_eta();
            line(format!("going on after {steps} steps"));
        }
        Event::Step {
            step,
            losses,
            pictures_per_s,
        } => {
            bar.set_position(step as u64);
            bar.set_message(format!(
                "loss {:.3}  {pictures_per_s:.1} pictures/s",
                losses.total
            ));
        }
        Event::Failed { path, reason } => line(format!("skipped {}: {reason}", path.display())),
        Event::Checked => {
            line("every trainable tensor has changed, every frozen one is bit-equal".into())
        }
        Event::Validated { step, report } => line(format!(
            "after {step} steps, held-out classes: harmonic R@1 {:.1} %, unified {:.1} %",
            100.0 * report.harmonic.recall_at[0],
            100.0 * report.unified.recall_at_1()
        )),
    }
}
