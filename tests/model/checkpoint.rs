//! PUMA's own format: what is written is read back, and nothing wrong is ever loaded.

use std::path::Path;

use puma::model::Checkpoint;
use puma::model::checkpoint::expected_tensors;

#[test]
fn the_shipped_file_is_complete() {
    let bytes = include_bytes!("../../models/puma.safetensors");
    let checkpoint = Checkpoint::from_bytes(bytes, Path::new("shipped")).unwrap();
    assert_eq!(
        checkpoint.tensors.len(),
        expected_tensors(&checkpoint.config).len()
    );
    assert_eq!(checkpoint.config.prompts(), 20);
}
