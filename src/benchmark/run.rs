use super::bench::Bench;
use super::comparison::Comparison;
use super::config::{BenchmarkConfig, MethodConfig};
use super::error::BenchmarkError;
use super::grid::Grid;
use super::measured::MethodResult;
use super::stored::Stored;
use crate::model::Checkpoint;
use crate::train::Event;
use candle_core::Device;
use std::path::Path;
use std::sync::atomic::AtomicBool;

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
    /// A test photo could not be read and is not measured.
    Unread {
        /// The file.
        path: &'a Path,
        /// What is wrong with it.
        reason: &'a str,
    },
    /// A chosen method could not be trained or measured; the others go on.
    Failed {
        /// The method.
        method: &'a MethodConfig,
        /// Why.
        error: BenchmarkError,
    },
    /// The result of a method that was not chosen is damaged or of another configuration, and not in the report.
    LeftOut {
        /// The method.
        method: &'a MethodConfig,
        /// Why.
        error: BenchmarkError,
    },
}

/// How a benchmark ended.
pub struct BenchmarkOutcome {
    /// Every method of the configuration that has a result.
    pub comparison: Comparison,
    /// Names of the chosen methods that failed.
    pub failed: Vec<String>,
    /// Whether it was stopped before its end; the same call goes on with it.
    pub stopped: bool,
}

/// Trains and measures every chosen method of `config` that has no result in `files.out` yet, and writes the report of all
/// methods that have one, chosen or not: after each method, and where `stop` ends it early.
///
/// A method that cannot be trained or measured, or whose result belongs to another configuration, is told of and leaves the
/// others to go on. Without a single result no report is written.
///
/// # Errors
/// A set that is missing, or a report that cannot be written.
pub fn run(
    config: &BenchmarkConfig,
    files: &Files,
    device: &Device,
    stop: &AtomicBool,
    events: &mut dyn FnMut(BenchmarkEvent),
) -> Result<BenchmarkOutcome, BenchmarkError> {
    let bench = Bench::new(&config.sets, files, device, stop)?;
    let mut results: Vec<Vec<Option<Stored>>> = config
        .methods
        .iter()
        .map(|method| known(&bench, method, events))
        .collect();
    let report = |results: &[Vec<Option<Stored>>]| {
        let mut comparison = Comparison::new(&bench.tests, files.data);
        for (method, runs) in config.methods.iter().zip(results) {
            add(&mut comparison, method, runs);
        }
        if !comparison.methods.is_empty() {
            comparison.write(files.out)?;
        }
        Ok::<_, BenchmarkError>(comparison)
    };
    let mut written = None;
    let (mut failed, mut stopped) = (Vec::new(), false);
    for (at, method) in config.methods.iter().enumerate() {
        if stopped || !method.chosen {
            continue;
        }
        let before = results[at].iter().flatten().count();
        for (place, seed) in method.runs().into_iter().enumerate() {
            match bench.seed(method, seed, events) {
                Ok(Some(stored)) => results[at][place] = Some(stored),
                Ok(None) => {
                    stopped = true;
                    break;
                }
                Err(error) => {
                    failed.push(method.name.clone());
                    events(BenchmarkEvent::Failed { method, error });
                    break;
                }
            }
        }
        if results[at].iter().flatten().count() > before {
            written = Some(report(&results)?);
        }
    }
    let comparison = match written {
        Some(comparison) => comparison,
        None => report(&results)?,
    };
    Ok(BenchmarkOutcome {
        comparison,
        failed,
        stopped,
    })
}

/// The results of a method's runs that are there already.
fn known(
    bench: &Bench,
    method: &MethodConfig,
    events: &mut dyn FnMut(BenchmarkEvent),
) -> Vec<Option<Stored>> {
    let runs = method.runs().into_iter();
    runs.map(|seed| match bench.known(method, seed) {
        Ok(stored) => stored,
        Err(error) => {
            // A chosen method is told of in its turn.
            if !method.chosen {
                events(BenchmarkEvent::LeftOut { method, error });
            }
            None
        }
    })
    .collect()
}

/// Adds what is there of a method.
fn add(comparison: &mut Comparison, method: &MethodConfig, runs: &[Option<Stored>]) {
    let done: Vec<&Stored> = runs.iter().flatten().collect();
    if done.is_empty() {
        return;
    }
    let grid = done.iter().find(|stored| !stored.grid.rows.is_empty());
    let grid = grid.map_or_else(Grid::default, |stored| stored.grid.clone());
    let result = MethodResult {
        name: method.name.clone(),
        seeds: done.iter().map(|stored| stored.result.clone()).collect(),
        runs: runs.len(),
    };
    comparison.add(result, grid);
}
