use super::error::BenchmarkError;
use super::memory::{forget_peak, peak_bytes};
use crate::files;
use crate::train::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two writings of what a training has taken so far.
const WRITE_EVERY: Duration = Duration::from_secs(20);

/// What training took, over all models of a method and over all starts of the program.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Effort {
    /// Parameters that are trained, of all models.
    pub parameters: usize,
    /// Steps done, of all models.
    pub steps: usize,
    /// Training photos that could not be read.
    #[serde(default)]
    pub unread: BTreeSet<String>,
    /// Seconds.
    pub wall_s: f64,
    /// Seconds of processor time, where the system tells it.
    pub cpu_s: Option<f64>,
    /// Largest memory in bytes, where the system tells it.
    pub memory_bytes: Option<u64>,
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    since: Option<(Instant, Option<f64>)>,
    #[serde(skip)]
    written: Option<Instant>,
    /// Runs whose parameters are counted already.
    #[serde(default)]
    counted: usize,
    #[serde(skip)]
    runs: usize,
    /// Steps done of each run; every start of the program hears of all of them again.
    #[serde(skip)]
    done: Vec<usize>,
}

impl Effort {
    /// What earlier starts of the program noted in `path`; nothing where there is no such note.
    pub fn read(path: &Path) -> Self {
        let noted = std::fs::read(path).ok();
        let effort: Option<Self> = noted.and_then(|text| serde_json::from_slice(&text).ok());
        Self {
            path: path.to_owned(),
            ..effort.unwrap_or_default()
        }
    }

    /// A model's training begins.
    pub fn begin(&mut self) {
        forget_peak();
        self.since = Some((Instant::now(), cpu_s()));
        self.runs += 1;
        self.done.push(0);
    }

    /// Takes in what the training says of itself.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Data { parameters, .. } if self.counted < self.runs => {
                self.parameters += parameters;
                self.counted = self.runs;
            }
            Event::Resumed { steps: done } | Event::Step { step: done, .. } => {
                if let Some(last) = self.done.last_mut() {
                    *last = *done;
                }
                self.steps = self.done.iter().sum();
            }
            Event::Failed { path, .. } => {
                self.unread.insert(path.display().to_string());
            }
            _ => {}
        }
        if self.written.is_none_or(|at| at.elapsed() > WRITE_EVERY) {
            self.written = Some(Instant::now());
            if let Err(error) = self.note() {
                tracing::warn!("{error}");
            }
        }
    }

    /// The model's training has ended, or was stopped.
    pub fn end(&mut self) -> Result<(), BenchmarkError> {
        self.note()?;
        self.since = None;
        Ok(())
    }

    /// Adds the time since the last note and writes all of it down.
    fn note(&mut self) -> Result<(), BenchmarkError> {
        if let Some((since, cpu_before)) = self.since {
            let now = (Instant::now(), cpu_s());
            self.wall_s += (now.0 - since).as_secs_f64();
            if let (Some(now), Some(before)) = (now.1, cpu_before) {
                self.cpu_s = Some(self.cpu_s.unwrap_or(0.0) + now - before);
            }
            self.memory_bytes = self.memory_bytes.max(peak_bytes());
            self.since = Some(now);
        }
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        files::replace(&self.path, &[&text]).map_err(|error| BenchmarkError::io(&self.path, error))
    }
}

/// Processor time of this process so far in seconds, where the system tells it.
fn cpu_s() -> Option<f64> {
    let time = cpu_time::ProcessTime::try_now().ok()?;
    Some(time.as_duration().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Losses;

    fn step(step: usize) -> Event {
        let losses = Losses {
            metric: 1.0,
            penalty: 0.0,
            keep: 0.0,
            total: 1.0,
        };
        Event::Step {
            step,
            losses,
            pictures_per_s: 1.0,
        }
    }

    fn failed(path: &str) -> Event {
        Event::Failed {
            path: path.into(),
            reason: "no picture".into(),
        }
    }

    #[test]
    fn a_model_and_a_photo_are_counted_once_over_all_starts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("effort.json");
        let data = |parameters| Event::Data {
            samples: 1,
            classes: 2,
            held_out: 0,
            parameters,
            steps: 10,
        };
        let mut effort = Effort::read(&path);
        effort.begin();
        effort.hear(&data(5));
        effort.hear(&step(1));
        effort.hear(&failed("a.jpg"));
        effort.hear(&step(2));
        effort.end().unwrap();
        // Started again: the first model is known, the second is new. It ends before its ten steps.
        let mut effort = Effort::read(&path);
        effort.begin();
        effort.hear(&data(5));
        effort.hear(&Event::Resumed { steps: 2 });
        effort.hear(&failed("a.jpg"));
        effort.hear(&step(3));
        effort.end().unwrap();
        effort.begin();
        effort.hear(&data(7));
        (1..=4).for_each(|number| effort.hear(&step(number)));
        effort.hear(&failed("b.jpg"));
        effort.hear(&Event::Lost { validations: 1 });
        effort.end().unwrap();
        assert_eq!((effort.parameters, effort.steps), (12, 7));
        assert_eq!(effort.unread.len(), 2);
        assert!(effort.wall_s > 0.0);
    }
}
