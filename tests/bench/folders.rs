//! Folders of very many small photos that differ, and what a library knows of them.

use image::{ImageFormat, Rgb, RgbImage};
use puma::library::{Finding, Library, ModelKey, Outcome, Root};
use std::fs;
use std::io::Cursor;
use std::path::Path;

const IN_A_FOLDER: usize = 100;
/// Pictures that are drawn; each copy ends in its own number.
const DRAWN: usize = 100;
/// Photos that are stored together.
const CHUNK: usize = 10_000;

/// Ten folders of folders of photos.
pub fn draw(root: &Path, photos: usize) -> anyhow::Result<()> {
    let drawn: Vec<Vec<u8>> = (0..DRAWN)
        .map(|seed| {
            let shade = |x: u32, y: u32| ((x * 3 + y * 5) as usize * (seed + 1) % 256) as u8;
            let side = 8 + seed as u32 % 64;
            let mut jpeg = Cursor::new(Vec::new());
            RgbImage::from_fn(side, side, |x, y| {
                Rgb([shade(x, y), shade(y, x), seed as u8])
            })
            .write_to(&mut jpeg, ImageFormat::Jpeg)?;
            Ok(jpeg.into_inner())
        })
        .collect::<anyhow::Result<_>>()?;
    for number in 0..photos {
        let folder = number / IN_A_FOLDER;
        let folder = root.join(format!("{}/{folder}", folder % 10));
        if number.is_multiple_of(IN_A_FOLDER) {
            fs::create_dir_all(&folder)?;
        }
        let bytes = [drawn[number % DRAWN].as_slice(), &number.to_le_bytes()].concat();
        fs::write(folder.join(format!("IMG_{number:06}.jpg")), bytes)?;
    }
    Ok(())
}

/// Takes all photos in and gives each what `embedded` says of its number: embedding and similarities.
pub fn fill(
    library: &Library,
    root: &Root,
    model: &ModelKey,
    embedded: impl Fn(usize) -> (Vec<f32>, Vec<f32>),
) -> anyhow::Result<()> {
    let writer = library.writer()?;
    let mut jobs = Vec::new();
    writer.scan(root, model, &mut |finding| {
        if let Finding::ToEmbed(job) = finding {
            jobs.push(job);
        }
        true
    })?;
    for (chunk, some) in jobs.chunks(CHUNK).enumerate() {
        let numbered = (chunk * CHUNK..).zip(some);
        let outcomes: Vec<Outcome> = numbered
            .map(|(number, job)| Outcome {
                photo: job.photo,
                result: Ok(embedded(number)),
            })
            .collect();
        let contents: Vec<_> = some
            .iter()
            .filter_map(|job| Some((job.photo, job.content()?)))
            .collect();
        writer.store_with_contents(model, &outcomes, &contents)?;
    }
    Ok(())
}
