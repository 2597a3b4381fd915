//! The trainer: a run from its first step to its last, what it checks, saves and tells on the way.

mod batch;

use super::TrainError;
use super::best::Best;
use super::config::TrainConfig;
use super::data::TrainingData;
use super::event::{Event, Outcome};
use super::event_file::EventFile;
use super::loss::MetricLoss;
use super::method::{Method, trained_config};
use super::optimizer::{AdamW, Group};
use super::pace::Pace;
use super::parameters::Parameters;
use super::prepare::{Prepared, prepare};
use super::run::{CsvLog, RunFolder};
use super::sampler::Sampler;
use super::state::{self, Identity};
use super::validation::Evaluated;
use super::workers::Workers;
use crate::eval::Matrix;
use crate::model::{Checkpoint, Config, Network, Puma};
use candle_core::{Device, Tensor, Var};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Steps after which every trainable tensor must have changed and every frozen one must not.
const CHECKED_AFTER: usize = 3;
/// Time between two saved states.
const SAVE_EVERY: Duration = Duration::from_secs(120);

/// One training run.
pub struct Trainer {
    config: TrainConfig,
    model_config: Config,
    data: TrainingData,
    folder: RunFolder,
    device: Device,
    workers: Workers,
    parameters: Parameters,
    network: Network,
    /// The same weights at evaluation size.
    evaluated: Network,
    pool: Vec<Var>,
    proxies: Var,
    optimizer: AdamW,
    loss: Box<dyn MetricLoss + Send>,
    /// Start embedding of each sample's evaluation crop, `[samples, e]`.
    targets: Option<Tensor>,
    /// Class token of each sample's evaluation crop, `[samples, d]`, where a head alone is trained.
    tokens: Option<Matrix>,
    best: Best,
    start: String,
    /// [`TrainingData::fingerprint`] of the samples.
    photos: String,
    sampler: Sampler,
    done: usize,
}

impl Trainer {
    /// Prepares a run on the photos under `root` from `start`, writing into `out`; with `resume` takes up the one there.
    pub fn new(
        config: TrainConfig,
        root: &Path,
        start: &Checkpoint,
        out: &Path,
        resume: bool,
        device: &Device,
    ) -> Result<Self, TrainError> {
        config.validate()?;
        let data = TrainingData::read(root, &config)?;
        if config.patience > 0 && data.validation.is_empty() {
            return Err(TrainError::Config(format!(
                "patience needs held-out classes, but no set has enough training classes for a validation of {} to hold out \
                 two: raise validation, or set patience to 0",
                config.validation
            )));
        }
        let model_config = trained_config(&start.config, &config);
        if !config.crop_px.is_multiple_of(model_config.vit.patch_size) || config.crop_px == 0 {
            return Err(TrainError::Config(format!(
                "crop_px {} is not a multiple of the patch size {}",
                config.crop_px, model_config.vit.patch_size
            )));
        }
        let folder = RunFolder::open(out, resume)?;
        let workers = Workers::new(if device.is_cpu() {
            config.thread_count()
        } else {
            1
        })?;
        let Prepared {
            tensors,
            proxies,
            targets,
            tokens,
        } = prepare(&config, &model_config, start, &data, &workers, device)?;
        let parameters = Parameters::split(&tensors, config.method, device)?;
        let shared = parameters.tensors();
        let network = Network::new(&model_config, &shared, config.crop_px, device)?;
        let evaluated = Network::new(&model_config, &shared, model_config.vit.image_size, device)?;
        let proxies = Var::from_tensor(&proxies.to_device(device)?)?;
        let variables = parameters.trainable().iter();
        let mut list: Vec<_> = variables
            .map(|(name, var)| (name.clone(), var.clone(), group(&config, name)))
            .collect();
        list.push(("proxies".into(), proxies.clone(), Group::Proxies));
        let pool = parameters
            .trainable()
            .iter()
            .filter(|(name, _)| name.starts_with("prompt_pool."));
        let mut trainer = Self {
            pool: pool.map(|(_, var)| var.clone()).collect(),
            optimizer: AdamW::new(list, config.weight_decay)?,
            loss: config.loss.build(data.classes.len()),
            sampler: Sampler::new(&data, &config),
            start: Puma::from_checkpoint(start, &Device::Cpu)?
                .fingerprint()
                .to_owned(),
            photos: data.fingerprint(root),
            config,
            model_config,
            data,
            folder,
            device: device.clone(),
            workers,
            parameters,
            network,
            evaluated,
            proxies,
            targets,
            tokens,
            best: Best::default(),
            done: 0,
        };
        if resume {
            trainer.done = state::restore(
                &trainer.folder.state(),
                &Identity {
                    config: &trainer.config,
                    start: &trainer.start,
                    photos: &trainer.photos,
                },
                &mut trainer.optimizer,
                trainer.loss.as_mut(),
            )?;
        }
        trainer.folder.write_config(&trainer.config)?;
        Ok(trainer)
    }

    /// Steps of the whole run.
    pub fn steps(&self) -> usize {
        self.config.passes * self.sampler.steps_per_pass()
    }

    /// Trains until the end, or until `stop` is set; what is done is kept in both cases.
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        events: &mut dyn FnMut(Event),
    ) -> Result<Outcome, TrainError> {
        let steps = self.steps();
        events(Event::Data {
            samples: self.data.samples.len(),
            classes: self.data.classes.len(),
            held_out: self
                .data
                .validation
                .iter()
                .map(|set| set.classes.len())
                .sum(),
            parameters: self
                .parameters
                .trainable()
                .values()
                .map(|var| var.elem_count())
                .sum(),
            steps,
        });
        if self.done > 0 {
            events(Event::Resumed { steps: self.done });
        }
        let mut step_log = self.folder.step_log(self.done)?;
        let mut validation_log = self.folder.validation_log(self.done)?;
        let mut event_file = self.folder.event_file()?;
        self.best = Best::of_log(&self.folder.validations());
        let first_value = self.parameters.snapshot()?;
        let first_step = self.done;
        let samples = Arc::new(std::mem::take(&mut self.data.samples));
        let mut batches = self.batches(&samples, steps);
        let mut saved = Instant::now();
        let mut pace = Pace::new();
        let mut lost = self.best.lost(self.config.patience);
        if self.is_validated_now() && self.done > 0 && !validation_log.ends_at(self.done) {
            // The run was killed between the end of a pass and its validation.
            lost = self.validate(&mut validation_log, &mut event_file, events)?;
        }
        while self.done < steps && !lost && !stop.load(Ordering::Relaxed) {
            let Some(batch) = batches.next() else {
                return Err(TrainError::Data(
                    "the threads that load photos have stopped".into(),
                ));
            };
            for (path, reason) in &batch.failed {
                let (path, reason) = (path.clone(), reason.clone());
                events(Event::Failed { path, reason });
            }
            if batch.indices.is_empty() {
                return Err(TrainError::Data(
                    "not one photo of a batch could be read".into(),
                ));
            }
            let labels: Vec<u32> = batch
                .indices
                .iter()
                .map(|&index| samples[index].label)
                .collect();
            let factor = self.config.schedule.factor(self.done, steps);
            let losses = self.step(&batch, &labels, factor)?;
            self.done += 1;
            if !losses.total.is_finite() {
                return Err(TrainError::Diverged {
                    step: self.done,
                    loss: losses.total,
                });
            }
            let pictures_per_s = pace.pictures_per_s(labels.len());
            let per_pass = self.sampler.steps_per_pass();
            let pass = self.done as f64 / per_pass as f64;
            let rate = factor * self.config.learning_rate;
            step_log.step(self.done, pass, rate, &losses, pictures_per_s)?;
            event_file.scalars(
                self.done,
                &[
                    ("loss/total", losses.total),
                    ("loss/metric", losses.metric),
                    ("loss/penalty", losses.penalty),
                    ("loss/keep", losses.keep),
                    ("learning_rate", rate as f32),
                    ("pictures_per_s", pictures_per_s as f32),
                ],
            )?;
            events(Event::Step {
                step: self.done,
                losses,
                pictures_per_s,
            });
            if self.done == (first_step + CHECKED_AFTER).min(steps) {
                let fresh = first_step == 0;
                self.check(&first_value, self.done - first_step, fresh)?;
                if fresh {
                    events(Event::Checked);
                }
            }
            if self.done.is_multiple_of(per_pass)
                || self.done == steps
                || saved.elapsed() > SAVE_EVERY
            {
                self.save()?;
                saved = Instant::now();
            }
            if self.is_validated_now() {
                lost = self.validate(&mut validation_log, &mut event_file, events)?;
                pace = Pace::new();
            }
        }
        drop(batches);
        self.save()?;
        Ok(Outcome {
            checkpoint: self.folder.checkpoint(),
            steps: self.done,
            stopped: self.done < steps && !lost,
        })
    }

    /// Whether the held-out classes are due after the steps done: a pass has ended, and there are some.
    fn is_validated_now(&self) -> bool {
        let pass_ends = self.done.is_multiple_of(self.sampler.steps_per_pass());
        pass_ends && !self.data.validation.is_empty()
    }

    /// Every frozen tensor has to be bit-equal to `before`; of a fresh run every tensor with a learning rate has to differ.
    fn check(
        &self,
        before: &BTreeMap<String, Tensor>,
        steps: usize,
        fresh: bool,
    ) -> Result<(), TrainError> {
        let wrong = |kind, name: &str, what| TrainError::Frozen {
            steps,
            kind,
            name: name.to_owned(),
            what,
        };
        let now = self.parameters.snapshot()?;
        for (name, value) in &now {
            let same = bits(value)? == bits(&before[name])?;
            let trainable = self.parameters.trainable().contains_key(name);
            let moves = fresh && rate(&self.config, group(&self.config, name)) > 0.0;
            if trainable && same && moves {
                return Err(wrong("trainable", name, "not changed"));
            }
            if !trainable && !same {
                return Err(wrong("frozen", name, "changed"));
            }
        }
        Ok(())
    }

    /// Measures the held-out classes and keeps the model if it is the best; whether the run's patience is over.
    fn validate(
        &mut self,
        log: &mut CsvLog,
        event_file: &mut EventFile,
        events: &mut dyn FnMut(Event),
    ) -> Result<bool, TrainError> {
        let evaluated = Evaluated {
            network: &self.evaluated,
            config: &self.model_config,
            device: &self.device,
            workers: &self.workers,
        };
        let report = evaluated.validate(&self.data.validation)?;
        let best = self.best.validated(&report);
        if best {
            // Before its line is in the log: a run that is killed between the two validates again.
            self.checkpoint()?.write(&self.folder.best())?;
        }
        let each: Vec<String> = report
            .sets
            .iter()
            .map(|(name, set)| format!("{name}={:.4}", set.metrics.recall_at_1()))
            .collect();
        let (harmonic, unified) = (report.harmonic.recall_at[0], report.unified.recall_at_1());
        log.line(&format!(
            "{},{harmonic:.4},{unified:.4},{}",
            self.done,
            each.join(" ")
        ))?;
        event_file.scalars(
            self.done,
            &[
                ("validation/harmonic_r1", harmonic as f32),
                ("validation/unified_r1", unified as f32),
            ],
        )?;
        events(Event::Validated {
            step: self.done,
            report: Box::new(report),
            best,
        });
        let validations = self.config.patience;
        let lost = self.best.lost(validations);
        if lost {
            events(Event::Lost { validations });
        }
        Ok(lost)
    }

    /// The model as it is now.
    fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        let provenance = serde_json::json!({
            "program": concat!("puma ", env!("CARGO_PKG_VERSION")),
            "start": self.start,
            "steps": self.done,
            "training": self.config,
        });
        Ok(Checkpoint {
            config: self.model_config.clone(),
            tensors: self.parameters.snapshot()?,
            provenance,
        })
    }

    /// Writes the model, then the state that belongs to it.
    fn save(&self) -> Result<(), TrainError> {
        self.checkpoint()?.write(&self.folder.checkpoint())?;
        let run = Identity {
            config: &self.config,
            start: &self.start,
            photos: &self.photos,
        };
        let path = self.folder.state();
        state::save(&path, &run, &self.optimizer, self.loss.as_ref())
    }
}

/// The group whose learning rate the parameter `name` of the model has.
fn group(config: &TrainConfig, name: &str) -> Group {
    if config.method == Method::FineTuning && name.starts_with("vit.") {
        Group::Backbone
    } else if name == "prompt_pool.prompts" {
        Group::Prompts
    } else if name.starts_with("prompt_pool.") {
        Group::Pool
    } else {
        Group::Model
    }
}

/// The learning rate of a group before the schedule.
fn rate(config: &TrainConfig, group: Group) -> f64 {
    match group {
        Group::Model => config.learning_rate,
        Group::Backbone => config.backbone_learning_rate,
        Group::Pool => config.pool_rate_factor * config.learning_rate,
        Group::Prompts => {
            config.prompt_rate_factor * config.pool_rate_factor * config.learning_rate
        }
        Group::Proxies => config.proxy_learning_rate,
    }
}

fn bits(tensor: &Tensor) -> Result<Vec<u32>, TrainError> {
    let values = tensor
        .to_device(&Device::Cpu)?
        .flatten_all()?
        .to_vec1::<f32>()?;
    Ok(values.into_iter().map(f32::to_bits).collect())
}
