//! Camera raw files, built here as their makers build them, around a JPEG and noise for sensor data.

use std::fs;
use std::path::Path;

use image::RgbImage;
use puma::photo::{DecodeError, Format, Limits, decode, header, read, sniff};

use super::drawn::{self, difference};

/// A TIFF directory to be: tags with their type, and values or the name of a piece.
#[derive(Default)]
struct Directory(Vec<(u16, u16, Vec<u32>)>);

impl Directory {
    fn with(mut self, tag: u16, kind: u16, values: &[u32]) -> Directory {
        self.0.push((tag, kind, values.to_vec()));
        self
    }
}

/// A TIFF, little endian, that grows at its end.
struct Builder {
    bytes: Vec<u8>,
}

impl Builder {
    fn new(mark: &[u8; 4]) -> Builder {
        let mut bytes = mark.to_vec();
        bytes.extend([0; 4]);
        Builder { bytes }
    }

    fn append(&mut self, piece: &[u8]) -> (u32, u32) {
        let at = self.bytes.len() as u32;
        self.bytes.extend(piece);
        self.bytes.extend(vec![0; self.bytes.len() % 2]);
        (at, piece.len() as u32)
    }

    fn directory(&mut self, directory: &Directory, next: u32) -> u32 {
        let mut values = Vec::new();
        for (_, kind, numbers) in &directory.0 {
            let raw: Vec<u8> = match kind {
                1 | 2 | 7 => numbers.iter().map(|number| *number as u8).collect(),
                3 => numbers
                    .iter()
                    .flat_map(|number| (*number as u16).to_le_bytes())
                    .collect(),
                _ => numbers
                    .iter()
                    .flat_map(|number| number.to_le_bytes())
                    .collect(),
            };
            values.push(if raw.len() <= 4 {
                let mut short = raw.clone();
                short.resize(4, 0);
                short
            } else {
                self.append(&raw).0.to_le_bytes().to_vec()
            });
        }
        let at = self.bytes.len() as u32;
        self.bytes.extend((directory.0.len() as u16).to_le_bytes());
        for ((tag, kind, numbers), value) in directory.0.iter().zip(values) {
            self.bytes.extend(tag.to_le_bytes());
            self.bytes.extend(kind.to_le_bytes());
            self.bytes.extend((numbers.len() as u32).to_le_bytes());
            self.bytes.extend(value);
        }
        self.bytes.extend(next.to_le_bytes());
        at
    }

    fn finish(mut self, first: u32) -> Vec<u8> {
        self.bytes[4..8].copy_from_slice(&first.to_le_bytes());
        self.bytes
    }
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 92)
        .encode_image(picture)
        .unwrap();
    file
}

/// What a camera shows on its back: the drawn picture, four times as large, lying on its side.
fn preview() -> RgbImage {
    let large = image::imageops::resize(
        &drawn::rgb(),
        4 * drawn::WIDTH,
        4 * drawn::HEIGHT,
        image::imageops::FilterType::Triangle,
    );
    // Orientation 6 turns it back by a quarter with the clock.
    image::imageops::rotate270(&large)
}

fn noise() -> Vec<u8> {
    (0..4_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

fn ascii(text: &str) -> Vec<u32> {
    text.bytes().chain([0]).map(u32::from).collect()
}

/// As DNG, NEF, ARW and SRW are built: a stamp first, sensor data and the preview below it.
fn nested(with_preview: bool) -> Vec<u8> {
    let mut tiff = Builder::new(b"II*\0");
    let stamp = tiff.append(&vec![90; 16 * 12 * 3]);
    let sensor = tiff.append(&noise());
    let jpeg = tiff.append(&jpeg(&preview()));
    let sensor = Directory::default()
        .with(254, 4, &[0])
        .with(259, 3, &[1])
        .with(262, 3, &[32803])
        .with(273, 4, &[sensor.0])
        .with(279, 4, &[sensor.1]);
    let sensor = tiff.directory(&sensor, 0);
    let shown = Directory::default()
        .with(254, 4, &[1])
        .with(259, 3, &[6])
        .with(513, 4, &[jpeg.0])
        .with(514, 4, &[jpeg.1]);
    let shown = tiff.directory(&shown, 0);
    let exif = Directory::default().with(0x9003, 2, &ascii("2021:07:08 09:10:11"));
    let exif = tiff.directory(&exif, 0);
    let below = if with_preview {
        vec![sensor, shown]
    } else {
        vec![sensor]
    };
    let main = Directory::default()
        .with(254, 4, &[1])
        .with(256, 4, &[16])
        .with(257, 4, &[12])
        .with(258, 3, &[8, 8, 8])
        .with(259, 3, &[1])
        .with(262, 3, &[2])
        .with(271, 2, &ascii("Maker"))
        .with(273, 4, &[stamp.0])
        .with(274, 3, &[6])
        .with(277, 3, &[3])
        .with(279, 4, &[stamp.1])
        .with(330, 4, &below)
        .with(0x8769, 4, &[exif]);
    let main = tiff.directory(&main, 0);
    tiff.finish(main)
}

/// As CR2 is: the preview is the first page, sensor data a later one that looks like a JPEG but is lossless.
fn cr2() -> Vec<u8> {
    let mut tiff = Builder::new(b"II*\0");
    tiff.append(b"CR\x02\0\0\0\0\0");
    let jpeg = tiff.append(&jpeg(&preview()));
    let sensor = tiff.append(
        &[
            &[0xff, 0xd8, 0xff, 0xc3, 0, 11, 14, 9, 0, 9, 0, 1, 1, 17, 0],
            &noise()[..],
        ]
        .concat(),
    );
    let sensor = Directory::default()
        .with(259, 3, &[6])
        .with(273, 4, &[sensor.0])
        .with(279, 4, &[sensor.1]);
    let sensor = tiff.directory(&sensor, 0);
    let main = Directory::default()
        .with(259, 3, &[6])
        .with(273, 4, &[jpeg.0])
        .with(274, 3, &[6])
        .with(279, 4, &[jpeg.1]);
    let main = tiff.directory(&main, sensor);
    tiff.finish(main)
}

/// As RW2 is: a JPEG as the value of a tag.
fn rw2() -> Vec<u8> {
    let mut tiff = Builder::new(b"IIU\0");
    let jpeg: Vec<u32> = jpeg(&preview()).into_iter().map(u32::from).collect();
    let main = Directory::default().with(0x2e, 7, &jpeg).with(274, 3, &[6]);
    let main = tiff.directory(&main, 0);
    tiff.finish(main)
}

/// As ORF is: the preview stands where only the maker's notes tell.
fn orf() -> Vec<u8> {
    let mut tiff = Builder::new(b"IIRO");
    let sensor = tiff.append(&noise());
    tiff.append(&jpeg(&preview()));
    tiff.append(&noise());
    let main = Directory::default()
        .with(259, 3, &[1])
        .with(273, 4, &[sensor.0])
        .with(274, 3, &[6])
        .with(279, 4, &[sensor.1]);
    let main = tiff.directory(&main, 0);
    tiff.finish(main)
}

/// As RAF is: the place of the JPEG stands in the header, its orientation in the JPEG.
fn raf() -> Vec<u8> {
    let mut file = b"FUJIFILMCCD-RAW 0201FF129502X-T1".to_vec();
    file.resize(84, 0);
    let mut jpeg = jpeg(&preview());
    let mut block = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    block.extend([1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    let mut segment = vec![0xff, 0xe1];
    segment.extend((block.len() as u16 + 2).to_be_bytes());
    segment.extend(block);
    jpeg.splice(2..2, segment);
    file.extend(120_u32.to_be_bytes());
    file.extend((jpeg.len() as u32).to_be_bytes());
    file.resize(120, 0);
    file.extend(jpeg);
    file.extend(noise());
    file
}

pub fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut whole = (content.len() as u32 + 8).to_be_bytes().to_vec();
    whole.extend(kind);
    whole.extend(content);
    whole
}

/// As CR3 is: Canon's boxes with orientation, date and stamp, and a track whose first sample is the picture.
fn cr3() -> Vec<u8> {
    let own = 0x85c0_b687_820f_11e0_8111_f4ce_462b_6a48_u128.to_be_bytes();
    let mut orientation = Builder::new(b"II*\0");
    let directory = Directory::default().with(274, 3, &[6]);
    let directory = orientation.directory(&directory, 0);
    let mut date = Builder::new(b"II*\0");
    let dated = Directory::default().with(0x9003, 2, &ascii("2021:07:08 09:10:11"));
    let dated = date.directory(&dated, 0);
    let stamp = [&[0; 16], &jpeg(&drawn::rgb())[..]].concat();
    let canon = boxed(
        b"uuid",
        &[
            &own[..],
            &boxed(b"CMT1", &orientation.finish(directory)),
            &boxed(b"CMT2", &date.finish(dated)),
            &boxed(b"THMB", &stamp),
        ]
        .concat(),
    );
    let picture = jpeg(&preview());
    let start = boxed(b"ftyp", b"crx \0\0\0\x01crx isom");
    let movie = |place: u64| {
        let mut sizes = vec![0; 12];
        sizes[11] = 1;
        sizes.extend((picture.len() as u32).to_be_bytes());
        let mut places = vec![0, 0, 0, 0, 0, 0, 0, 1];
        places.extend(place.to_be_bytes());
        let table = boxed(
            b"stbl",
            &[boxed(b"stsz", &sizes), boxed(b"co64", &places)].concat(),
        );
        let track = boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &table)));
        boxed(b"moov", &[canon.clone(), track].concat())
    };
    let place = (start.len() + movie(0).len() + 8) as u64;
    [
        start,
        movie(place),
        boxed(b"mdat", &[picture.clone(), noise()].concat()),
    ]
    .concat()
}

/// A file of each kind, by name.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a.dng", nested(true)),
        ("b.CR2", cr2()),
        ("c.rw2", rw2()),
        ("d.raf", raf()),
        ("e.cr3", cr3()),
        ("f.orf", orf()),
    ]
}

fn upright_preview() -> RgbImage {
    image::imageops::rotate90(&preview())
}

#[test]
fn the_largest_preview_is_shown_upright() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in all() {
        let dated = ["a.dng", "e.cr3"].contains(&name);
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        assert_eq!(sniff(&path).unwrap(), Some(Format::Raw), "{name}");
        let shown = read(&path, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
        let (mean, largest) = difference(&shown, &upright_preview());
        assert!(mean < 2.0 && largest < 30, "{name}: {mean} {largest}");
        let header = header(&path).unwrap();
        let taken = jiff::civil::date(2021, 7, 8).at(9, 10, 11, 0);
        assert_eq!(header.taken, dated.then_some(taken), "{name}");
        // Only a search of the whole file finds the preview of an ORF, and a header is read in no time.
        let size = (name != "f.orf").then_some(shown.dimensions());
        assert_eq!(header.size_px, size, "{name}");
    }
}

#[test]
fn sensor_data_makes_a_raw_file_and_a_name_helps() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        sniff(&path).unwrap()
    };
    assert_eq!(named("renamed.tif", &nested(true)), Some(Format::Raw));
    let plain = fs::read(drawn::fixture("rgb.tif")).unwrap();
    assert_eq!(named("plain.tif", &plain), Some(Format::Tiff));
    assert_eq!(named("called.nef", &plain), Some(Format::Raw));
}

#[test]
fn without_a_preview_the_reason_is_told() {
    let mut bytes = nested(false);
    // The JPEG itself is destroyed as well, or the search would find it.
    while let Some(at) = bytes.windows(3).position(|mark| mark == [0xff, 0xd8, 0xff]) {
        bytes[at] = 0;
    }
    let error = decode(&bytes, &Limits::default()).unwrap_err();
    assert!(
        matches!(&error, DecodeError::Unsupported { format: Format::Raw, reason } if reason.contains("preview")),
        "{error}"
    );
}

#[test]
fn chains_of_directories_that_bite_their_tail_end() {
    let mut tiff = Builder::new(b"II*\0");
    let at = tiff.bytes.len() as u32;
    // The directory is its own next page and lies below itself.
    let entries = Directory::default()
        .with(330, 4, &[at])
        .with(50706, 1, &[1, 4, 0, 0]);
    let first = tiff.directory(&entries, at);
    assert_eq!(first, at);
    let bytes = tiff.finish(first);
    assert!(decode(&bytes, &Limits::default()).is_err());

    // A hundred thousand pages, each naming the next.
    let mut chain = b"MM\0*\0\0\0\x08".to_vec();
    for page in 1..100_000_u32 {
        chain.extend([0, 0]);
        chain.extend((8 + 6 * page).to_be_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.nef");
    fs::write(&path, &chain).unwrap();
    assert!(read(&path, &Limits::default()).is_err());
    assert!(header(Path::new(&path)).is_ok());
}
