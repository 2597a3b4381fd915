use crate::eval::Report;
use crate::figures::Profile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What came out for one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MethodResult {
    /// The method's name.
    pub name: String,
    /// A line for each of its runs that is done; one for what is not trained.
    pub seeds: Vec<SeedResult>,
    /// Runs that the configuration asks for.
    #[serde(default)]
    pub runs: usize,
}

/// What came out of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// The run's seed; none for what is not trained.
    pub seed: Option<u64>,
    /// R@1 of each set by itself, a fraction of 1.
    pub recall_at_1: BTreeMap<String, f64>,
    /// MAP@R of each set by itself, a fraction of 1.
    pub map_at_r: BTreeMap<String, f64>,
    /// Harmonic mean of `recall_at_1`.
    pub harmonic: f64,
    /// R@1 of all photos in one gallery.
    pub unified: f64,
    /// MAP@R of all photos in one gallery.
    pub unified_map_at_r: f64,
    /// Parameters that were trained, of all models together.
    pub trained_parameters: usize,
    /// Steps done of all models together.
    pub steps: usize,
    /// Time of training in seconds.
    pub training_s: f64,
    /// Processor time of training in seconds, where the system tells it.
    pub training_cpu_s: Option<f64>,
    /// Largest memory while training in bytes, where the system tells it; never a GPU's.
    pub memory_bytes: Option<u64>,
    /// Whether it was trained on a GPU.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_gpu: bool,
    /// Test photos that could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread_test_photos: usize,
    /// Training photos that could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread_training_photos: usize,
    /// How a set is told from a photo's prompt similarities alone, a fraction of 1; none without a pool.
    pub sets_told_apart: Option<f64>,
    /// Mean prompt similarities of each set; empty without a pool.
    pub profiles: Vec<Profile>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A method's name as files and folders have it: letters, digits and hyphens.
pub(super) fn folder_name(name: &str) -> String {
    let mut folder = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_alphanumeric() {
            folder.push(letter);
        } else if !folder.is_empty() && !folder.ends_with('-') {
            folder.push('-');
        }
    }
    folder.trim_end_matches('-').to_owned()
}

impl SeedResult {
    /// The figures of a report; nothing about the training yet.
    pub fn of(report: &Report) -> Self {
        let each = |figure: &dyn Fn(&crate::eval::Metrics) -> f64| {
            let sets = report.sets.iter();
            sets.map(|(name, set)| (name.clone(), figure(&set.metrics)))
                .collect()
        };
        Self {
            seed: None,
            recall_at_1: each(&|metrics| metrics.recall_at_1()),
            map_at_r: each(&|metrics| metrics.map_at_r),
            harmonic: report.harmonic.recall_at[0],
            unified: report.unified.recall_at_1(),
            unified_map_at_r: report.unified.map_at_r,
            trained_parameters: 0,
            steps: 0,
            training_s: 0.0,
            training_cpu_s: None,
            memory_bytes: None,
            on_gpu: false,
            unread_test_photos: 0,
            unread_training_photos: 0,
            sets_told_apart: None,
            profiles: report.profiles.clone(),
        }
    }
}

impl MethodResult {
    /// The name as files and folders have it.
    pub fn folder(&self) -> String {
        folder_name(&self.name)
    }

    /// Mean and, with several runs, the largest distance from it, of a figure.
    pub fn mean(&self, figure: impl Fn(&SeedResult) -> f64) -> (f64, Option<f64>) {
        let values: Vec<f64> = self.seeds.iter().map(figure).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let spread = values.iter().map(|value| (value - mean).abs());
        let spread = spread.fold(0.0, f64::max);
        (mean, (values.len() > 1).then_some(spread))
    }
}
