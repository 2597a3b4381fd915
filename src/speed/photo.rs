use super::{SpeedError, Taken, made, timed};
use crate::photo::{Enough, Limits, evaluation_crop, read, read_for};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a JPEG takes before the model sees it, on one thread, its file in memory already.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Photo {
    /// Size of the picture.
    pub megapixels: f64,
    /// Size of its file.
    pub bytes: u64,
    /// Reading and decoding all of it.
    pub decode_whole: Taken,
    /// Reading and decoding as much of it as the model needs, which is what indexing does.
    pub decode_reduced: Taken,
    /// Cutting the model's square out of the reduced picture.
    pub preprocess: Taken,
}

/// Decodes the same photo again and again.
pub(super) struct Decoder {
    size_px: u32,
    photo: [u32; 2],
    file: PathBuf,
    bytes: u64,
    taken: [Vec<Taken>; 3],
    /// Its file, as long as this lives.
    _folder: TempDir,
}

impl Decoder {
    /// Makes a photo so wide and high for a model that takes squares of `size_px`.
    pub(super) fn new(photo: [u32; 2], size_px: u32) -> Result<Decoder, SpeedError> {
        let folder = tempfile::tempdir().map_err(SpeedError::Folder)?;
        let file = folder.path().join("photo.jpg");
        let bytes = write(&file, photo).map_err(|source| SpeedError::Write {
            path: file.clone(),
            source,
        })?;
        Ok(Decoder {
            size_px,
            photo,
            file,
            bytes,
            taken: Default::default(),
            _folder: folder,
        })
    }

    pub(super) fn round(&mut self) -> Result<(), SpeedError> {
        let limits = Limits::default();
        let (whole, decoding_whole) = timed(|| read(&self.file, &limits));
        drop(whole?);
        let enough = Enough::for_crop(self.size_px);
        let (reduced, decoding_reduced) = timed(|| read_for(&self.file, enough, &limits));
        let reduced = reduced?;
        let (_, preprocessing) = timed(|| evaluation_crop(&reduced, self.size_px));
        let round = [decoding_whole, decoding_reduced, preprocessing];
        for (taken, round) in self.taken.iter_mut().zip(round) {
            taken.push(round);
        }
        Ok(())
    }

    pub(super) fn medians(&self) -> Photo {
        let [decode_whole, decode_reduced, preprocess] =
            self.taken.each_ref().map(|taken| Taken::median(taken));
        let [width, height] = self.photo.map(f64::from);
        Photo {
            megapixels: width * height / 1e6,
            bytes: self.bytes,
            decode_whole,
            decode_reduced,
            preprocess,
        }
    }
}

/// Writes the photo; gives the size of its file.
fn write(file: &Path, [width, height]: [u32; 2]) -> io::Result<u64> {
    let bytes = made::jpeg(&made::photo(width, height, 0))?;
    std::fs::write(file, &bytes)?;
    Ok(bytes.len() as u64)
}
