//! An AVIF put together from tiles, as cameras do with large photos.

use heifer::heifer_isobmff::HeifFile;
use image::imageops;
use puma::photo::{DecodeError, Limits, decode};

use super::drawn::{self, difference, fixture};
use super::raw::boxed;

/// A box with a version, all flags off.
fn versioned(kind: &[u8; 4], version: u8, content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, 0], content].concat())
}

/// A grid of two columns that shows the picture in `tile` twice, and `width` pixels of both.
fn grid(tile: &[u8], width: u16) -> Vec<u8> {
    let information =
        |id: u8, kind: &[u8; 4]| versioned(b"infe", 2, &[&[0, id, 0, 0], &kind[..], &[0]].concat());
    let size = |width: u16, height: u16| {
        let sides = [width, height].map(|side| u32::from(side).to_be_bytes());
        versioned(b"ispe", 0, &sides.concat())
    };
    let description = [
        &[0, 0, 0, 1][..],
        &width.to_be_bytes(),
        &48_u16.to_be_bytes(),
    ]
    .concat();
    let start = boxed(b"ftyp", b"avif\0\0\0\0avifmif1");
    let meta = |tiles_at: u32| {
        // The grid lies in `idat`, both tiles in the same bytes of the file.
        let place = |id: u8, method: u8, offset: u32, length: usize| {
            let head = [0, id, 0, method, 0, 0, 0, 1];
            [
                &head[..],
                &offset.to_be_bytes(),
                &(length as u32).to_be_bytes(),
            ]
            .concat()
        };
        let places = [
            vec![0x44, 0, 0, 3],
            place(1, 1, 0, description.len()),
            place(2, 0, tiles_at, tile.len()),
            place(3, 0, tiles_at, tile.len()),
        ];
        let properties = [size(width, 48), size(64, 48)].concat();
        let owners = [0, 0, 0, 3, 0, 1, 1, 1, 0, 2, 1, 2, 0, 3, 1, 2];
        let parts = [
            versioned(b"hdlr", 0, b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            versioned(b"pitm", 0, &[0, 1]),
            versioned(
                b"iinf",
                0,
                &[
                    vec![0, 3],
                    information(1, b"grid"),
                    information(2, b"av01"),
                    information(3, b"av01"),
                ]
                .concat(),
            ),
            versioned(b"iref", 0, &boxed(b"dimg", &[0, 1, 0, 2, 0, 2, 0, 3])),
            boxed(
                b"iprp",
                &[boxed(b"ipco", &properties), versioned(b"ipma", 0, &owners)].concat(),
            ),
            versioned(b"iloc", 1, &places.concat()),
            boxed(b"idat", &description),
        ];
        versioned(b"meta", 0, &parts.concat())
    };
    let tiles_at = (start.len() + meta(0).len() + 8) as u32;
    [start, meta(tiles_at), boxed(b"mdat", tile)].concat()
}

fn tile() -> Vec<u8> {
    let bytes = std::fs::read(fixture("rgb_444.avif")).unwrap();
    let file = HeifFile::parse(&bytes).unwrap();
    file.item_data(file.primary_id).unwrap().into_owned()
}

#[test]
fn tiles_are_put_side_by_side() {
    let shown = decode(&grid(&tile(), 100), &Limits::default()).unwrap();
    assert_eq!(shown.dimensions(), (100, 48));
    for x in [0, 64] {
        let width = (100 - x).min(64);
        let part = imageops::crop_imm(&shown, x, 0, width, 48).to_image();
        let expected = imageops::crop_imm(&drawn::rgb(), 0, 0, width, 48).to_image();
        let (mean, largest) = difference(&part, &expected);
        assert!(mean < 3.0 && largest < 30, "{mean} {largest}");
    }
}

#[test]
fn tiles_that_nobody_would_see_are_damage() {
    let error = decode(&grid(&tile(), 64), &Limits::default()).unwrap_err();
    assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
}
