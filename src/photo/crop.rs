//! The one preprocessing: from an upright picture to the square that the model sees.

use fast_image_resize::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ImageView, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

/// Counts up whenever [`evaluation_crop`] or decoding gives other pixels, so that stored embeddings are made anew.
pub const PREPROCESSING_VERSION: u32 = 2;

/// The square of `size_px` that evaluation, indexing and search feed to the model.
///
/// The shorter side goes to `size_px * 256 / 224` with Pillow's antialiased bicubic filter, then the centre is cut out;
/// the longer side and the offsets are rounded as torchvision's `Resize` and `CenterCrop` do. Only the pixels that
/// survive the crop are computed, so that a very long panorama costs no more than a square.
pub fn evaluation_crop(image: &RgbImage, size_px: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let short_px = u64::from(size_px) * 256 / 224;
    // torchvision truncates the longer side.
    let scaled = |side: u32| u64::from(side) * short_px / u64::from(width.min(height).max(1));
    let across = centre(width, scaled(width), size_px);
    let down = centre(height, scaled(height), size_px);
    view(image)
        .and_then(|source| resize(&source, across, down, size_px, size_px))
        .unwrap_or_else(|| RgbImage::new(size_px, size_px))
}

/// Start and length, in source pixels, of the part of a side that the centre crop keeps once it is `scaled` long.
fn centre(side: u32, scaled: u64, size_px: u32) -> (f64, f64) {
    let margin = scaled.saturating_sub(u64::from(size_px));
    // Python's round, used by torchvision: a half goes to the even neighbour.
    let offset = margin / 2 + u64::from(margin % 4 == 3);
    let in_source = |px: u64| px as f64 * f64::from(side) / scaled as f64;
    let start = in_source(offset);
    (
        start,
        in_source(u64::from(size_px)).min(f64::from(side) - start),
    )
}

/// The rectangle `x, y, width, height` (source pixels) resized to a square of `size_px`, bicubic and antialiased.
///
/// Nothing outside the rectangle flows in, as with torchvision's `resized_crop` on a Pillow image. A rectangle that
/// leaves the picture is cut off at its edges, an empty one widened to a pixel.
pub fn resized_crop(
    image: &RgbImage,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    size_px: u32,
) -> RgbImage {
    let (image_width, image_height) = image.dimensions();
    let (x, y) = (
        x.min(image_width.saturating_sub(1)),
        y.min(image_height.saturating_sub(1)),
    );
    let (width, height) = (
        width.clamp(1, image_width.saturating_sub(x).max(1)),
        height.clamp(1, image_height.saturating_sub(y).max(1)),
    );
    view(image)
        .and_then(|pixels| {
            let source = TypedCroppedImage::from_ref(&pixels, x, y, width, height).ok()?;
            resize(&source, all_of(width), all_of(height), size_px, size_px)
        })
        .unwrap_or_else(|| RgbImage::new(size_px, size_px))
}

/// The whole picture at `width_px` by `height_px`, bicubic and antialiased.
pub(super) fn resize_whole(image: &RgbImage, width_px: u32, height_px: u32) -> RgbImage {
    view(image)
        .and_then(|source| {
            resize(
                &source,
                all_of(image.width()),
                all_of(image.height()),
                width_px,
                height_px,
            )
        })
        .unwrap_or_else(|| RgbImage::new(width_px, height_px))
}

/// The picture's pixels as fast_image_resize wants them; `None` for a picture without pixels.
pub(super) fn view(image: &RgbImage) -> Option<TypedImageRef<'_, U8x3>> {
    if image.is_empty() {
        return None;
    }
    TypedImageRef::from_buffer(image.width(), image.height(), image.as_raw()).ok()
}

/// All of a side as start and length.
fn all_of(side: u32) -> (f64, f64) {
    (0.0, f64::from(side))
}

/// The part of `source` that `across` and `down` (start and length in pixels) span, at `width_px` by `height_px`, with
/// Pillow's antialiased bicubic filter (a = -0.5). `None` only for a part outside of the picture.
///
/// Rows are shortened before columns, each pass rounded and clipped to 8 bits, because Pillow does so and
/// fast_image_resize alone would do it the other way round: where the filter overshoots at hard edges the order shows.
pub(super) fn resize(
    source: &impl ImageView<Pixel = U8x3>,
    across: (f64, f64),
    down: (f64, f64),
    width_px: u32,
    height_px: u32,
) -> Option<RgbImage> {
    // The filter reaches two output pixels to either side; only the rows it can touch are shortened.
    let reach = 2.0 * (down.1 / f64::from(height_px)).max(1.0) + 1.0;
    let first = (down.0 - reach).floor().max(0.0);
    let last = (down.0 + down.1 + reach)
        .ceil()
        .min(f64::from(source.height()));
    let rows = (last - first) as u32;

    let mut resizer = Resizer::new();
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
        .use_alpha(false);
    let mut shortened = TypedImage::<U8x3>::new(width_px, rows);
    let box_of_rows = options.crop(across.0, first, across.1, last - first);
    resizer
        .resize_typed(source, &mut shortened, &box_of_rows)
        .ok()?;

    let mut resized = RgbImage::new(width_px, height_px);
    let mut target = TypedImage::<U8x3>::from_buffer(width_px, height_px, &mut resized).ok()?;
    let box_of_columns = options.crop(0.0, down.0 - first, f64::from(width_px), down.1);
    resizer
        .resize_typed(&shortened, &mut target, &box_of_columns)
        .ok()?;
    Some(resized)
}
