use super::averaged::average;
use super::comparison::Comparison;
use super::config::{BenchmarkConfig, MethodConfig, Subject};
use super::effort::Effort;
use super::error::BenchmarkError;
use super::grid::Grid;
use super::measured::{MethodResult, SeedResult};
use super::stored::Stored;
use super::telling::sets_told_apart;
use crate::eval::{
    EmbeddedSets, EmbeddingKind, Harmonic, Part, PhotoSet, choose_sets, embed_sets, read_sets,
    report,
};
use crate::model::{Checkpoint, Puma};
use crate::train::{Event, TrainConfig, Trainer};
use candle_core::Device;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a benchmark works on.
pub struct Files<'a> {
    /// Root of the sets.
    pub data: &'a Path,
    /// The backbone that every method starts from.
    pub start: &'a Checkpoint,
    /// Folder of runs, results and the report.
    pub out: &'a Path,
}

/// What happens in a benchmark, as it happens.
pub enum BenchmarkEvent<'a> {
    /// A run of a method begins, or is known from before.
    Run {
        /// The method.
        method: &'a MethodConfig,
        /// The run's seed.
        seed: Option<u64>,
        /// Whether its result is there already.
        known: bool,
    },
    /// A model of it is being trained; steps of a set's own model are of that model.
    Training {
        /// The set that it is trained on, if it is one alone.
        set: Option<&'a str>,
        /// What happens.
        event: Event,
    },
    /// Test photos are embedded.
    Embedding {
        /// Photos done.
        done: usize,
        /// Photos in all.
        photos: usize,
    },
}

/// Everything that the runs of one benchmark share.
struct Bench<'a> {
    files: &'a Files<'a>,
    device: &'a Device,
    stop: &'a AtomicBool,
    /// Names of the sets.
    names: Vec<String>,
    tests: Vec<PhotoSet>,
}

/// Trains and measures every method of `config` that has no result in `files.out` yet.
///
/// `None` where `stop` ended it early: what is done is kept, and the same call goes on with it.
///
/// # Errors
/// A set that is missing, a method that cannot be trained, or a result that belongs to another configuration.
pub fn run(
    config: &BenchmarkConfig,
    files: &Files,
    device: &Device,
    stop: &AtomicBool,
    events: &mut dyn FnMut(BenchmarkEvent),
) -> Result<Option<Comparison>, BenchmarkError> {
    let mut sets = read_sets(files.data)?;
    if !config.sets.is_empty() {
        sets = choose_sets(sets, &config.sets)?;
    }
    let bench = Bench {
        files,
        device,
        stop,
        names: sets.iter().map(|set| set.name.clone()).collect(),
        tests: sets
            .iter()
            .map(|set| set.filled_part(Part::Test))
            .collect::<Result<_, _>>()?,
    };
    let mut comparison = Comparison::new(&bench.tests, files.data);
    for method in &config.methods {
        let seeds: Vec<Option<u64>> = if method.seeds.is_empty() {
            vec![None]
        } else {
            method.seeds.iter().copied().map(Some).collect()
        };
        let mut result = MethodResult {
            name: method.name.clone(),
            seeds: Vec::new(),
        };
        let mut grid = Grid::default();
        for seed in seeds {
            let Some(stored) = bench.seed(method, seed, events)? else {
                return Ok(None);
            };
            result.seeds.push(stored.result);
            if grid.rows.is_empty() {
                grid = stored.grid;
            }
        }
        comparison.add(result, grid);
    }
    Ok(Some(comparison))
}

impl Bench<'_> {
    /// The result of one run, from before or made now; `None` where it was stopped.
    fn seed(
        &self,
        method: &MethodConfig,
        seed: Option<u64>,
        events: &mut dyn FnMut(BenchmarkEvent),
    ) -> Result<Option<Stored>, BenchmarkError> {
        let mut folder = self.files.out.join(method.folder());
        if let Some(seed) = seed {
            folder = folder.join(format!("seed-{seed}"));
        }
        let path = folder.join("result.json");
        let key = self.key(method, seed)?;
        let known = Stored::read(&path, &key)?;
        events(BenchmarkEvent::Run {
            method,
            seed,
            known: known.is_some(),
        });
        if known.is_some() {
            return Ok(known);
        }
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
        let stored = self.stored(made, seed, key)?;
        stored.write(&path)?;
        Ok(Some(stored))
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
            Subject::Checkpoint(path) => Puma::load(path, &Device::Cpu)?,
            _ => Puma::from_checkpoint(self.files.start, &Device::Cpu)?,
        };
        let photos: Vec<usize> = self.tests.iter().map(PhotoSet::photos).collect();
        Ok(serde_json::json!({
            "training": training,
            "each_set": matches!(method.subject, Subject::Specialised(_)),
            "seed": seed,
            "model": model.fingerprint(),
            "sets": self.names,
            "test_photos": photos,
        }))
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
            only: if config.only.is_empty() && config.without.is_empty() {
                self.names.clone()
            } else {
                config.only.clone()
            },
            ..config.clone()
        };
        let Some(model) = self.train(
            method,
            &config,
            &folder.join("run"),
            None,
            &mut effort,
            events,
        )?
        else {
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
        let failed = |error| BenchmarkError::Train {
            method: method.name.clone(),
            source: Box::new(error),
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
                sets_told_apart: sets_told_apart(&made.embedded.sets),
                ..SeedResult::of(&merged)
            },
            grid: Grid::of(&made.embedded, self.files.data),
        })
    }
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
    Ok(EmbeddedSets {
        sets: average(&sets)?,
        files: models
            .first()
            .map(|model| model.files.clone())
            .unwrap_or_default(),
        failed: Vec::new(),
    })
}
