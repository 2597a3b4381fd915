use super::error::BenchmarkError;
use super::grid::Grid;
use super::measured::SeedResult;
use crate::files;
use crate::train::TrainConfig;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The result of one run as its file holds it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored {
    /// Configuration, start and photos that it belongs to.
    pub key: serde_json::Value,
    /// What came out.
    pub result: SeedResult,
    /// A few queries with their neighbours.
    pub grid: Grid,
}

impl Stored {
    /// Reads the result in `path`, if there is one.
    ///
    /// # Errors
    /// A damaged one, or one that belongs to another `key`.
    pub fn read(path: &Path, key: &serde_json::Value) -> Result<Option<Self>, BenchmarkError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BenchmarkError::io(path, error)),
        };
        let wrong = |reason: String| BenchmarkError::Result {
            path: path.to_owned(),
            reason,
        };
        let stored: Self = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("it is damaged ({error})")))?;
        if let Some(what) = difference(&completed(&stored.key), key) {
            return Err(wrong(format!("it belongs to a run with another {what}")));
        }
        Ok(Some(stored))
    }

    /// Writes it.
    pub fn write(&self, path: &Path) -> Result<(), BenchmarkError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| BenchmarkError::io(path, error.into()))?;
        files::replace(path, &[&text]).map_err(|error| BenchmarkError::io(path, error))
    }
}

/// A key of an older version of the program with the defaults of settings that it did not have yet.
fn completed(key: &serde_json::Value) -> serde_json::Value {
    let mut key = key.clone();
    if let Some(training) = key.get_mut("training")
        && let Ok(config) = serde_json::from_value::<TrainConfig>(training.clone())
    {
        *training = serde_json::json!(config);
    }
    key
}

/// The first field, or field of a field, in which two keys differ.
fn difference(one: &serde_json::Value, other: &serde_json::Value) -> Option<String> {
    let (Some(a), Some(b)) = (one.as_object(), other.as_object()) else {
        return (one != other).then(String::new);
    };
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().find_map(|name| {
        let null = serde_json::Value::Null;
        let (a, b) = (a.get(name).unwrap_or(&null), b.get(name).unwrap_or(&null));
        difference(a, b).map(|inner| match inner.as_str() {
            "" => name.clone(),
            inner => format!("{name}.{inner}"),
        })
    })
}
