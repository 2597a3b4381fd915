//! `puma train`: trains a model on benchmark folders.

use super::INTERRUPTED;
use super::options::ModelOptions;
use super::training::{show, stop_flag, training_bar};
use crate::train::loss::LossKind;
use crate::train::{
    HeadStart, KeyStart, Method, PromptStart, ProxyStart, Sampling, Schedule, TrainConfig, Trainer,
};
use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Take up the run in --out where it stopped; settings, start and training photos have to be the same, --threads and
    /// --recompute may be others
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
    /// Photos of a class that are trained on, drawn by seed and class, 0 for all [default: 0]
    #[arg(long)]
    shots: Option<usize>,
    /// Learning rate of the model's parameters [default: 0.001]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// With --method fine-tuning: learning rate of the ViT [default: 0.00003]
    #[arg(long)]
    backbone_learning_rate: Option<f64>,
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
    /// Standardise the pool's queries over the training photos [default: false]
    #[arg(long)]
    standardised_query: Option<bool>,
    /// How the pool's keys start [default: orthogonal]
    #[arg(long, value_enum)]
    key_start: Option<KeyStart>,
    /// How the pool's prompts start [default: shared]
    #[arg(long, value_enum)]
    prompt_start: Option<PromptStart>,
    /// Temperature of a softmax that weighs the prompts; 0 for the similarities themselves [default: 0]
    #[arg(long)]
    prompt_temperature: Option<f64>,
    /// What the pool's learning rate is multiplied by [default: 1]
    #[arg(long)]
    pool_rate_factor: Option<f64>,
    /// What the learning rate of the pool's prompts is multiplied by besides [default: 1]
    #[arg(long)]
    prompt_rate_factor: Option<f64>,
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
    /// Part of each set's training classes held out for validation; none of a set where it would be one class alone, which
    /// is so at 0.1 with fewer than 16 training classes [default: 0.1]
    #[arg(long)]
    validation: Option<f64>,
    /// End after so many validations without a better one, 0 for never; needs held-out classes [default: 0]
    #[arg(long)]
    patience: Option<usize>,
    /// Train on these sets alone
    #[arg(long, value_name = "SET,..", value_delimiter = ',')]
    only: Option<Vec<String>>,
    /// Sets to leave out of training
    #[arg(long, value_name = "SET,..", value_delimiter = ',')]
    without: Option<Vec<String>>,
    /// Threads that compute, 0 for all cores [default: 0]
    #[arg(long)]
    threads: Option<usize>,
    /// Photos that a thread works on at a time; at least 16 where the ViT is trained, unless with recompute [default: 6]
    #[arg(long)]
    chunk: Option<usize>,
    /// Compute activations a second time instead of keeping them: less memory, more time [default: false]
    #[arg(long)]
    recompute: Option<bool>,
    /// Multiply numbers rounded to bf16, summed in f32, where the device can: less time [default: false]
    #[arg(long)]
    mixed_precision: Option<bool>,
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
            sampling,
            per_class,
            shots,
            validation,
            without,
            threads,
            chunk,
            backbone_learning_rate,
            patience,
            only,
            recompute,
            mixed_precision,
            standardised_query,
            key_start,
            prompt_start,
            prompt_temperature,
            pool_rate_factor,
            prompt_rate_factor
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
    let (start, device) = args.start.start()?;
    let stop = stop_flag()?;
    if config.measures_start() {
        eprintln!("embedding every training photo with the start");
    }
    let mut trainer = Trainer::new(config, &args.data, &start, &args.out, args.resume, &device)?;
    let bar = training_bar(trainer.steps())?;
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
