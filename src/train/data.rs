use super::TrainError;
use super::config::TrainConfig;
use super::seed::{Purpose, generator};
use crate::eval::{self, Part, PhotoSet};
use rand::seq::SliceRandom;
use std::path::{Path, PathBuf};

/// One photo to train on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// Its class, counted over all sets.
    pub label: u32,
}

/// The training classes of all sets, mixed, and the part of them that is held out.
pub struct TrainingData {
    /// Photos to train on.
    pub samples: Vec<Sample>,
    /// Names of the classes, `SET/CLASS`, in the order of the labels.
    pub classes: Vec<String>,
    /// Held-out classes by set; empty where nothing is held out.
    pub validation: Vec<PhotoSet>,
}

impl TrainingData {
    /// Reads `ROOT/SET/CLASS/*` and the published sets in `ROOT`, takes the training half of each set's classes and holds
    /// out the validation part.
    ///
    /// # Errors
    /// A missing root, an empty set, a set of `without` or `only` that is not there, a class of one picture in a
    /// `SET/CLASS` folder, or a damaged published set.
    pub fn read(root: &Path, config: &TrainConfig) -> Result<Self, TrainError> {
        let mut sets = eval::read_sets(root)?;
        for name in config.without.iter().chain(&config.only) {
            if !sets.iter().any(|set| &set.name == name) {
                let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
                return Err(TrainError::Data(format!(
                    "{} has no set {name}; there are {}",
                    root.display(),
                    names.join(", ")
                )));
            }
        }
        sets.retain(|set| !config.without.contains(&set.name));
        if !config.only.is_empty() {
            sets.retain(|set| config.only.contains(&set.name));
        }
        let mut data = Self {
            samples: Vec::new(),
            classes: Vec::new(),
            validation: Vec::new(),
        };
        for set in &sets {
            data.add(&set.filled_part(Part::Train)?, config.validation)?;
        }
        data.keep_shots(config);
        if data.classes.len() < 2 {
            return Err(TrainError::Data(format!(
                "{} has {} training classes, at least 2 are needed",
                root.display(),
                data.classes.len()
            )));
        }
        Ok(data)
    }

    /// Keeps as many photos of each class as the configuration asks for, drawn by its seed.
    fn keep_shots(&mut self, config: &TrainConfig) {
        if config.shots == 0 {
            return;
        }
        let samples = std::mem::take(&mut self.samples);
        for class in samples.chunk_by(|one, other| one.label == other.label) {
            let mut class = class.to_vec();
            let label = class.first().map_or(0, |sample| u64::from(sample.label));
            class.shuffle(&mut generator(config.seed, Purpose::Shots, label));
            class.truncate(config.shots);
            self.samples.extend(class);
        }
    }

    /// Adds the training classes of one set; every k-th of them, from the middle of each k, is held out.
    fn add(&mut self, set: &PhotoSet, held_out: f64) -> Result<(), TrainError> {
        let mut validation = PhotoSet::new(set.name.clone(), Vec::new());
        let mut due = 0.5;
        for class in &set.classes {
            // Published sets are taken as they are.
            if class.files.len() < 2 && set.official.is_none() {
                return Err(TrainError::Data(format!(
                    "class {}/{} has {} picture; a class needs at least 2, so add some or remove the folder",
                    set.name,
                    class.name,
                    class.files.len()
                )));
            }
            due += held_out;
            if due >= 1.0 && class.files.len() > 1 {
                due -= 1.0;
                validation.classes.push(class.clone());
                continue;
            }
            let label = self.classes.len() as u32;
            self.classes.push(format!("{}/{}", set.name, class.name));
            let files = class.files.iter();
            self.samples.extend(files.map(|path| Sample {
                path: path.clone(),
                label,
            }));
        }
        // One class alone cannot be told from another.
        if validation.classes.len() > 1 {
            self.validation.push(validation);
        } else {
            for class in validation.classes {
                let label = self.classes.len() as u32;
                self.classes.push(format!("{}/{}", set.name, class.name));
                self.samples
                    .extend(class.files.into_iter().map(|path| Sample { path, label }));
            }
        }
        Ok(())
    }
}
