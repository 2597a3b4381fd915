use crate::library::{Content, Failure, Job};
use image::RgbImage;

/// What a look at a photo's file gave.
pub(super) enum Look {
    /// The evaluation crop, and what the file holds.
    Crop(RgbImage, Content),
    /// Why there is none.
    Failed(Failure),
    /// The file is not what the scan saw: it was changed, or taken away, before it was read to its end. Neither crop nor
    /// reason can be trusted; a later scan finds what became of it.
    Changed,
}

impl Look {
    /// Judges what reading a photo gave, after it was read.
    pub fn after(job: &Job, read: Result<RgbImage, Failure>) -> Look {
        match read {
            Ok(crop) => job
                .content()
                .map_or(Look::Changed, |content| Look::Crop(crop, content)),
            Err(failure) if job.is_as_scanned() => Look::Failed(failure),
            Err(_) => Look::Changed,
        }
    }
}
