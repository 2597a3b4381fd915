//! AVIF: coded pictures, grids of them, transparency and turns.

use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
use heifer::heifer_isobmff::{HeifFile, ItemId};
use image::{Rgb, RgbImage, Rgba, imageops};

use super::av1::{self, Colours, Frame};
use super::heif::from_container;
use super::pixels::over_white;
use crate::photo::{DecodeError, Format, Limits};

type Result<T> = std::result::Result<T, DecodeError>;

/// How auxiliary pictures say that they hold transparency.
const ALPHA: &str = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";

/// Decodes the main picture, upright and over white.
pub(super) fn decode(file: &HeifFile<'_>, limits: &Limits) -> Result<RgbImage> {
    let container = Container { file, limits };
    let id = file.primary_id;
    let mut image = container.colours_of(id)?;
    if let Some(alpha) = container.alpha_item(id)? {
        let plane = container.alpha_of(alpha, image.dimensions())?;
        let premultiplied = file
            .references
            .iter()
            .any(|reference| reference.ref_type.0 == *b"prem" && reference.from == id);
        lay_over_white(&mut image, &plane, premultiplied);
    }
    for property in container.properties(id)? {
        image = turned(image, property);
    }
    Ok(image)
}

/// A file and how much of it may be decoded.
struct Container<'a> {
    file: &'a HeifFile<'a>,
    limits: &'a Limits,
}

impl Container<'_> {
    fn properties(&self, id: ItemId) -> Result<impl Iterator<Item = &Property>> {
        self.file.item_properties(id).map_err(container)
    }

    /// The colours of an item that is coded itself or a grid of coded ones.
    fn colours_of(&self, id: ItemId) -> Result<RgbImage> {
        if !self.is_grid(id)? {
            return self.frame(id)?.to_rgb(self.colour_numbers(id)?);
        }
        let own = self.colour_numbers(id)?;
        let mut canvas = None;
        self.tiles(id, |tile, frame, (width, height), (x, y)| {
            let canvas = canvas.get_or_insert_with(|| RgbImage::new(width, height));
            let colours = own.or(self.colour_numbers(tile)?);
            imageops::replace(canvas, &frame.to_rgb(colours)?, x.into(), y.into());
            Ok(())
        })?;
        canvas.ok_or_else(|| damaged("a grid without tiles"))
    }

    /// The transparency that an item holds, one sample a pixel of a picture of that size.
    fn alpha_of(&self, id: ItemId, size: (u32, u32)) -> Result<Vec<u8>> {
        let own = self.colour_numbers(id)?;
        let mut plane = image::GrayImage::new(size.0, size.1);
        let mut place = |frame: &Frame, colours, x: u32, y: u32| {
            let grey = frame.to_grey(colours);
            let tile = image::GrayImage::from_raw(frame.width, frame.height, grey)
                .ok_or_else(|| damaged("its transparency"))?;
            imageops::replace(&mut plane, &tile, x.into(), y.into());
            Ok(())
        };
        if self.is_grid(id)? {
            self.tiles(id, |tile, frame, _, (x, y)| {
                place(&frame, own.or(self.colour_numbers(tile)?), x, y)
            })?;
        } else {
            let frame = self.frame(id)?;
            if (frame.width, frame.height) != size {
                return Err(damaged("a transparency of another size"));
            }
            place(&frame, own, 0, 0)?;
        }
        Ok(plane.into_raw())
    }

    /// Decodes the tiles of a grid one after the other and gives each with the grid's size and the tile's place.
    fn tiles(
        &self,
        id: ItemId,
        mut take: impl FnMut(ItemId, Frame, (u32, u32), (u32, u32)) -> Result<()>,
    ) -> Result<()> {
        let grid = self.file.grid(id).map_err(container)?;
        let (width, height) = (grid.output_width, grid.output_height);
        self.limits.check(width, height, av1::BYTES_PER_PIXEL)?;
        let tiles = self.file.referenced_items(id, b"dimg");
        let (rows, columns) = (u32::from(grid.rows), u32::from(grid.columns));
        if tiles.len() as u64 != u64::from(rows) * u64::from(columns) {
            return Err(damaged("a grid without all of its tiles"));
        }
        let mut size = None;
        for (number, &tile) in (0..).zip(tiles) {
            let frame = self.frame(tile)?;
            let &mut (tile_width, tile_height) = size.get_or_insert((frame.width, frame.height));
            // Every tile shows something, so that a small picture cannot be made of many large tiles.
            let fits = |tiles: u32, side: u32, whole: u32| {
                (u64::from(tiles) - 1) * u64::from(side) < u64::from(whole)
            };
            if (frame.width, frame.height) != (tile_width, tile_height)
                || !fits(columns, tile_width, width)
                || !fits(rows, tile_height, height)
            {
                return Err(damaged("tiles that do not fit its grid"));
            }
            let place = (
                number % columns * tile_width,
                number / columns * tile_height,
            );
            take(tile, frame, (width, height), place)?;
        }
        Ok(())
    }

    fn is_grid(&self, id: ItemId) -> Result<bool> {
        Ok(self.file.item(id).map_err(container)?.item_type.0 == *b"grid")
    }

    fn frame(&self, id: ItemId) -> Result<Frame> {
        let data = self.file.item_data(id).map_err(container)?;
        av1::frame(data.into_owned(), self.limits)
    }

    /// The colours that the container gives an item.
    fn colour_numbers(&self, id: ItemId) -> Result<Option<Colours>> {
        Ok(self.properties(id)?.find_map(|property| match property {
            Property::Color(ColorInfo::Nclx {
                matrix, full_range, ..
            }) => Some(Colours {
                matrix: *matrix,
                full_range: *full_range,
            }),
            _ => None,
        }))
    }

    fn alpha_item(&self, id: ItemId) -> Result<Option<ItemId>> {
        for other in self.file.referencing_items(id, b"auxl") {
            let is_alpha = |property: &Property| matches!(property, Property::AuxiliaryType(kind) if kind == ALPHA);
            if self.properties(other)?.any(is_alpha) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}

fn lay_over_white(image: &mut RgbImage, alpha: &[u8], premultiplied: bool) {
    for (pixel, &alpha) in image.pixels_mut().zip(alpha) {
        let Rgb([r, g, b]) = *pixel;
        *pixel = if premultiplied {
            Rgb([r, g, b].map(|sample| sample.saturating_add(255 - alpha)))
        } else {
            over_white(Rgba([r, g, b, alpha]))
        };
    }
}

/// The picture as one of its properties wants it: cut, turned or mirrored.
fn turned(image: RgbImage, property: &Property) -> RgbImage {
    match *property {
        Property::CleanAperture {
            width,
            height,
            horiz_offset,
            vert_offset,
        } => {
            let across = kept(image.width(), width, horiz_offset);
            let down = kept(image.height(), height, vert_offset);
            imageops::crop_imm(&image, across.0, down.0, across.1, down.1).to_image()
        }
        // Counted against the clock.
        Property::Rotation(1) => imageops::rotate270(&image),
        Property::Rotation(2) => imageops::rotate180(&image),
        Property::Rotation(3) => imageops::rotate90(&image),
        Property::Mirror(true) => imageops::flip_vertical(&image),
        Property::Mirror(false) => imageops::flip_horizontal(&image),
        _ => image,
    }
}

/// Start and length of what a clean aperture keeps of a side: `offset` is that of its centre from the picture's.
fn kept(side: u32, length: (u32, u32), offset: (i32, u32)) -> (u32, u32) {
    let fraction = |above: f64, below: u32| above / f64::from(below.max(1));
    let length = fraction(f64::from(length.0), length.1);
    let offset = fraction(f64::from(offset.0), offset.1);
    let start = (f64::from(side) - length) / 2.0 + offset;
    let start = (start.round().max(0.0) as u32).min(side.saturating_sub(1));
    (start, (length.round() as u32).clamp(1, side - start))
}

fn container(error: heifer::heifer_isobmff::Error) -> DecodeError {
    from_container(Format::Avif, error)
}

fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged {
        format: Format::Avif,
        reason: what.to_owned(),
    }
}
