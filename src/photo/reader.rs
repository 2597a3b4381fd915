//! Photos in, by whichever way is safe.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::RgbImage;

use super::apart::{Order, Pictures, Processes, Wanted};
use super::{Limits, PhotoError, ProcessLimits, THUMBNAIL_SIDE_PX};

/// What a question needs of a photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// What the model sees of it: [`super::evaluation_crop`].
    pub crop: RgbImage,
    /// A small copy to be shown: [`super::reduced`].
    pub small: RgbImage,
}

/// Reads photos, in processes of their own where it was given a program for that; a clone shares those processes.
///
/// What costs one photo there is limited in time and memory whatever its decoder does, and a crash is that photo's
/// failure. Without a program, or where none can be started, photos are decoded on the calling thread, as by
/// [`super::read`].
#[derive(Clone, Debug, Default)]
pub struct Reader {
    limits: Limits,
    apart: Option<Arc<Processes>>,
}

impl Reader {
    /// Reads on the calling thread.
    pub fn here(limits: Limits) -> Reader {
        Reader {
            limits,
            apart: None,
        }
    }

    /// Reads in processes of `program`, which is this one: it has to run [`super::serve`] for
    /// [`super::WORKER_COMMAND`].
    pub fn apart(program: PathBuf, limits: Limits, process_limits: ProcessLimits) -> Reader {
        Reader {
            limits,
            apart: Some(Arc::new(Processes::new(program, process_limits))),
        }
    }

    /// The same with processes of its own, which end with it: for work that needs many for a while.
    #[must_use]
    pub fn anew(&self) -> Reader {
        let apart = self.apart.as_ref().map(|known| Arc::new(known.anew()));
        Reader {
            limits: self.limits,
            apart,
        }
    }

    /// The photo at `path` as upright 8-bit RGB.
    ///
    /// # Errors
    /// As [`super::read`], and where decoding took too long, needed too much memory or crashed.
    pub fn read(&self, path: &Path) -> Result<RgbImage, PhotoError> {
        Ok(self.carry_out(path, Wanted::Whole)?.main)
    }

    /// The small copy of the photo at `path`: [`super::thumbnail`].
    ///
    /// The copy that cameras put into a JPEG's EXIF is not taken: at 160 pixels it is smaller than this one, and a reduced
    /// decode is quick and gives this copy and what the model sees at once ([`Reader::crop`]).
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn thumbnail(&self, path: &Path) -> Result<RgbImage, PhotoError> {
        self.reduced(path, THUMBNAIL_SIDE_PX)
    }

    /// A copy of the photo at `path` of that size: [`super::reduced`].
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn reduced(&self, path: &Path, longest_px: u32) -> Result<RgbImage, PhotoError> {
        Ok(self.carry_out(path, Wanted::Reduced { longest_px })?.main)
    }

    /// What the model sees of the photo at `path`, a square of `size_px`, and a copy with no side above `longest_px`: far
    /// less to be passed on than the photo itself.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn look(&self, path: &Path, size_px: u32, longest_px: u32) -> Result<Looked, PhotoError> {
        let wanted = Wanted::Look {
            size_px,
            longest_px,
        };
        let Pictures { main, beside } = self.carry_out(path, wanted)?;
        Ok(Looked {
            crop: main,
            small: beside,
        })
    }

    /// What the model sees of the photo at `path`: [`super::evaluation_crop`] of `size_px`.
    ///
    /// The file `thumbnail` becomes its small copy on the way, unless it is there already; one that cannot be written
    /// costs a warning.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn crop(
        &self,
        path: &Path,
        size_px: u32,
        thumbnail: Option<PathBuf>,
    ) -> Result<RgbImage, PhotoError> {
        let thumbnail = thumbnail.map(Into::into);
        let wanted = Wanted::Crop { size_px, thumbnail };
        Ok(self.carry_out(path, wanted)?.main)
    }

    fn carry_out(&self, path: &Path, wanted: Wanted) -> Result<Pictures, PhotoError> {
        let order = Order::new(path, self.limits, wanted);
        self.apart
            .as_ref()
            .and_then(|processes| processes.carry_out(&order))
            .unwrap_or_else(|| order.carry_out(|| ()))
    }
}
