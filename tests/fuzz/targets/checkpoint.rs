//! Any bytes as a checkpoint: PUMA's own, the authors' pickles in their archives, timm weights.
#![no_main]

use libfuzzer_sys::fuzz_target;
use puma::model::Checkpoint;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let _ = Checkpoint::from_bytes(bytes, Path::new("fuzzed"));
});
