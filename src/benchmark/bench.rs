use super::averaged::average;
use super::config::{MethodConfig, Subject};
use super::effort::Effort;
use super::error::BenchmarkError;
use super::grid::Grid;
use super::measured::SeedResult;
use super::photos::PhotoHashes;
use super::run::{BenchmarkEvent, Files};
use super::stored::Stored;
use super::telling::sets_told_apart;
use crate::eval::{
    EmbeddedSets, EmbeddingKind, EvalError, FailedFile, Harmonic, Part, PhotoSet, choose_sets,
    embed_sets, read_sets, report,
};
use crate::model::{Checkpoint, Puma};
use crate::train::{TrainConfig, TrainError, Trainer};
use candle_core::Device;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Everything that the runs of one benchmark share.
pub struct Bench<'a> {
    files: &'a Files<'a>,
    device: &'a Device,
    stop: &'a AtomicBool,
    /// Names of the sets.
    names: Vec<String>,
    /// Test photos of the sets.
    pub tests: Vec<PhotoSet>,
    hashes: PhotoHashes,
    /// Fingerprint of the backbone that every method starts from.
    start: String,
}

impl<'a> Bench<'a> {
    /// On the sets of these names, or on all where there are none.
    pub fn new(
        sets: &[String],
        files: &'a Files,
        device: &'a Device,
        stop: &'a AtomicBool,
    ) -> Result<Self, BenchmarkError> {
        let all = read_sets(files.data)?;
        let sets = match sets {
            [] => all.clone(),
            names => choose_sets(all.clone(), names)?,
        };
        let tests = sets
            .iter()
            .map(|set| set.filled_part(Part::Test))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            files,
            device,
            stop,
            names: sets.iter().map(|set| set.name.clone()).collect(),
            hashes: PhotoHashes::of(files.data, &all, &tests),
            tests,
            start: fingerprint(files.start)?,
        })
    }

    /// The result of one run from before, if there is one.
    pub fn known(
        &self,
        method: &MethodConfig,
        seed: Option<u64>,
    ) -> Result<Option<Stored>, BenchmarkError> {
        let path = self.folder(method, seed).join("result.json");
        let there = path.try_exists();
        if !there.map_err(|error| BenchmarkError::io(&path, error))? {
            return Ok(None);
        }
        Stored::read(&path, &self.key(method, seed)?)
    }

    /// The result of one run, from before or made now; `None` where it was stopped.
    pub fn seed(
        &self,
        method: &MethodConfig,
        seed: Option<u64>,
        events: &mut dyn FnMut(BenchmarkEvent),
    ) -> Result<Option<Stored>, BenchmarkError> {
        let known = self.known(method, seed)?;
        events(BenchmarkEvent::Run {
            method,
            seed,
            known: known.is_some(),
        });
        if known.is_some() {
            return Ok(known);
        }
        let folder = self.folder(method, seed);
        let key = self.key(method, seed)?;
        std::fs::create_dir_all(&folder).map_err(|error| BenchmarkError::io(&folder, error))?;
        let made = match &method.subject {
            Subject::Backbone => {
                let puma = Puma::from_checkpoint(self.files.start, self.device)?;
                self.measure(&puma, EmbeddingKind::Cls, events)?
                    .map(Measured::single)
            }
            Subject::Checkpoint(path) => {
                let puma = Puma::load(path, self.device)?;
                self.measure(&puma, EmbeddingKind::Head, events)?
                    .map(Measured::single)
            }
            Subject::Unified(config) => self.unified(method, config, seed, &folder, events)?,
            Subject::Specialised(config) => {
                self.specialised(method, config, seed, &folder, events)?
            }
        };
        let Some(made) = made else {
            return Ok(None);
        };
        for FailedFile { path, reason } in &made.embedded.failed {
            events(BenchmarkEvent::Unread { path, reason });
        }
        let stored = self.stored(made, seed, key)?;
        stored.write(&folder.join("result.json"))?;
        Ok(Some(stored))
    }

    fn folder(&self, method: &MethodConfig, seed: Option<u64>) -> PathBuf {
        let folder = self.files.out.join(method.folder());
        match seed {
            Some(seed) => folder.join(format!("seed-{seed}")),
            None => folder,
        }
    }

    /// What a result has to agree with to be taken for this run's.
    fn key(
        &self,
        method: &MethodConfig,
        seed: Option<u64>,
    ) -> Result<serde_json::Value, BenchmarkError> {
        let training = method.training().map(|config| TrainConfig {
            // Neither changes what comes out.
            threads: 0,
            recompute: false,
            ..config.clone()
        });
        let model = match &method.subject {
            Subject::Checkpoint(path) => Puma::load(path, &Device::Cpu)?.fingerprint().to_owned(),
            _ => self.start.clone(),
        };
        let photos: Vec<usize> = self.tests.iter().map(PhotoSet::photos).collect();
        Ok(serde_json::json!({
            "training": training,
            "each_set": matches!(method.subject, Subject::Specialised(_)),
            "seed": seed,
            "model": model,
            "sets": self.names,
            "test_photos": photos,
            "photos": self.hashes.key(&self.trained_sets(method)?),
        }))
    }

    /// The sets that a method is trained on: of those of the benchmark, unless its settings name others.
    fn trained_sets(&self, method: &MethodConfig) -> Result<Vec<String>, BenchmarkError> {
        let config = match &method.subject {
            Subject::Backbone | Subject::Checkpoint(_) => return Ok(Vec::new()),
            Subject::Specialised(_) => return Ok(self.names.clone()),
            Subject::Unified(config) if !config.only.is_empty() => return Ok(config.only.clone()),
            Subject::Unified(config) => config,
        };
        let mut sets = self.names.clone();
        if let Some(name) = config.without.iter().find(|&name| !sets.contains(name)) {
            return Err(EvalError::UnknownSet {
                name: name.clone(),
                known: sets.join(", "),
            }
            .into());
        }
        sets.retain(|name| !config.without.contains(name));
        if sets.is_empty() {
            let reason = "training.without leaves no set of the benchmark to train on";
            return Err(BenchmarkError::Train {
                method: method.name.clone(),
                source: Box::new(TrainError::Data(reason.to_owned())),
            });
        }
        Ok(sets)
    }

    fn unified(
        &self,
        method: &MethodConfig,
        config: &TrainConfig,
        seed: Option<u64>,
        folder: &Path,
        events: &mut dyn FnMut(BenchmarkEvent),
    ) -> Result<Option<Measured>, BenchmarkError> {
        let mut effort = Effort::read(&folder.join("effort.json"));
        let config = TrainConfig {
            seed: seed.unwrap_or(config.seed),
            only: self.trained_sets(method)?,
            without: Vec::new(),
            ..config.clone()
        };
        let run = folder.join("run");
        let Some(model) = self.train(method, &config, &run, None, &mut effort, events)? else {
            return Ok(None);
        };
        let puma = Puma::load(&model, self.device)?;
        let embedded = self.measure(&puma, EmbeddingKind::Head, events)?;
        Ok(embedded.map(|embedded| Measured {
            effort,
            ..Measured::single(embedded)
        }))
    }

    fn specialised(
        &self,
        method: &MethodConfig,
        config: &TrainConfig,
        seed: Option<u64>,
        folder: &Path,
        events: &mut dyn FnMut(BenchmarkEvent),
    ) -> Result<Option<Measured>, BenchmarkError> {
        let mut effort = Effort::read(&folder.join("effort.json"));
        let mut models = Vec::with_capacity(self.names.len());
        for set in &self.names {
            let config = TrainConfig {
                seed: seed.unwrap_or(config.seed),
                only: vec![set.clone()],
                ..config.clone()
            };
            let run = folder.join(format!("run-{set}"));
            let Some(model) = self.train(method, &config, &run, Some(set), &mut effort, events)?
            else {
                return Ok(None);
            };
            models.push(model);
        }
        let mut embedded = Vec::with_capacity(models.len());
        for model in &models {
            let puma = Puma::load(model, self.device)?;
            match self.measure(&puma, EmbeddingKind::Head, events)? {
                Some(sets) => embedded.push(sets),
                None => return Ok(None),
            }
        }
        Ok(Some(Measured {
            each: Some(embedded.iter().map(|model| model.sets.clone()).collect()),
            ..Measured {
                effort,
                ..Measured::single(averaged(&embedded)?)
            }
        }))
    }

    /// Trains one model, or takes up where its training was stopped; `None` where it is stopped now.
    fn train(
        &self,
        method: &MethodConfig,
        config: &TrainConfig,
        run: &Path,
        set: Option<&str>,
        effort: &mut Effort,
        events: &mut dyn FnMut(BenchmarkEvent),
    ) -> Result<Option<PathBuf>, BenchmarkError> {
        let failed = |error| match error {
            TrainError::State { path, reason } => BenchmarkError::State {
                method: method.name.clone(),
                state: path,
                reason,
                // What the training took is noted beside the run.
                folder: run.parent().unwrap_or(run).to_owned(),
            },
            error => BenchmarkError::Train {
                method: method.name.clone(),
                source: Box::new(error),
            },
        };
        let resume = run.join("state.safetensors").exists();
        effort.begin();
        let mut trainer = Trainer::new(
            config.clone(),
            self.files.data,
            self.files.start,
            run,
            resume,
            self.device,
        )
        .map_err(failed)?;
        let outcome = trainer
            .run(self.stop, &mut |event| {
                effort.hear(&event);
                events(BenchmarkEvent::Training { set, event });
            })
            .map_err(failed)?;
        effort.end()?;
        let best = run.join("best.safetensors");
        let model = if config.patience > 0 && best.exists() {
            best
        } else {
            outcome.checkpoint
        };
        Ok((!outcome.stopped).then_some(model))
    }

    fn measure(
        &self,
        puma: &Puma,
        kind: EmbeddingKind,
        events: &mut dyn FnMut(BenchmarkEvent),
    ) -> Result<Option<EmbeddedSets>, BenchmarkError> {
        let photos = self.tests.iter().map(PhotoSet::photos).sum();
        let mut joined = EmbeddedSets {
            sets: Vec::new(),
            files: Vec::new(),
            failed: Vec::new(),
        };
        let mut before = 0;
        for set in &self.tests {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let one = embed_sets(puma, std::slice::from_ref(set), kind, &|_| {})?;
            before += set.photos();
            events(BenchmarkEvent::Embedding {
                done: before,
                photos,
            });
            joined.sets.extend(one.sets);
            joined.files.extend(one.files);
            joined.failed.extend(one.failed);
        }
        Ok(Some(joined))
    }

    fn stored(
        &self,
        made: Measured,
        seed: Option<u64>,
        key: serde_json::Value,
    ) -> Result<Stored, BenchmarkError> {
        let mut merged = report(&made.embedded.sets)?;
        if let Some(each) = &made.each {
            // A set is asked of its own model; the merged gallery of all of them together.
            for (at, model) in each.iter().enumerate() {
                let own = report(&model[at..=at])?;
                merged.sets.extend(own.sets);
            }
            merged.harmonic = Harmonic::of(merged.sets.values().map(|set| &set.metrics));
        }
        let effort = &made.effort;
        Ok(Stored {
            key,
            result: SeedResult {
                seed,
                trained_parameters: effort.parameters,
                steps: effort.steps,
                training_s: effort.wall_s,
                training_cpu_s: effort.cpu_s,
                memory_bytes: effort.memory_bytes,
                on_gpu: effort.parameters > 0 && !self.device.is_cpu(),
                unread_test_photos: made.embedded.failed.len(),
                unread_training_photos: effort.unread.len(),
                sets_told_apart: sets_told_apart(&made.embedded.sets),
                ..SeedResult::of(&merged)
            },
            grid: Grid::of(&made.embedded, self.files.data),
        })
    }
}

fn fingerprint(start: &Checkpoint) -> Result<String, BenchmarkError> {
    let puma = Puma::from_checkpoint(start, &Device::Cpu)?;
    Ok(puma.fingerprint().to_owned())
}

/// What a method's models made of the test photos.
struct Measured {
    /// In the merged gallery.
    embedded: EmbeddedSets,
    /// Of each set's own model, where there is one for each.
    each: Option<Vec<Vec<crate::eval::SetEmbeddings>>>,
    effort: Effort,
}

impl Measured {
    fn single(embedded: EmbeddedSets) -> Self {
        Self {
            embedded,
            each: None,
            effort: Effort::default(),
        }
    }
}

fn averaged(models: &[EmbeddedSets]) -> Result<EmbeddedSets, BenchmarkError> {
    let sets: Vec<_> = models.iter().map(|model| model.sets.clone()).collect();
    let first = models.first();
    // Every model is shown the same photos.
    Ok(EmbeddedSets {
        sets: average(&sets)?,
        files: first.map(|model| model.files.clone()).unwrap_or_default(),
        failed: first.map(|model| model.failed.clone()).unwrap_or_default(),
    })
}
