//! Pictures coded as AV1: frames and their colours.

use image::RgbImage;
use re_rav1d::dav1d::{
    Decoder, Error, Picture, PixelLayout, PlanarImageComponent as Component, Settings,
    pixel::YUVRange,
};
use yuv::{YuvGrayImage, YuvPlanarImage, YuvRange, YuvStandardMatrix};

use crate::photo::{DecodeError, Format, Limits};

type Result<T> = std::result::Result<T, DecodeError>;

/// Bytes that a pixel takes at most: three planes of 16 bits, the same as 8 bits, the RGB, and the decoder's own copies.
pub(super) const BYTES_PER_PIXEL: u64 = 6 + 3 + 3 + 6;
/// How often the decoder is asked for a frame before it is given up.
const MOST_TRIES: usize = 64;

/// How samples stand for colours, in the numbers of ITU-T H.273.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours {
    pub matrix: u16,
    pub full_range: bool,
}

/// One decoded frame.
pub(super) struct Frame {
    picture: Picture,
    pub width: u32,
    pub height: u32,
}

/// Decodes the first frame of an item's data.
pub(super) fn frame(data: Vec<u8>, limits: &Limits) -> Result<Frame> {
    if data.is_empty() {
        return Err(too_short());
    }
    let most_pixels = limits.max_pixels.min(limits.max_bytes / BYTES_PER_PIXEL);
    let mut settings = Settings::new();
    // Several photos are decoded at once as it is.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(u32::try_from(most_pixels).unwrap_or(u32::MAX).max(1));
    let mut decoder = Decoder::with_settings(&settings).map_err(from_decoder)?;
    let mut sent = decoder.send_data(data, None, None, None);
    for _ in 0..MOST_TRIES {
        match sent {
            Ok(()) | Err(Error::Again) => {}
            Err(error) => return Err(from_decoder(error)),
        }
        match decoder.get_picture() {
            Ok(picture) => {
                let (width, height) = (picture.width(), picture.height());
                limits.check(width, height, BYTES_PER_PIXEL)?;
                return Ok(Frame {
                    picture,
                    width,
                    height,
                });
            }
            Err(Error::Again) => sent = decoder.send_pending_data(),
            Err(error) => return Err(from_decoder(error)),
        }
    }
    Err(too_short())
}

impl Frame {
    /// The frame as RGB; `colours` from the container win over those of the stream.
    pub(super) fn to_rgb(&self, colours: Option<Colours>) -> Result<RgbImage> {
        let colours = colours.unwrap_or_else(|| self.colours());
        let mut rgb = RgbImage::new(self.width, self.height);
        let (stride, range) = (3 * self.width, range(colours));
        let y_plane = &self.plane(Component::Y)[..];
        if self.picture.pixel_layout() == PixelLayout::I400 {
            let grey = YuvGrayImage {
                y_plane,
                y_stride: self.width,
                width: self.width,
                height: self.height,
            };
            yuv::yuv400_to_rgb(&grey, &mut rgb, stride, range, YuvStandardMatrix::Bt601)
                .map_err(damaged)?;
            return Ok(rgb);
        }
        let chroma_stride = self.chroma_size().0;
        let planes = YuvPlanarImage {
            y_plane,
            y_stride: self.width,
            u_plane: &self.plane(Component::U),
            u_stride: chroma_stride,
            v_plane: &self.plane(Component::V),
            v_stride: chroma_stride,
            width: self.width,
            height: self.height,
        };
        match (self.picture.pixel_layout(), matrix(colours)) {
            (PixelLayout::I444, None) => yuv::gbr_to_rgb(&planes, &mut rgb, stride, range),
            (PixelLayout::I444, Some(matrix)) => {
                yuv::yuv444_to_rgb(&planes, &mut rgb, stride, range, matrix)
            }
            (PixelLayout::I422, Some(matrix)) => {
                yuv::yuv422_to_rgb_bilinear(&planes, &mut rgb, stride, range, matrix)
            }
            (_, Some(matrix)) => {
                yuv::yuv420_to_rgb_bilinear(&planes, &mut rgb, stride, range, matrix)
            }
            (_, None) => {
                return Err(DecodeError::Unsupported {
                    format: Format::Avif,
                    reason: format!("colours of kind {}", colours.matrix),
                });
            }
        }
        .map_err(damaged)?;
        Ok(rgb)
    }

    /// The frame as one sample a pixel, 0 to 255: an alpha plane.
    pub(super) fn to_grey(&self, colours: Option<Colours>) -> Vec<u8> {
        let colours = colours.unwrap_or_else(|| self.colours());
        let mut grey = self.plane(Component::Y);
        if !colours.full_range {
            for sample in &mut grey {
                let full = (i32::from(*sample) - 16) * 255;
                *sample = ((full + 109) / 219).clamp(0, 255) as u8;
            }
        }
        grey
    }

    fn colours(&self) -> Colours {
        Colours {
            matrix: self.picture.matrix_coefficients() as u16,
            full_range: self.picture.color_range() == YUVRange::Full,
        }
    }

    /// Width and height of a plane of colour differences.
    fn chroma_size(&self) -> (u32, u32) {
        let half = |side: u32| side.div_ceil(2);
        match self.picture.pixel_layout() {
            PixelLayout::I420 => (half(self.width), half(self.height)),
            PixelLayout::I422 => (half(self.width), self.height),
            PixelLayout::I400 | PixelLayout::I444 => (self.width, self.height),
        }
    }

    /// The samples of a plane without gaps, brought to 8 bits.
    fn plane(&self, component: Component) -> Vec<u8> {
        let (width, height) = match component {
            Component::Y => (self.width, self.height),
            _ => self.chroma_size(),
        };
        let bits = self.picture.bit_depth();
        let stride = self.picture.stride(component) as usize;
        let bytes = self.picture.plane(component);
        let rows = bytes.chunks(stride.max(1)).take(height as usize);
        if bits <= 8 {
            return rows
                .flat_map(|row| &row[..width as usize])
                .copied()
                .collect();
        }
        let (shift, half) = (bits - 8, 1 << (bits - 9));
        let to_8_bits = |sample: &[u8; 2]| {
            let sample = u32::from(u16::from_ne_bytes(*sample));
            ((sample + half) >> shift).min(255) as u8
        };
        rows.flat_map(|row| &row.as_chunks::<2>().0[..width as usize])
            .map(to_8_bits)
            .collect()
    }
}

fn range(colours: Colours) -> YuvRange {
    if colours.full_range {
        YuvRange::Full
    } else {
        YuvRange::Limited
    }
}

/// The matrix of these colours, `None` for those that need none (RGB itself) or another kind of sum.
fn matrix(colours: Colours) -> Option<YuvStandardMatrix> {
    match colours.matrix {
        1 => Some(YuvStandardMatrix::Bt709),
        // Where nothing is said, as browsers do.
        2 | 5 | 6 => Some(YuvStandardMatrix::Bt601),
        4 => Some(YuvStandardMatrix::Fcc),
        7 => Some(YuvStandardMatrix::Smpte240),
        9 | 10 => Some(YuvStandardMatrix::Bt2020),
        _ => None,
    }
}

fn too_short() -> DecodeError {
    DecodeError::Truncated {
        format: Format::Avif,
        reason: "its data ends before a picture does".to_owned(),
    }
}

fn damaged(error: impl std::fmt::Display) -> DecodeError {
    DecodeError::Damaged {
        format: Format::Avif,
        reason: error.to_string(),
    }
}

fn from_decoder(error: Error) -> DecodeError {
    match error {
        Error::UnsupportedBitstream => DecodeError::Unsupported {
            format: Format::Avif,
            reason: error.to_string(),
        },
        other => damaged(other),
    }
}
