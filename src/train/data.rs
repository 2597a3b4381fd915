use super::TrainError;
use super::config::TrainConfig;
use super::seed::{Purpose, named_generator};
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

    /// Which photos have which class, as 64 hexadecimal digits: BLAKE3 of the samples' paths below `root` and their labels,
    /// in their order. Neither where `root` lies nor what the photos show goes into it.
    pub fn fingerprint(&self, root: &Path) -> String {
        let mut hasher = blake3::Hasher::new();
        for sample in &self.samples {
            let path = sample.path.strip_prefix(root).unwrap_or(&sample.path);
            for part in path {
                hasher.update(part.as_encoded_bytes()).update(b"/");
            }
            hasher.update(b"\0").update(&sample.label.to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Keeps as many photos of each class as the configuration asks for, drawn by its seed and the class's name: a run on
    /// some of the sets trains on the same photos of them as a run on all.
    fn keep_shots(&mut self, config: &TrainConfig) {
        if config.shots == 0 {
            return;
        }
        let samples = std::mem::take(&mut self.samples);
        for class in samples.chunk_by(|one, other| one.label == other.label) {
            let mut class = class.to_vec();
            let label = class.first().map_or(0, |sample| sample.label as usize);
            let name = &self.classes[label];
            class.shuffle(&mut named_generator(config.seed, Purpose::Shots, name));
            class.truncate(config.shots);
            self.samples.extend(class);
        }
    }

    /// Adds the training classes of one set; every k-th of them, from the middle of each k, is held out, unless that is one
    /// class alone.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use tempfile::TempDir;

    /// Empty files in the training classes of sets `(name, training classes, photos of a class)`, and as many test classes.
    fn root(sets: &[(&str, usize, usize)]) -> TempDir {
        let root = TempDir::new().unwrap();
        for (set, classes, photos) in sets {
            for class in 0..2 * classes {
                let folder = root.path().join(format!("{set}/{class:02}"));
                std::fs::create_dir_all(&folder).unwrap();
                for photo in 0..*photos {
                    std::fs::write(folder.join(format!("{photo:02}.jpg")), "").unwrap();
                }
            }
        }
        root
    }

    /// The training photos of each class.
    fn drawn(root: &TempDir, config: &TrainConfig) -> BTreeMap<String, Vec<PathBuf>> {
        let data = TrainingData::read(root.path(), config).unwrap();
        let mut drawn: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for sample in data.samples {
            let name = data.classes[sample.label as usize].clone();
            drawn.entry(name).or_default().push(sample.path);
        }
        drawn
    }

    fn few(shots: usize) -> TrainConfig {
        TrainConfig {
            shots,
            validation: 0.0,
            ..TrainConfig::default()
        }
    }

    #[test]
    fn as_many_photos_of_each_class_are_drawn_as_asked_for() {
        let root = root(&[("a", 3, 20), ("b", 2, 3)]);
        let all = drawn(&root, &few(0));
        for shots in [1, 2, 4, 8, 16] {
            let some = drawn(&root, &few(shots));
            assert_eq!(some.len(), 5);
            for (class, photos) in some {
                let most = if class.starts_with("a/") { 20 } else { 3 };
                assert_eq!(photos.len(), shots.min(most), "{class}");
                let mut distinct = photos.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), photos.len(), "{class}");
                assert!(distinct.iter().all(|photo| all[&class].contains(photo)));
            }
        }
    }

    #[test]
    fn the_photos_drawn_of_a_class_do_not_depend_on_the_other_classes() {
        let root = root(&[("a", 2, 20), ("b", 3, 20)]);
        let whole = drawn(&root, &few(4));
        let only = TrainConfig {
            only: vec!["b".into()],
            ..few(4)
        };
        let held_out = TrainConfig {
            validation: 0.5,
            ..few(4)
        };
        for (config, classes) in [(only, 3), (held_out, 3)] {
            let some = drawn(&root, &config);
            assert_eq!(some.len(), classes);
            for (class, photos) in some {
                assert_eq!(photos, whole[&class], "{class}");
            }
        }
        assert_eq!(drawn(&root, &few(4)), whole);
        let seed = TrainConfig { seed: 1, ..few(4) };
        for (class, photos) in drawn(&root, &seed) {
            assert_ne!(photos, whole[&class], "{class}");
        }
    }

    #[test]
    fn a_set_is_validated_on_from_two_held_out_classes_on() {
        for (validation, least) in [(0.1, 16), (0.25, 6)] {
            let config = TrainConfig {
                validation,
                ..TrainConfig::default()
            };
            for (classes, held_out) in [(least - 1, 0), (least, 2)] {
                let root = root(&[("a", classes, 2)]);
                let data = TrainingData::read(root.path(), &config).unwrap();
                let found: usize = data.validation.iter().map(|set| set.classes.len()).sum();
                assert_eq!(found, held_out, "{classes} classes at {validation}");
                assert_eq!(data.classes.len(), classes - held_out);
            }
        }
    }

    #[test]
    fn the_fingerprint_knows_which_photos_there_are_and_not_where() {
        let fingerprint = |root: &TempDir| {
            let data = TrainingData::read(root.path(), &few(0)).unwrap();
            data.fingerprint(root.path())
        };
        let [one, other] = [(); 2].map(|()| root(&[("a", 2, 3)]));
        let before = fingerprint(&one);
        assert_eq!(before, fingerprint(&other));
        let photo = other.path().join("a/00/00.jpg");
        std::fs::rename(&photo, other.path().join("a/00/03.jpg")).unwrap();
        assert_ne!(before, fingerprint(&other));
    }
}
