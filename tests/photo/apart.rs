//! Decoding in processes of their own: the same pictures, and limits that hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use puma::photo::{
    DecodeError, Limits, PhotoError, ProcessLimits, Reader, evaluation_crop, read, reduced,
    thumbnail,
};

use super::drawn::{fixture, fixtures};
use crate::pictures;

pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_puma"))
}

/// Reads in processes of the program that was just built.
pub fn reader() -> Reader {
    Reader::apart(program(), Limits::default(), ProcessLimits::default())
}

fn reason(result: Result<image::RgbImage, PhotoError>) -> DecodeError {
    match result {
        Err(PhotoError::Decode { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pictures_crops_and_thumbnails_are_the_same() {
    let reader = reader();
    let folder = tempfile::tempdir().unwrap();
    let golden = pictures::GOLDEN.map(pictures::golden);
    for path in fixtures().iter().map(|name| fixture(name)).chain(golden) {
        let here = read(&path, &Limits::default()).unwrap();
        assert_eq!(reader.read(&path).unwrap(), here, "{}", path.display());
        let small = folder.path().join("ab").join(path.file_name().unwrap());
        let crop = reader.crop(&path, 224, Some(small.clone())).unwrap();
        assert_eq!(crop, evaluation_crop(&here, 224), "{}", path.display());
        let kept = puma::photo::decode(&fs::read(small).unwrap(), &Limits::default()).unwrap();
        assert_eq!(kept.dimensions(), thumbnail(&here).dimensions());
        let looked = reader.look(&path, 224, 100).unwrap();
        assert_eq!(looked.crop, crop, "{}", path.display());
        assert_eq!(looked.small, reduced(&here, 100), "{}", path.display());
        assert_eq!(reader.thumbnail(&path).unwrap(), thumbnail(&here));
    }
}

#[test]
fn failures_are_told_in_the_same_words() {
    let reader = reader();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = fs::read(fixture("baseline_420.jpg")).unwrap();
    for path in [
        write("cut.jpg", &whole[..whole.len() / 2]),
        write("empty.jpg", b""),
        write("text.jpg", b"no photo"),
        folder.path().join("missing.jpg"),
        folder.path().to_owned(),
    ] {
        let here = read(&path, &Limits::default()).unwrap_err();
        assert_eq!(
            reader.read(&path).unwrap_err().to_string(),
            here.to_string()
        );
    }
    // The process lives on.
    assert!(reader.read(&fixture("rgb.png")).is_ok());
}

#[cfg(unix)]
#[test]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"\xff\xfe photo.png"));
    fs::copy(fixture("rgb.png"), &path).unwrap();
    assert!(reader().read(&path).is_ok());
}

/// A picture that takes a while and a lot: grey, so that its file stays small.
fn large(folder: &Path, side: u32) -> PathBuf {
    let path = folder.join("large.png");
    image::RgbImage::new(side, side).save(&path).unwrap();
    path
}

#[test]
fn what_takes_too_long_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let hasty = ProcessLimits {
        time: Duration::from_millis(1),
        ..ProcessLimits::default()
    };
    let reader = Reader::apart(program(), Limits::default(), hasty);
    let error = reason(reader.crop(&large(folder.path(), 4000), 224, None));
    assert!(matches!(error, DecodeError::TookTooLong { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_needs_too_much_memory_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = large(folder.path(), 12_000);
    let poor = ProcessLimits {
        memory_bytes: 600 << 20,
        ..ProcessLimits::default()
    };
    let limited = Reader::apart(program(), Limits::default(), poor);
    let error = reason(limited.crop(&path, 224, None));
    let expected = DecodeError::TookTooMuchMemory { limit: 600 << 20 };
    assert_eq!(error, expected, "{error}");
    // What needs less is decoded, and so is that one with more.
    assert!(limited.read(&fixture("rgb.png")).is_ok());
    assert!(reader().crop(&path, 224, None).is_ok());
}

#[test]
fn without_the_program_photos_are_decoded_all_the_same() {
    for other in ["/no/such/program", "/bin/true", "/bin/cat"] {
        let reader = Reader::apart(other.into(), Limits::default(), ProcessLimits::default());
        assert!(reader.read(&fixture("rgb.png")).is_ok(), "{other}");
    }
}

#[test]
fn several_threads_share_the_processes() {
    let reader = reader();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for name in fixtures() {
                    assert!(reader.crop(&fixture(&name), 64, None).is_ok(), "{name}");
                }
            });
        }
    });
}
