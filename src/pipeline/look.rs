use crate::library::{Content, Job};
use image::RgbImage;

/// What a look at a photo's file gave.
pub(super) enum Look {
    /// The evaluation crop, and what the file holds.
    Crop(RgbImage, Content),
    /// Why there is none.
    Failed(String),
    /// The file is not what the scan saw: it was changed, or taken away, before it was read to its end. Neither crop nor
    /// reason can be trusted; a later scan finds what became of it.
    Changed,
}

impl Look {
    /// Judges what reading a photo gave, after it was read.
    pub fn after(job: &Job, read: Result<RgbImage, String>) -> Look {
        match read {
            Ok(crop) => job
                .content()
                .map_or(Look::Changed, |content| Look::Crop(crop, content)),
            Err(reason) if job.is_as_scanned() => Look::Failed(reason),
            Err(_) => Look::Changed,
        }
    }
}
