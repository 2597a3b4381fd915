//! Any bytes as a photo: its header, its camera facts, its pixels.
//!
//! Panics inside decoders are caught by design and told as a failure, so they are no finding here; everything that
//! would end the process or never end is.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use puma::photo::{Limits, camera, decode, evaluation_crop, header};
use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    std::panic::set_hook(Box::new(|_| ()));
    tempfile::tempdir().unwrap()
});

fuzz_target!(|bytes: &[u8]| -> Corpus {
    // TGA is known by its name alone.
    let file = FOLDER.path().join("photo.tga");
    std::fs::write(&file, bytes).unwrap();
    let known = header(&file).is_ok_and(|header| header.format.is_some());
    let _ = camera(&file);
    let limits = Limits {
        max_pixels: 1 << 20,
        max_bytes: 1 << 26,
        ..Limits::default()
    };
    if let Ok(image) = decode(bytes, &limits).or_else(|_| puma::photo::read(&file, &limits)) {
        assert!(u64::from(image.width()) * u64::from(image.height()) <= limits.max_pixels);
        evaluation_crop(&image, 64);
    }
    if known { Corpus::Keep } else { Corpus::Reject }
});
