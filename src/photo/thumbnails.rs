//! Small copies of photos in a cache folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;

use super::crop::resize_whole;
use super::{Limits, decode};

/// Longest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE_PX: u32 = 256;

/// JPEG quality of a stored thumbnail: about 15 kB each.
const QUALITY: u8 = 85;

/// `image` with its longest side at [`THUMBNAIL_SIDE_PX`]; a smaller one is not enlarged.
pub fn thumbnail(image: &RgbImage) -> RgbImage {
    reduced(image, THUMBNAIL_SIDE_PX)
}

/// `image` with its longest side at `longest_px`; a smaller one is not enlarged.
pub fn reduced(image: &RgbImage, longest_px: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let longest = width.max(height);
    if longest <= longest_px {
        return image.clone();
    }
    let scaled = |side: u32| {
        let rounded =
            (u64::from(side) * u64::from(longest_px) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(rounded).unwrap_or(longest_px).max(1)
    };
    resize_whole(image, scaled(width), scaled(height))
}

/// A cache folder of thumbnails, named after the photo's path, time and size so that a changed photo gets a new one.
///
/// The folder can be deleted at any time. Several threads and processes may use it at once: files appear whole or not
/// at all.
#[derive(Debug, Clone)]
pub struct Thumbnails {
    folder: PathBuf,
}

impl Thumbnails {
    /// Thumbnails in `folder`, which is made when the first one is stored.
    pub fn new(folder: impl Into<PathBuf>) -> Thumbnails {
        Thumbnails {
            folder: folder.into(),
        }
    }

    /// Where the thumbnail of the photo at `path` with that modification time and size lies, or would lie.
    pub fn file(&self, path: &Path, mtime_ns: i64, size_bytes: u64) -> PathBuf {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&mtime_ns.to_le_bytes());
        hasher.update(&size_bytes.to_le_bytes());
        hasher.update(path.as_os_str().as_encoded_bytes());
        let name = hasher.finalize().to_hex();
        // Two levels keep the folders short in file managers and on slow file systems.
        self.folder
            .join(&name[..2])
            .join(format!("{}.jpg", &name[2..40]))
    }

    /// The stored thumbnail, or `None` when there is none or it is damaged.
    pub fn load(&self, path: &Path, mtime_ns: i64, size_bytes: u64) -> Option<RgbImage> {
        let file = self.file(path, mtime_ns, size_bytes);
        let bytes = fs::read(&file).ok()?;
        let (jpeg, kept) = bytes.split_last_chunk()?;
        if *kept != seal(&file, jpeg) {
            return None;
        }
        let image = decode(jpeg, &Limits::default()).ok()?;
        (image.width().max(image.height()) <= THUMBNAIL_SIDE_PX).then_some(image)
    }

    /// Stores the thumbnail of `image`, the upright photo at `path`, and returns it.
    ///
    /// A cache that cannot be written (full disk) costs a warning, nothing else.
    pub fn store(&self, path: &Path, mtime_ns: i64, size_bytes: u64, image: &RgbImage) -> RgbImage {
        let small = thumbnail(image);
        keep(&self.file(path, mtime_ns, size_bytes), &small);
        small
    }

    /// The stored thumbnail, or else that of the picture from `make`, stored for the next time.
    ///
    /// # Errors
    /// Those of `make`, which is called only when no sound thumbnail is stored.
    pub fn load_or_make<E>(
        &self,
        path: &Path,
        mtime_ns: i64,
        size_bytes: u64,
        make: impl FnOnce() -> Result<RgbImage, E>,
    ) -> Result<RgbImage, E> {
        match self.load(path, mtime_ns, size_bytes) {
            Some(small) => Ok(small),
            None => Ok(self.store(path, mtime_ns, size_bytes, &make()?)),
        }
    }
}

impl Thumbnails {
    /// How many thumbnails are stored, and their bytes.
    pub fn usage(&self) -> (usize, u64) {
        self.stored().fold((0, 0), |(files, bytes), file| {
            let size = fs::metadata(&file).map_or(0, |facts| facts.len());
            (files + 1, bytes + size)
        })
    }

    /// Deletes the stored thumbnails, and nothing else that lies in the folder.
    ///
    /// # Errors
    /// A file that cannot be deleted.
    pub fn clear(&self) -> io::Result<()> {
        for file in self.stored() {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The files that [`Thumbnails::file`] may have named: `ab/cdef….jpg`.
    fn stored(&self) -> impl Iterator<Item = PathBuf> {
        let hex = |name: &str, letters: usize| {
            name.len() == letters && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        below(&self.folder)
            .filter(move |entry| entry.file_name().to_str().is_some_and(|name| hex(name, 2)))
            .flat_map(move |folder| below(&folder.path()))
            .map(|entry| entry.path())
            .filter(move |path| {
                let stem = path.file_stem().and_then(|stem| stem.to_str());
                path.extension().is_some_and(|extension| extension == "jpg")
                    && stem.is_some_and(|stem| hex(stem, 38))
            })
    }
}

/// Stores a thumbnail; a cache that cannot be written costs a warning.
pub(super) fn keep(file: &Path, small: &RgbImage) {
    if let Err(error) = write(file, small) {
        tracing::warn!(
            "the thumbnail {} could not be stored: {error}",
            file.display()
        );
    }
}

/// What follows the picture in a file: a hash of both name and picture, so that neither damage nor another's thumbnail
/// is taken for this one. Programs that read JPEG pass over it.
fn seal(file: &Path, jpeg: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let name = file.file_name().unwrap_or_default();
    hasher.update(name.as_encoded_bytes());
    hasher.update(jpeg);
    *hasher.finalize().as_bytes()
}

/// Writes beside the target first, so that nobody ever sees half a file.
fn write(file: &Path, small: &RgbImage) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(small)
        .map_err(io::Error::other)?;
    let seal = seal(file, &jpeg);
    jpeg.extend(seal);
    let beside = tempfile::NamedTempFile::new_in(folder)?;
    fs::write(beside.path(), &jpeg)?;
    beside.persist(file).map_err(|error| error.error)?;
    Ok(())
}
