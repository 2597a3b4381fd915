//! Any bytes as a library: opened, looked through and searched for damage, but never beyond its folders.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use puma::library::{Library, ModelKey, Seen};
use std::path::Component;
use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let file = FOLDER.path().join("library.sqlite");
    for beside in ["library.sqlite-wal", "library.sqlite-shm"] {
        let _ = std::fs::remove_file(FOLDER.path().join(beside));
    }
    std::fs::write(&file, bytes).unwrap();
    let Ok(library) = Library::open_existing(&file) else {
        return Corpus::Reject;
    };
    let model = ModelKey::new("fuzzed");
    let _ = library.roots();
    let _ = library.models();
    let _ = library.counts(&model);
    let _ = library.photos(None, 1000, &model);
    let _ = library.failed();
    let changes = library.changes_since(&model, Seen::default());
    for facts in changes.map(|changes| changes.facts).unwrap_or_default() {
        let below = facts.path.strip_prefix(&facts.root).unwrap();
        assert!(below.components().all(|part| matches!(part, Component::Normal(_))));
    }
    Corpus::Keep
});
