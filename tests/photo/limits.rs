//! Limits hold before anything is decoded.

use std::fs;
use std::time::{Duration, Instant};

use puma::photo::{DecodeError, Limits, PhotoError, camera, decode, header, read};

use super::drawn::fixture;

/// A PNG of this size whose picture data is one empty block; checksums as the format wants them.
fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    for (kind, data) in [
        (b"IHDR", &header[..]),
        (b"IDAT", &[0x78, 1, 3, 0, 0, 0, 0, 1]),
        (b"IEND", &[]),
    ] {
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(kind);
        file.extend(data);
        file.extend(crc32(&[&kind[..], data].concat()).to_be_bytes());
    }
    file
}

pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

fn patched(name: &str, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = fs::read(fixture(name)).unwrap();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn huge_headers_are_refused_at_once() {
    let jpeg = fs::read(fixture("progressive.jpg")).unwrap();
    let frame = jpeg
        .windows(2)
        .position(|marker| marker == [0xff, 0xc2])
        .unwrap();
    let tiff = fs::read(fixture("grey.tif")).unwrap();
    let mut huge_tiff = tiff.clone();
    // Width, height and rows of a strip (tags 256, 257, 278) as one LONG of 65,535.
    for id in [0, 1, 22] {
        let entry = tiff
            .windows(3)
            .position(|entry| entry[..2] == [id, 1] && (3..=4).contains(&entry[2]))
            .unwrap();
        huge_tiff[entry..entry + 12].copy_from_slice(&[id, 1, 4, 0, 1, 0, 0, 0, 0xff, 0xff, 0, 0]);
    }
    let bombs = [
        ("PNG", png_bomb(100_000, 100_000)),
        (
            "JPEG",
            patched("progressive.jpg", frame + 5, &[0xff, 0xf0, 0xff, 0xf0]),
        ),
        ("GIF", patched("still.gif", 6, &[0xff, 0xff, 0xff, 0xff])),
        ("TIFF", huge_tiff),
        // The canvas of the extended header, less one.
        (
            "WebP",
            patched("animated.webp", 24, &[0xfe, 0xff, 0, 0xfe, 0xff, 0]),
        ),
    ];
    for (format, bytes) in bombs {
        let started = Instant::now();
        let error = decode(&bytes, &Limits::default()).unwrap_err();
        assert!(
            matches!(error, DecodeError::TooManyPixels { .. }),
            "{format}: {error}"
        );
        assert!(started.elapsed() < Duration::from_secs(1), "{format}");
    }
    // A bitmap promises its rows in the file, so a huge one is found to be cut.
    assert!(
        decode(
            &patched("rgb.bmp", 18, &[0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]),
            &Limits::default()
        )
        .is_err()
    );
}

#[test]
fn pixels_memory_and_file_size_each_count() {
    let bytes = fs::read(fixture("rgb.png")).unwrap();
    let pixels = 64 * 48;
    let enough = Limits {
        max_pixels: pixels,
        max_bytes: 6 * pixels,
        max_file_bytes: bytes.len() as u64,
    };
    assert!(decode(&bytes, &enough).is_ok());
    assert!(read(&fixture("rgb.png"), &enough).is_ok());

    let few_pixels = Limits {
        max_pixels: pixels - 1,
        ..enough
    };
    assert_eq!(
        decode(&bytes, &few_pixels).unwrap_err(),
        DecodeError::TooManyPixels {
            width: 64,
            height: 48,
            limit: pixels - 1
        }
    );
    let little_memory = Limits {
        max_bytes: 6 * pixels - 1,
        ..enough
    };
    assert!(matches!(
        decode(&bytes, &little_memory),
        Err(DecodeError::TooMuchMemory { .. })
    ));
    let short_file = Limits {
        max_file_bytes: enough.max_file_bytes - 1,
        ..enough
    };
    let error = read(&fixture("rgb.png"), &short_file).unwrap_err();
    assert!(
        matches!(error, PhotoError::FileTooLarge { .. }) && error.to_string().contains("rgb.png"),
        "{error}"
    );
}

/// Twenty gigabytes that take no room on the disk: what is read of them has an end.
#[test]
fn of_a_huge_file_only_the_start_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, start) in [
        ("huge.tif", &b"II*\0\x08\0\0\0"[..]),
        ("huge.heic", b"\0\0\0\x14ftypheic\0\0\0\0mif1"),
        ("huge.raf", b"FUJIFILMCCD-RAW 0201"),
        ("huge.hdr", b"#?RADIANCE"),
        ("huge.ppm", b"P6 1 1 # "),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, start).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(20 << 30).unwrap();
        assert!(header(&path).unwrap().format.is_some(), "{name}");
        assert!(camera(&path).is_ok(), "{name}");
        let error = read(&path, &Limits::default()).unwrap_err();
        assert!(matches!(error, PhotoError::FileTooLarge { .. }), "{error}");
    }
}

/// So that the 200-megapixel photos of telephones can be read.
#[test]
fn a_jpeg_in_one_pass_takes_no_more_than_its_pixels() {
    for (name, bytes_per_pixel) in [("baseline_420.jpg", 3), ("progressive.jpg", 9)] {
        let bytes = fs::read(fixture(name)).unwrap();
        let (width, height) = decode(&bytes, &Limits::default()).unwrap().dimensions();
        let needed = bytes_per_pixel * u64::from(width) * u64::from(height);
        let with = |max_bytes| {
            let limits = Limits {
                max_bytes,
                ..Limits::default()
            };
            decode(&bytes, &limits)
        };
        assert!(with(needed).is_ok(), "{name}");
        let refused = with(needed - 1);
        assert!(
            matches!(refused, Err(DecodeError::TooMuchMemory { .. })),
            "{name}"
        );
    }
}
