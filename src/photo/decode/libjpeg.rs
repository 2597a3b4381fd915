//! JPEG with exactly the pixels that libjpeg gives.
//!
//! Decoders differ by a few steps of 255 in how they round and how they enlarge the colour planes. Networks are trained
//! and their figures measured on libjpeg's pixels (Pillow, torchvision), and such small differences do swap close
//! neighbours: one set of the photo collection moved by a whole point of R@1.

use std::os::raw::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use image::RgbImage;
use mozjpeg::{ColorSpace, Decompress};
use mozjpeg_sys::{jpeg_common_struct, jpeg_error_mgr};

use super::Enough;
use crate::photo::Limits;
use crate::photo::complete::jpeg_has_passes;

/// The level of a message that says the data is corrupt; higher ones only tell what the decoder does.
const WARNING: c_int = -1;

/// Decodes a flawless grey or YCbCr JPEG.
///
/// It comes out reduced as far as is `enough`, if that is said. `None` for everything else: other colours, the least doubt about the data, a picture over the limits. The strict
/// decoder then says what is wrong, or makes do.
pub(super) fn decode(bytes: &[u8], enough: Option<Enough>, limits: &Limits) -> Option<RgbImage> {
    // libjpeg has no way back from an error but unwinding; nothing outlives the closure but its result.
    catch_unwind(AssertUnwindSafe(|| decode_or_unwind(bytes, enough, limits))).ok()?
}

fn decode_or_unwind(bytes: &[u8], enough: Option<Enough>, limits: &Limits) -> Option<RgbImage> {
    let mut picture = Decompress::with_err(doubts()).from_mem(bytes).ok()?;
    let samples: u64 = match picture.color_space() {
        ColorSpace::JCS_GRAYSCALE => 1,
        ColorSpace::JCS_YCbCr => 3,
        _ => return None,
    };
    let width = u32::try_from(picture.width()).ok()?;
    let height = u32::try_from(picture.height()).ok()?;
    // The RGB, row by row, and the coefficients (two bytes) that a file in passes keeps whole.
    let kept = if jpeg_has_passes(bytes) {
        2 * samples
    } else {
        0
    };
    limits.check(width, height, 3 + kept).ok()?;
    if let Some(enough) = enough {
        picture.scale(enough.eighths(width, height));
    }
    let mut started = picture.rgb().ok()?;
    let width = u32::try_from(started.width()).ok()?;
    let height = u32::try_from(started.height()).ok()?;
    let pixels = started.read_scanlines::<u8>().ok()?;
    started.finish().ok()?;
    RgbImage::from_raw(width, height, pixels)
}

/// Handlers that give up on errors and on warnings alike, and print nothing.
fn doubts() -> jpeg_error_mgr {
    jpeg_error_mgr {
        error_exit: Some(give_up),
        emit_message: Some(give_up_on_warnings),
        output_message: Some(ignore),
        format_message: Some(leave_unwritten),
        reset_error_mgr: Some(ignore),
        msg_code: 0,
        msg_parm: Default::default(),
        trace_level: 0,
        num_warnings: 0,
        // Only libjpeg's own formatter, which is not used, looks into the tables.
        jpeg_message_table: std::ptr::null(),
        last_jpeg_message: 0,
        addon_message_table: std::ptr::null(),
        first_addon_message: 0,
        last_addon_message: 0,
    }
}

/// Unwinds without calling the panic hook, which would print.
extern "C-unwind" fn give_up(_: &mut jpeg_common_struct) {
    resume_unwind(Box::new(()));
}

extern "C-unwind" fn give_up_on_warnings(_: &mut jpeg_common_struct, level: c_int) {
    if level == WARNING {
        resume_unwind(Box::new(()));
    }
}

extern "C-unwind" fn ignore(_: &mut jpeg_common_struct) {}

extern "C-unwind" fn leave_unwritten(_: &mut jpeg_common_struct, _: &[u8; 80]) {}
