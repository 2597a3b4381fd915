//! A corpus of hostile pictures, made here from sound ones of every format and decoded as indexing decodes: none of them
//! may crash or stop what reads them.
//!
//! `PUMA_HOSTILE_VARIANTS` sets how many damaged variants are tried beside the truncated ones (5,000 by default).

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use image::{DynamicImage, ImageFormat, RgbImage};
use puma::photo::{DecodeError, Limits, PhotoError, ProcessLimits, Reader, read};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::drawn::{fixture, fixtures};
use super::{apart, raw};
use crate::pictures;

/// A photo in a format that the `image` crate writes.
fn written(photo: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = match format {
        ImageFormat::Hdr | ImageFormat::OpenExr => {
            DynamicImage::ImageRgb32F(DynamicImage::from(photo.clone()).into_rgb32f())
        }
        ImageFormat::Gif | ImageFormat::Ico => {
            DynamicImage::from(photo.clone()).into_rgba8().into()
        }
        _ => photo.clone().into(),
    };
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Names and bytes of sound files: a real photo, small, in every format, and all fixtures.
fn sound() -> Vec<(String, Vec<u8>)> {
    let photo = read(&pictures::golden("chelsea.png"), &Limits::default()).unwrap();
    let photo = image::imageops::thumbnail(&photo, 96, 64);
    let written = [
        ("jpg", ImageFormat::Jpeg),
        ("png", ImageFormat::Png),
        ("webp", ImageFormat::WebP),
        ("gif", ImageFormat::Gif),
        ("bmp", ImageFormat::Bmp),
        ("tif", ImageFormat::Tiff),
        ("ico", ImageFormat::Ico),
        ("qoi", ImageFormat::Qoi),
        ("tga", ImageFormat::Tga),
        ("ppm", ImageFormat::Pnm),
        ("hdr", ImageFormat::Hdr),
        ("exr", ImageFormat::OpenExr),
    ]
    .map(|(ending, format)| (format!("photo.{ending}"), written(&photo, format)));
    let options = heifer::EncodeOptions::default();
    let heic = heifer::encode_rgb8(96, 64, photo.as_raw(), &options).unwrap();
    let drawn = fixtures()
        .into_iter()
        .map(|name| (name.clone(), fs::read(fixture(&name)).unwrap()));
    written
        .into_iter()
        .chain([("photo.heic".to_owned(), heic)])
        .chain(
            raw::all()
                .into_iter()
                .map(|(name, bytes)| (name.to_owned(), bytes)),
        )
        .chain(drawn)
        .collect()
}

/// One way of damaging a file.
fn damaged(mut bytes: Vec<u8>, dice: &mut ChaCha8Rng) -> Vec<u8> {
    // Half of the damage goes to where headers are.
    let place = |dice: &mut ChaCha8Rng, length: usize| {
        let most = if dice.random_bool(0.5) {
            length.min(512)
        } else {
            length
        };
        dice.random_range(0..most.max(1))
    };
    match dice.random_range(0..6) {
        0..=2 => {
            for _ in 0..dice.random_range(1..=12) {
                let at = place(dice, bytes.len());
                bytes[at] ^= 1 << dice.random_range(0..8);
            }
        }
        3 => {
            // A number becomes extreme.
            let at = place(dice, bytes.len());
            let number =
                [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff][dice.random_range(0..6)];
            let number: [u8; 4] = if dice.random() {
                u32::to_le_bytes(number)
            } else {
                u32::to_be_bytes(number)
            };
            let end = (at + 4).min(bytes.len());
            bytes[at..end].copy_from_slice(&number[..end - at]);
        }
        4 => {
            // A piece is there twice.
            let from = place(dice, bytes.len());
            let piece = bytes[from..(from + dice.random_range(1..200)).min(bytes.len())].to_vec();
            let at = place(dice, bytes.len());
            bytes.splice(at..at, piece);
        }
        _ => {
            // A piece is missing.
            let from = place(dice, bytes.len());
            let until = (from + dice.random_range(1..200)).min(bytes.len());
            bytes.drain(from..until);
        }
    }
    bytes
}

/// What became of many files.
#[derive(Debug, Default)]
struct Outcomes {
    pictures: usize,
    refused: usize,
    panics: Vec<String>,
    ended: Vec<String>,
}

fn tight() -> Limits {
    Limits {
        max_pixels: 1 << 24,
        max_bytes: 1 << 28,
        ..Limits::default()
    }
}

fn patient() -> ProcessLimits {
    ProcessLimits {
        time: Duration::from_secs(30),
        memory_bytes: 1 << 30,
    }
}

/// Decodes all of them on two threads.
fn try_all(variants: Vec<(String, Vec<u8>)>) -> Outcomes {
    let reader = Reader::apart(apart::program(), tight(), patient());
    let folder = tempfile::tempdir().unwrap();
    let outcomes = Mutex::new(Outcomes::default());
    let (first, second) = variants.split_at(variants.len() / 2);
    std::thread::scope(|scope| {
        for (thread, part) in [first, second].into_iter().enumerate() {
            let (reader, folder, outcomes) = (&reader, &folder, &outcomes);
            scope.spawn(move || {
                for (name, bytes) in part {
                    let path = folder.path().join(format!("{thread} {name}"));
                    fs::write(&path, bytes).unwrap();
                    let result = reader.crop(&path, 64, None);
                    let mut outcomes = outcomes.lock().unwrap();
                    match result {
                        Ok(_) => outcomes.pictures += 1,
                        Err(PhotoError::Decode { source, .. }) => match source {
                            DecodeError::Panicked { .. } => {
                                outcomes.panics.push(format!("{name}: {source}"))
                            }
                            DecodeError::TookTooLong { .. }
                            | DecodeError::TookTooMuchMemory { .. }
                            | DecodeError::Crashed { .. } => {
                                if let Some(folder) = std::env::var_os("PUMA_HOSTILE_KEPT") {
                                    let kept = Path::new(&folder)
                                        .join(format!("{} {name}", outcomes.ended.len()));
                                    fs::write(kept, bytes).unwrap();
                                }
                                outcomes.ended.push(format!("{name}: {source}"));
                            }
                            _ => outcomes.refused += 1,
                        },
                        Err(other) => panic!("{name}: {other}"),
                    }
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

#[test]
fn damaged_files_of_all_formats_cost_only_themselves() {
    let sound = sound();
    let mut variants: Vec<(String, Vec<u8>)> = sound
        .iter()
        .flat_map(|(name, bytes)| {
            (0..bytes.len())
                .step_by(64)
                .map(move |length| (name.clone(), bytes[..length].to_vec()))
        })
        .collect();
    let truncated = variants.len();
    let wanted =
        std::env::var("PUMA_HOSTILE_VARIANTS").map_or(5_000, |number| number.parse().unwrap());
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    variants.extend((0..wanted).map(|_| {
        let (name, bytes) = &sound[dice.random_range(0..sound.len())];
        (name.clone(), damaged(bytes.clone(), &mut dice))
    }));
    let all = variants.len();
    let outcomes = try_all(variants);
    println!(
        "{truncated} truncated and {wanted} damaged files: {} gave a picture, {} were refused, {} panicked, {} ended their process",
        outcomes.pictures,
        outcomes.refused,
        outcomes.panics.len(),
        outcomes.ended.len(),
    );
    for line in outcomes.panics.iter().chain(&outcomes.ended).take(40) {
        println!("{line}");
    }
    let seen = outcomes.pictures + outcomes.refused + outcomes.panics.len() + outcomes.ended.len();
    assert_eq!(seen, all);
    // Decoders that are well kept give up in an orderly way, but for a handful.
    assert!(outcomes.panics.len() + outcomes.ended.len() < all / 100);
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn strips_are_decoded_and_cropped() {
    let folder = tempfile::tempdir().unwrap();
    let reader = apart::reader();
    for (width, height) in [(100_000, 1), (1, 100_000)] {
        let strip = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 9]));
        for ending in ["png", "ppm", "qoi", "tif"] {
            let path = folder.path().join(format!("strip.{ending}"));
            strip.save(&path).unwrap();
            let small = folder.path().join(format!("{width}.{ending}.jpg"));
            let crop = reader.crop(&path, 224, Some(small.clone())).unwrap();
            assert_eq!(crop.dimensions(), (224, 224));
            assert_eq!(
                read(&small, &Limits::default()).unwrap().dimensions(),
                (width.min(256), height.min(256))
            );
        }
    }
}

#[test]
fn polyglots_are_what_their_first_bytes_say() {
    let folder = tempfile::tempdir().unwrap();
    let jpeg = fs::read(fixture("baseline_420.jpg")).unwrap();
    let gif = fs::read(fixture("still.gif")).unwrap();
    let reader = apart::reader();
    let with_archive = [&jpeg[..], b"PK\x03\x04 and so on", b"PK\x05\x06"].concat();
    assert!(
        reader
            .read(&file(folder.path(), "archive.jpg", &with_archive))
            .is_ok()
    );
    let with_page = [&gif[..], b"<html><script>alert(1)</script></html>"].concat();
    assert!(
        reader
            .read(&file(folder.path(), "page.gif", &with_page))
            .is_ok()
    );
    for (name, start) in [
        ("page.jpg", &b"<!DOCTYPE html>"[..]),
        ("drawing.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
        ("paper.jpg", b"%PDF-1.7"),
        ("archive.png", b"PK\x03\x04"),
    ] {
        let both = [start, &jpeg].concat();
        let error = reader.read(&file(folder.path(), name, &both)).unwrap_err();
        assert!(error.is_not_a_photo(), "{name}: {error}");
    }
    assert!(
        reader
            .read(&file(folder.path(), "nothing.jpg", b""))
            .unwrap_err()
            .is_not_a_photo()
    );
    assert!(
        reader
            .read(&file(folder.path(), "misnamed.exr", &jpeg))
            .is_ok()
    );
}

#[test]
fn an_endless_gif_shows_its_first_frame_or_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let gif = fs::read(fixture("animated.gif")).unwrap();
    let frames = &gif[..gif.len() - 1];
    // From the first frame's control block on, repeated to ten megabytes.
    let start = frames
        .windows(3)
        .position(|mark| mark == [0x21, 0xf9, 4])
        .unwrap();
    let mut endless = frames.to_vec();
    while endless.len() < 10 << 20 {
        endless.extend(&frames[start..]);
    }
    let reader = apart::reader();
    let cut = reader
        .read(&file(folder.path(), "cut.gif", &endless))
        .unwrap_err();
    assert!(cut.to_string().contains("truncated"), "{cut}");
    endless.push(0x3b);
    assert!(
        reader
            .read(&file(folder.path(), "long.gif", &endless))
            .is_ok()
    );
}

/// The compressed pixels of a large black picture, as a text beside a tiny one: a hundred megabytes in as many kilobytes.
#[test]
fn what_inflates_beside_the_picture_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let black = image::GrayImage::new(10_000, 10_000);
    let mut large = Cursor::new(Vec::new());
    black.write_to(&mut large, ImageFormat::Png).unwrap();
    let large = large.into_inner();
    let data: Vec<u8> = chunks(&large)
        .filter(|(kind, _)| kind == b"IDAT")
        .flat_map(|(_, data)| data.to_vec())
        .collect();
    let tiny = fs::read(fixture("rgb.png")).unwrap();
    for (kind, start) in [(b"zTXt", &b"Comment\0\0"[..]), (b"iCCP", b"profile\0\0")] {
        let mut bomb = tiny[..33].to_vec();
        bomb.extend(chunk(kind, &[start, &data].concat()));
        bomb.extend(&tiny[33..]);
        let reader = Reader::apart(apart::program(), tight(), patient());
        let result = reader.read(&file(folder.path(), "bomb.png", &bomb));
        println!(
            "{}: {:?}",
            String::from_utf8_lossy(kind),
            result.as_ref().map(RgbImage::dimensions)
        );
        assert!(!matches!(
            result,
            Err(PhotoError::Decode {
                source: DecodeError::TookTooLong { .. },
                ..
            })
        ));
    }
}

/// Kind and content of the chunks of a PNG.
fn chunks(png: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = &png[8..];
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = *rest[4..].first_chunk()?;
        let data = &rest[8..8 + length];
        rest = &rest[12 + length..];
        Some((kind, data))
    })
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&kind[..], data].concat();
    let sum = super::limits::crc32(&named).to_be_bytes();
    [&(data.len() as u32).to_be_bytes()[..], &named, &sum].concat()
}
