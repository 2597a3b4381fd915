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
    /// A damaged one, or one that belongs to another `key`; the text names the first field that differs, what it is in the
    /// file and what is expected.
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
        if let Some(difference) = difference(&completed(&stored.key), key) {
            return Err(wrong(format!("it belongs to another run ({difference})")));
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

/// The first field, or field of a field, in which a stored key differs from the expected one, with both values.
fn difference(stored: &serde_json::Value, expected: &serde_json::Value) -> Option<String> {
    let (Some(a), Some(b)) = (stored.as_object(), expected.as_object()) else {
        return (stored != expected).then(|| format!(" is {stored} there, {expected} now"));
    };
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().find_map(|name| {
        let null = serde_json::Value::Null;
        let (a, b) = (a.get(name).unwrap_or(&null), b.get(name).unwrap_or(&null));
        difference(a, b).map(|inner| match inner.starts_with(' ') {
            true => format!("{name}{inner}"),
            false => format!("{name}.{inner}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_is_named_with_both_values() {
        let stored = json!({ "seed": 0, "training": { "rank": 4, "width": 8 } });
        assert_eq!(difference(&stored, &stored), None);
        let expected = json!({ "seed": 0, "training": { "rank": 5, "width": 8 } });
        assert_eq!(
            difference(&stored, &expected).unwrap(),
            "training.rank is 4 there, 5 now"
        );
        // A key of an older version lacks a field, or has no training.
        let expected = json!({ "photos": "0a1b", "seed": 0, "training": null });
        assert_eq!(
            difference(&stored, &expected).unwrap(),
            "photos is null there, \"0a1b\" now"
        );
        let stored = json!({ "photos": "0a1b", "seed": 0, "training": { "rank": 4 } });
        assert_eq!(
            difference(&stored, &expected).unwrap(),
            "training is {\"rank\":4} there, null now"
        );
    }
}
