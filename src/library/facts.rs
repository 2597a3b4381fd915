use super::{PhotoId, names};
use crate::photo::Format;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::Row;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is known of a photo besides what the model says: enough to list, sort and filter it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoFacts {
    /// Its number in the library.
    pub id: PhotoId,
    /// Its absolute path.
    pub path: PathBuf,
    /// The root that it lies below.
    pub root: Arc<Path>,
    /// Its domain.
    pub domain: String,
    /// When the file was last changed.
    pub modified: Timestamp,
    /// When it was taken by the camera's own clock, or else changed, on this computer's.
    pub taken: DateTime,
    /// Whether `taken` is what the camera wrote.
    pub taken_by_camera: bool,
    /// Size of the file.
    pub bytes: u64,
    /// Its format: by content where the file was looked at, else by its name.
    pub format: Option<Format>,
    /// Width and height of the upright picture in pixels, where known.
    pub size_px: Option<(u32, u32)>,
}

impl PhotoFacts {
    /// The folder it lies in.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

/// The columns of `photo` that [`from_row`] reads, in its order.
pub(super) const COLUMNS: &str =
    "photo.id, photo.root, photo.path, photo.domain, photo.size_bytes, photo.mtime_ns,
    photo.taken_s, photo.format, photo.width_px, photo.height_px";

/// Reads [`COLUMNS`]; `root` gives the folder of a root's number.
pub(super) fn from_row(
    row: &Row<'_>,
    root: impl FnOnce(i64) -> Arc<Path>,
    zone: &TimeZone,
) -> rusqlite::Result<PhotoFacts> {
    let root = root(row.get(1)?);
    let path = root.join(names::to_relative(row.get_ref(2)?.as_blob()?));
    let modified = Timestamp::from_nanosecond(row.get::<_, i64>(5)?.into()).unwrap_or_default();
    let by_camera = row.get::<_, Option<i64>>(6)?.and_then(civil);
    let format = match row.get_ref(7)?.as_str_or_null()? {
        Some(name) => Format::of_name(name),
        None => path
            .extension()
            .and_then(|ending| Format::of_ending(ending.to_str()?)),
    };
    let side = |side: Option<i64>| side.and_then(|side| u32::try_from(side).ok());
    Ok(PhotoFacts {
        id: PhotoId(row.get(0)?),
        path,
        root,
        domain: row.get(3)?,
        modified,
        taken: by_camera.unwrap_or_else(|| zone.to_datetime(modified)),
        taken_by_camera: by_camera.is_some(),
        bytes: row.get::<_, i64>(4)?.max(0) as u64,
        format,
        size_px: side(row.get(8)?).zip(side(row.get(9)?)),
    })
}

/// A camera's date as the catalogue keeps it.
pub(crate) fn seconds(taken: DateTime) -> i64 {
    TimeZone::UTC
        .to_timestamp(taken)
        .map_or(0, Timestamp::as_second)
}

/// A camera's date from what the catalogue keeps.
pub(crate) fn civil(seconds: i64) -> Option<DateTime> {
    let moment = Timestamp::from_second(seconds).ok()?;
    Some(TimeZone::UTC.to_datetime(moment))
}
