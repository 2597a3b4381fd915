//! Truncated, damaged and hostile bytes fail with a message; none of them panics.

use std::fs;

use proptest::prelude::*;
use puma::photo::{DecodeError, Limits, decode, read};

use super::drawn::{fixture, fixtures};

/// Small enough that damaged headers cannot make the test slow.
fn small() -> Limits {
    Limits {
        max_pixels: 1 << 20,
        max_bytes: 1 << 24,
        max_file_bytes: 1 << 20,
    }
}

#[test]
fn a_file_cut_anywhere_fails() {
    // Without its name a TGA is nothing.
    for name in fixtures()
        .into_iter()
        .filter(|name| !name.ends_with(".tga"))
    {
        let whole = fs::read(fixture(&name)).unwrap();
        assert!(decode(&whole, &small()).is_ok(), "{name}");
        // The last bytes of a TIFF may be padding.
        let least = if name.ends_with(".tif") { 8 } else { 1 };
        let cuts = (0..whole.len() - least)
            .step_by(whole.len() / 64 + 1)
            .chain([whole.len() - least]);
        for cut in cuts {
            let result = decode(&whole[..cut], &small());
            assert!(
                result.is_err(),
                "{name} cut to {cut} of {} bytes passed",
                whole.len()
            );
        }
        let half = decode(&whole[..whole.len() / 2], &small()).unwrap_err();
        println!("{name}: {half}");
    }
}

#[test]
fn a_truncated_photo_is_named_and_called_truncated() {
    let folder = tempfile::tempdir().unwrap();
    let golden =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photos/chelsea.png");
    let photo = read(&golden, &Limits::default()).unwrap();
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90)
        .encode_image(&photo)
        .unwrap();
    let file = folder.path().join("broken_download.jpg");
    // In its last row of blocks, too, where a decoder would only see an end that comes a little early.
    for bytes in [
        jpeg.len() / 3,
        jpeg.len() * 9 / 10,
        jpeg.len() - 40,
        jpeg.len() - 2,
    ] {
        fs::write(&file, &jpeg[..bytes]).unwrap();
        let error = read(&file, &Limits::default()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("broken_download.jpg") && message.contains("truncated"),
            "{message}"
        );
    }
    // With an end mark put where the download stopped, part of the picture is still missing.
    for part in [jpeg.len() / 2, jpeg.len() - 200] {
        let patched = [&jpeg[..part], &[0xff, 0xd9]].concat();
        let result = decode(&patched, &Limits::default());
        assert!(matches!(result, Err(DecodeError::Damaged { .. })));
    }
    // What phones append after the end mark harms nothing.
    jpeg.extend([7; 1000]);
    assert!(decode(&jpeg, &Limits::default()).is_ok());
}

#[test]
fn a_palette_index_without_a_colour_is_damage() {
    let mut bytes = fs::read(fixture("palette.tif")).unwrap();
    // The colour map's count (tag 320, SHORT) is cut to five colours.
    let at = bytes
        .windows(4)
        .position(|entry| entry == [0x40, 1, 3, 0])
        .unwrap();
    bytes[at + 4..at + 8].copy_from_slice(&15_u32.to_le_bytes());
    let error = decode(&bytes, &small()).unwrap_err();
    assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits_and_cuts_never_panic(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u32), 1..12),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let names = fixtures();
        let name = &names[which.index(names.len())];
        let mut bytes = fs::read(fixture(name)).unwrap();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match decode(&bytes, &small()) {
            // A decoder's own panic is caught and reported; it must not be the rule.
            Err(DecodeError::Panicked { reason, .. }) => println!("{name}: caught a panic: {reason}"),
            Ok(image) => prop_assert!(u64::from(image.width()) * u64::from(image.height()) <= small().max_pixels),
            Err(_) => {}
        }
    }
}

/// The walk for ends and the strict decoder must not refuse sound photos.
#[test]
fn every_photo_of_the_collection_is_read() {
    let Some(root) = std::env::var_os("PUMA_PHOTOS") else {
        println!("skipped: PUMA_PHOTOS does not name a folder of SET/CLASS/*.jpg");
        return;
    };
    let files = walkdir::WalkDir::new(root)
        .follow_links(true)
        .into_iter()
        .filter_map(Result::ok);
    let mut read_photos = 0;
    for file in files.filter(|file| file.path().extension().is_some_and(|name| name == "jpg")) {
        if let Err(error) = read(file.path(), &Limits::default()) {
            panic!("{error}");
        }
        read_photos += 1;
    }
    assert!(read_photos > 0);
    println!("{read_photos} photos read");
}
