use crate::eval::{Part, PhotoSet};
use blake3::{Hash, Hasher};
use std::collections::BTreeMap;
use std::path::Path;

/// Hexadecimal digits of a hash.
const DIGITS: usize = 16;

/// Hashes of the photos of a benchmark: of their paths below the root, their classes and what they do, not of what they
/// show. They are the same wherever the root lies.
pub struct PhotoHashes {
    tests: Hash,
    /// Of the training photos of each set.
    training: BTreeMap<String, Hash>,
}

impl PhotoHashes {
    /// Of the test photos of `tests` and the training photos of all `sets` below `root`.
    pub fn of(root: &Path, sets: &[PhotoSet], tests: &[PhotoSet]) -> Self {
        let training = |set: &PhotoSet| {
            let photos = set.part(Part::Train);
            (set.name.clone(), hash(root, std::slice::from_ref(&photos)))
        };
        Self {
            tests: hash(root, tests),
            training: sets.iter().map(training).collect(),
        }
    }

    /// Of the test photos and of those that training on the sets `trained` sees.
    pub fn key(&self, trained: &[String]) -> String {
        let mut hasher = Hasher::new();
        hasher.update(self.tests.as_bytes());
        for (_, hash) in self
            .training
            .iter()
            .filter(|(name, _)| trained.contains(name))
        {
            hasher.update(hash.as_bytes());
        }
        hasher.finalize().to_hex()[..DIGITS].to_owned()
    }
}

fn hash(root: &Path, sets: &[PhotoSet]) -> Hash {
    let mut hasher = Hasher::new();
    for set in sets {
        for (label, file) in set.files() {
            let role = set.role(file);
            let does = (u8::from(role.asks()), u8::from(role.answers()));
            // No name holds a zero.
            let line = format!("{}\0{label}\0{}{}\0", below(root, file), does.0, does.1);
            hasher.update(line.as_bytes());
        }
    }
    hasher.finalize()
}

/// The path below `root`, with `/` between its parts on every system.
fn below(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file);
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Class, OfficialSplit, Role};

    /// Four classes of two photos.
    fn set(root: &str, name: &str) -> PhotoSet {
        let class = |class: u32| Class {
            name: format!("class{class}"),
            files: (0..2)
                .map(|photo| Path::new(root).join(format!("{name}/class{class}/{photo}.jpg")))
                .collect(),
        };
        PhotoSet::new(name.into(), (0..4).map(class).collect())
    }

    fn key(root: &str, sets: &[PhotoSet], trained: &[&str]) -> String {
        let tests: Vec<PhotoSet> = sets.iter().map(|set| set.part(Part::Test)).collect();
        let trained: Vec<String> = trained.iter().map(|&name| name.to_owned()).collect();
        PhotoHashes::of(Path::new(root), sets, &tests).key(&trained)
    }

    #[test]
    fn the_key_is_of_photos_classes_and_roles_wherever_the_root_lies() {
        let sets = ["a", "b"].map(|name| set("/data", name));
        let both = ["a", "b"];
        let whole = key("/data", &sets, &both);
        assert!(whole.len() == DIGITS && whole.chars().all(|digit| digit.is_ascii_hexdigit()));
        let moved = ["a", "b"].map(|name| set("elsewhere/photos", name));
        assert_eq!(key("elsewhere/photos/", &moved, &both), whole);

        // What is not trained depends on the test photos alone.
        assert_ne!(key("/data", &sets, &[]), whole);
        assert_ne!(key("/data", &sets, &["a"]), whole);
        let changed = |class: usize| {
            let mut sets = sets.clone();
            sets[1].classes[class].files[0] = "/data/b/class/new.jpg".into();
            sets
        };
        assert_ne!(key("/data", &changed(0), &both), whole, "a training photo");
        assert_ne!(key("/data", &changed(3), &both), whole, "a test photo");
        assert_eq!(
            key("/data", &changed(0), &["a"]),
            key("/data", &sets, &["a"])
        );
        assert_ne!(
            key("/data", &changed(3), &["a"]),
            key("/data", &sets, &["a"])
        );

        // The same photos in other classes, or with other roles.
        let mut other = sets.clone();
        let photo = other[0].classes[2].files.remove(1);
        other[0].classes[3].files.insert(0, photo.clone());
        assert_ne!(key("/data", &other, &both), whole);
        let mut other = sets.clone();
        other[0].official = Some(OfficialSplit {
            train_classes: 2,
            roles: BTreeMap::from([(photo, Role::Query)]),
        });
        assert_ne!(key("/data", &other, &both), whole);
    }
}
