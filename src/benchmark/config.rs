use super::BenchmarkError;
use super::measured::folder_name;
use crate::train::TrainConfig;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a benchmark compares: a TOML file.
///
/// `[training]` holds settings of [`TrainConfig`] for all methods; each `[[methods]]` has a name and its own settings,
/// which go before.
#[derive(Clone, Debug)]
pub struct BenchmarkConfig {
    /// Sets to use; all of the data where there are none.
    pub sets: Vec<String>,
    /// The methods in the order of the report.
    pub methods: Vec<MethodConfig>,
}

/// One method of a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodConfig {
    /// Its name in the report; also that of its folder.
    pub name: String,
    /// What is measured.
    pub subject: Subject,
    /// Seeds of its runs.
    pub seeds: Vec<u64>,
    /// Whether what it lacks is trained and measured; if not, the report has what is there.
    pub chosen: bool,
}

/// What a method measures.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The class token of the backbone that all methods start from.
    Backbone,
    /// A checkpoint that is there already.
    Checkpoint(PathBuf),
    /// A model trained on all sets together.
    Unified(Box<TrainConfig>),
    /// A model for each set, trained on it alone; asked about the merged gallery, their embeddings are averaged.
    Specialised(Box<TrainConfig>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    sets: Vec<String>,
    #[serde(default)]
    training: toml::Table,
    methods: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    backbone: bool,
    checkpoint: Option<PathBuf>,
    #[serde(default)]
    each_set: bool,
    #[serde(default)]
    training: toml::Table,
    #[serde(default)]
    seeds: Vec<u64>,
}

impl BenchmarkConfig {
    /// Reads a configuration; paths in it are taken from its own folder.
    ///
    /// # Errors
    /// Names the file and the field that is unknown or wrong.
    pub fn read(path: &Path) -> Result<Self, BenchmarkError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| BenchmarkError::io(path, error))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, folder).map_err(|reason| BenchmarkError::Config {
            path: path.to_owned(),
            reason,
        })
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let methods = file
            .methods
            .into_iter()
            .map(|entry| method(entry, &file.training, folder))
            .collect::<Result<Vec<_>, _>>()?;
        if methods.is_empty() {
            return Err("it names no method; add [[methods]] with a name".into());
        }
        let names: BTreeSet<String> = methods.iter().map(MethodConfig::folder).collect();
        if names.len() < methods.len() {
            return Err(
                "two methods have the same name, or names that differ in signs alone".into(),
            );
        }
        Ok(Self {
            sets: file.sets,
            methods,
        })
    }

    /// Has the methods of these names alone trained and measured; all of them stay in the report.
    ///
    /// # Errors
    /// A name that no method has, with those that there are.
    pub fn choose(&mut self, names: &[String]) -> Result<(), String> {
        for name in names {
            if !self.methods.iter().any(|method| &method.name == name) {
                let all: Vec<&str> = self.methods.iter().map(|m| m.name.as_str()).collect();
                return Err(format!(
                    "there is no method {name}; there are {}",
                    all.join(", ")
                ));
            }
        }
        for method in &mut self.methods {
            method.chosen = names.contains(&method.name);
        }
        Ok(())
    }
}

impl MethodConfig {
    /// The name of its folder: letters, digits and hyphens.
    pub fn folder(&self) -> String {
        folder_name(&self.name)
    }

    /// The seed of each of its runs; one run without a seed where nothing is trained.
    pub fn runs(&self) -> Vec<Option<u64>> {
        if self.seeds.is_empty() {
            return vec![None];
        }
        self.seeds.iter().copied().map(Some).collect()
    }

    /// How it is trained, if it is.
    pub fn training(&self) -> Option<&TrainConfig> {
        match &self.subject {
            Subject::Unified(config) | Subject::Specialised(config) => Some(config),
            Subject::Backbone | Subject::Checkpoint(_) => None,
        }
    }
}

fn method(entry: Entry, shared: &toml::Table, folder: &Path) -> Result<MethodConfig, String> {
    let name = entry.name;
    let wrong = |reason: &str| Err(format!("method {name}: {reason}"));
    let kinds = [entry.backbone, entry.checkpoint.is_some(), entry.each_set];
    if kinds.iter().filter(|kind| **kind).count() > 1 {
        return wrong("backbone, checkpoint and each_set exclude each other");
    }
    let untrained = entry.backbone || entry.checkpoint.is_some();
    let has_training = !entry.training.is_empty() || !entry.seeds.is_empty();
    if untrained && has_training {
        return wrong("it is not trained, so training and seeds have no place");
    }
    let mut seeds = entry.seeds;
    let subject = if let Some(checkpoint) = entry.checkpoint {
        Subject::Checkpoint(folder.join(checkpoint))
    } else if entry.backbone {
        Subject::Backbone
    } else {
        let mut table = shared.clone();
        table.extend(entry.training);
        if table.contains_key("seed") {
            return wrong("seeds are given as seeds = [0, 1, ..], not by training.seed");
        }
        let config: TrainConfig = table
            .try_into()
            .map_err(|error| format!("method {name}: {error}"))?;
        config
            .validate()
            .map_err(|error| format!("method {name}: {error}"))?;
        if seeds.is_empty() {
            seeds.push(0);
        }
        if entry.each_set && !(config.only.is_empty() && config.without.is_empty()) {
            return wrong(
                "each_set trains on each set by itself, so training.only and training.without have no place",
            );
        }
        if entry.each_set {
            Subject::Specialised(Box::new(config))
        } else {
            Subject::Unified(Box::new(config))
        }
    };
    let config = MethodConfig {
        name,
        subject,
        seeds,
        chosen: true,
    };
    if config.folder().is_empty() {
        return Err("a method has a name without a letter or digit".into());
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Method;

    #[test]
    fn settings_of_a_method_go_before_those_of_all() {
        let text = r#"
            [training]
            passes = 5
            batch = 90
            [[methods]]
            name = "Frozen backbone"
            backbone = true
            [[methods]]
            name = "LoRA"
            seeds = [3, 4]
            training = { method = "lora", batch = 48 }
            [[methods]]
            name = "Specialised"
            each_set = true
            training = { method = "fine-tuning" }
        "#;
        let config = BenchmarkConfig::parse(text, Path::new("")).unwrap();
        let [frozen, lora, specialised] = &config.methods[..] else {
            panic!("{:?}", config.methods)
        };
        assert_eq!(
            (&frozen.subject, frozen.folder().as_str()),
            (&Subject::Backbone, "frozen-backbone")
        );
        assert!(frozen.seeds.is_empty());
        let training = lora.training().unwrap();
        assert_eq!(
            (training.passes, training.batch, training.method),
            (5, 48, Method::Lora)
        );
        assert_eq!(lora.seeds, [3, 4]);
        assert!(matches!(specialised.subject, Subject::Specialised(_)));
        assert_eq!(specialised.seeds, [0]);
    }

    #[test]
    fn methods_that_are_not_chosen_stay() {
        let text =
            "[[methods]]\nname = 'a'\nseeds = [3, 4]\n[[methods]]\nname = 'b'\nbackbone = true";
        let mut config = BenchmarkConfig::parse(text, Path::new("")).unwrap();
        config.choose(&["b".into()]).unwrap();
        let chosen: Vec<bool> = config.methods.iter().map(|method| method.chosen).collect();
        assert_eq!(chosen, [false, true]);
        assert_eq!(config.methods[0].runs(), [Some(3), Some(4)]);
        assert_eq!(config.methods[1].runs(), [None]);
        let error = config.choose(&["c".into()]).unwrap_err();
        assert!(
            error.contains("no method c") && error.contains("a, b"),
            "{error}"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("methods = []", "no method"),
            (
                "[[methods]]\nname = 'a'\ntraining = { passses = 1 }",
                "passses",
            ),
            (
                "[[methods]]\nname = 'a'\ntraining = { passes = 0 }",
                "passes",
            ),
            (
                "[[methods]]\nname = 'a'\n[[methods]]\nname = 'A!'",
                "same name",
            ),
            (
                "[[methods]]\nname = 'a'\nbackbone = true\nseeds = [1]",
                "not trained",
            ),
            (
                "[[methods]]\nname = 'a'\nbackbone = true\neach_set = true",
                "exclude",
            ),
            ("[[methods]]\nname = '?'", "letter or digit"),
            (
                "[[methods]]\nname = 'a'\neach_set = true\ntraining = { only = ['x'] }",
                "training.only",
            ),
            (
                "[training]\nwithout = ['x']\n[[methods]]\nname = 'a'\neach_set = true",
                "training.without",
            ),
        ] {
            let error = BenchmarkConfig::parse(text, Path::new("")).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
