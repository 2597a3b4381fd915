use super::{Chosen, Job};
use crate::app::wording::{counted, file_name, shortened};
use crate::photo::{self, Reader, Thumbnails, mtime_ns};
use image::codecs::png::PngEncoder;
use image::{Rgb, RgbImage, imageops};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Photos on one sheet at most, so that other programs can still open it.
pub const MOST: usize = 500;
const COLUMNS: u32 = 8;
const SIDE_PX: u32 = 200;
const GAP_PX: u32 = 16;
const CAPTION_PX: u32 = 40;
const TITLE_PX: u32 = 56;
/// Letters of a name that fit below a picture.
const NAME_LETTERS: usize = 27;
const PAPER: Rgb<u8> = Rgb([255, 255, 255]);
const NO_PICTURE: Rgb<u8> = Rgb([232, 233, 236]);

/// A sheet of thumbnails with names and scores as PNG, and how many photos are on it.
///
/// # Errors
/// Text that could not be drawn, or a picture that could not be encoded.
pub fn png(job: &Job, progress: &dyn Fn(usize, usize)) -> anyhow::Result<(Vec<u8>, usize)> {
    let chosen = &job.chosen;
    let shown = chosen.items.len().min(MOST);
    let columns = COLUMNS.min(shown.max(1) as u32).max(3);
    let rows = (shown as u32).div_ceil(columns);
    let width = GAP_PX + columns * (SIDE_PX + GAP_PX);
    let height = TITLE_PX + rows * (SIDE_PX + CAPTION_PX + GAP_PX) + GAP_PX;
    let mut sheet = RgbImage::from_pixel(width, height, PAPER);
    let mut texts = title(chosen, shown, width);
    let thumbnails = Thumbnails::new(&job.thumbnails);
    for (place, at) in chosen.items[..shown].iter().enumerate() {
        if job.stop.load(Ordering::Relaxed) {
            return Ok((Vec::new(), 0));
        }
        let Some(item) = chosen.source.item(*at as usize) else {
            continue;
        };
        let (row, column) = (place as u32 / columns, place as u32 % columns);
        let left = GAP_PX + column * (SIDE_PX + GAP_PX);
        let top = TITLE_PX + row * (SIDE_PX + CAPTION_PX + GAP_PX);
        let picture = small(&job.reader, &thumbnails, item.path);
        let reason = picture.is_none().then_some("no picture");
        draw(&mut sheet, picture, left, top);
        let score = item.score.map_or_else(String::new, |score| {
            let domain = item.domain.unwrap_or_default();
            format!("{score:.3}  {}", shortened(domain, 18))
        });
        texts += &caption(left, top + SIDE_PX, &file_name(item.path), &score, reason);
        progress(place + 1, shown);
    }
    write_texts(&mut sheet, &texts, &job.fonts)?;
    let mut bytes = Vec::new();
    sheet.write_with_encoder(PngEncoder::new(&mut bytes))?;
    Ok((bytes, shown))
}

/// The stored small copy, or a fresh one.
fn small(reader: &Reader, thumbnails: &Thumbnails, path: &Path) -> Option<RgbImage> {
    let facts = std::fs::metadata(path).ok()?;
    thumbnails
        .load_or_make(path, mtime_ns(&facts), facts.len(), || {
            reader.thumbnail(path)
        })
        .ok()
}

/// Puts a picture into its square, all of it to be seen.
fn draw(sheet: &mut RgbImage, picture: Option<RgbImage>, left: u32, top: u32) {
    let Some(picture) = picture else {
        let blank = RgbImage::from_pixel(SIDE_PX, SIDE_PX, NO_PICTURE);
        imageops::replace(sheet, &blank, i64::from(left), i64::from(top));
        return;
    };
    let all = photo::Part::all(picture.width(), picture.height());
    let fitted = photo::part(&picture, all, [SIDE_PX; 2]);
    let x = left + (SIDE_PX - fitted.width()) / 2;
    let y = top + (SIDE_PX - fitted.height()) / 2;
    imageops::replace(sheet, &fitted, i64::from(x), i64::from(y));
}

fn title(chosen: &Chosen, shown: usize, width: u32) -> String {
    let title = escaped(&shortened(&chosen.source.title(), width as usize / 14));
    let all = chosen.items.len();
    let photos = if shown < all {
        format!("the first {} of {}", counted(shown, "photo"), all)
    } else {
        counted(shown, "photo")
    };
    format!(
        r##"<text x="{GAP_PX}" y="36" font-size="22" fill="#1c1d20">{title}</text><text x="{}" y="36" font-size="15" text-anchor="end" fill="#5c5f68">{photos}</text>"##,
        width - GAP_PX
    )
}

fn caption(left: u32, top: u32, name: &str, score: &str, reason: Option<&str>) -> String {
    let name = escaped(&shortened(name, NAME_LETTERS));
    let score = escaped(score);
    let mut texts = format!(
        r##"<text x="{left}" y="{}" font-size="13" fill="#1c1d20">{name}</text><text x="{left}" y="{}" font-size="12" fill="#5c5f68">{score}</text>"##,
        top + 17,
        top + 33
    );
    if let Some(reason) = reason {
        texts += &format!(
            r##"<text x="{}" y="{}" font-size="14" text-anchor="middle" fill="#5c5f68">{reason}</text>"##,
            left + SIDE_PX / 2,
            top - SIDE_PX / 2 + 5
        );
    }
    texts
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .fold(String::new(), |mut safe, letter| {
            match letter {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                other => safe.push(other),
            }
            safe
        })
}

/// Draws the texts over the sheet, band by band: a whole second sheet of pixels is not needed.
fn write_texts(
    sheet: &mut RgbImage,
    texts: &str,
    known: &egui::FontDefinitions,
) -> anyhow::Result<()> {
    const BAND_PX: u32 = 1024;
    let (width, height) = sheet.dimensions();
    let mut options = usvg::Options {
        font_family: "Ubuntu".to_owned(),
        ..usvg::Options::default()
    };
    options.fontdb = Arc::new(fonts(known));
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="Ubuntu, sans-serif">{texts}</svg>"#
    );
    let tree = usvg::Tree::from_str(&svg, &options)?;
    for top in (0..height).step_by(BAND_PX as usize) {
        let rows = BAND_PX.min(height - top);
        let mut band = Pixmap::new(width, rows).ok_or_else(|| {
            anyhow::anyhow!("a sheet of {width} by {rows} pixels cannot be drawn")
        })?;
        let shift = Transform::from_translate(0.0, -(top as f32));
        resvg::render(&tree, shift, &mut band.as_mut());
        for (place, pixel) in band.pixels().iter().enumerate() {
            if pixel.alpha() == 0 {
                continue;
            }
            let (x, y) = (place as u32 % width, place as u32 / width);
            let below = 255 - u32::from(pixel.alpha());
            let over = [pixel.red(), pixel.green(), pixel.blue()];
            let Rgb(paper) = sheet.get_pixel_mut(x, top + y);
            for (paper, over) in paper.iter_mut().zip(over) {
                let mixed = u32::from(over) + u32::from(*paper) * below / 255;
                *paper = mixed.min(255) as u8;
            }
        }
    }
    Ok(())
}

/// The fonts of the window, with those that it found on the system for other scripts.
fn fonts(known: &egui::FontDefinitions) -> usvg::fontdb::Database {
    let mut fonts = usvg::fontdb::Database::new();
    for data in known.font_data.values() {
        fonts.load_font_data(data.font.as_ref().as_ref().to_vec());
    }
    let first = fonts
        .faces()
        .next()
        .and_then(|face| face.families.first())
        .map(|family| family.0.clone());
    if let Some(first) = first {
        fonts.set_sans_serif_family(first);
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_whatever_they_hold() {
        let mut sheet = RgbImage::from_pixel(300, 1100, PAPER);
        let texts = caption(10, 10, "<b>&amp;.jpg", "0.5", None)
            + &caption(10, 1060, "last.jpg", "", Some("no picture"));
        write_texts(&mut sheet, &texts, &egui::FontDefinitions::default()).unwrap();
        let ink = |from: u32, to: u32| {
            let rows = imageops::crop_imm(&sheet, 0, from, 300, to - from).to_image();
            rows.pixels().filter(|pixel| pixel.0[0] < 128).count()
        };
        assert!(ink(10, 60) > 50, "the first caption");
        assert!(ink(1060, 1100) > 30, "one in the second band");
        assert_eq!(ink(200, 900), 0);
    }
}
