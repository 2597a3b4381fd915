use super::table::{FactTable, Folder, Row, place_of, sought_in};
use crate::library::{PhotoId, civil, names, seconds};
use crate::photo::Format;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A table as it is kept in a file; the numbers of the photos are kept beside it.
#[derive(Serialize, Deserialize)]
pub(in crate::search) struct Columns {
    roots: Vec<Vec<u8>>,
    /// Each with the place of its root.
    folders: Vec<(u32, Vec<u8>)>,
    domains: Vec<String>,
    /// The formats that occur, by their names in the catalogue.
    formats: Vec<String>,
    rows: Vec<StoredRow>,
    names: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct StoredRow {
    folder: u32,
    domain: u32,
    name_end: u32,
    modified_ns: i64,
    /// When it was taken, if the camera said so.
    taken_s: Option<i64>,
    /// A place in the formats.
    format: Option<u32>,
    bytes: u64,
    size_px: Option<(u32, u32)>,
}

impl FactTable {
    /// The table as it is kept in a file.
    pub fn columns(&self) -> Columns {
        let mut formats = Vec::new();
        let rows = self.rows.iter().map(|row| StoredRow {
            folder: row.folder,
            domain: row.domain,
            name_end: row.name_end,
            // What the catalogue keeps fits.
            modified_ns: row.modified.as_nanosecond() as i64,
            taken_s: row.taken_by_camera.then(|| seconds(row.taken)),
            format: row
                .format
                .map(|format| place_of(&mut formats, &format.name().to_owned(), String::clone)),
            bytes: row.bytes,
            size_px: row.size_px,
        });
        let rows = rows.collect();
        Columns {
            roots: self
                .roots
                .iter()
                .map(|root| names::to_bytes(root))
                .collect(),
            folders: self
                .folders
                .iter()
                .map(|folder| (folder.root, names::to_bytes(&folder.path)))
                .collect(),
            domains: self.domains.clone(),
            formats,
            rows,
            names: self.names.clone(),
        }
    }
}

impl Columns {
    /// The table of these photos; `None` if the parts do not fit together.
    pub fn into_table(self, photos: &[PhotoId]) -> Option<FactTable> {
        let roots: Vec<Arc<Path>> = self
            .roots
            .iter()
            .map(|root| Arc::from(names::to_path(root)))
            .collect();
        let folder = |(root, path): &(u32, Vec<u8>)| {
            let path = names::to_path(path);
            let sought = sought_in(roots.get(*root as usize)?, &path);
            Some(Folder {
                root: *root,
                path,
                sought,
            })
        };
        let folders: Vec<Folder> = self.folders.iter().map(folder).collect::<Option<_>>()?;
        let formats: Vec<Option<Format>> = self
            .formats
            .iter()
            .map(|name| Format::of_name(name))
            .collect();
        let zone = TimeZone::system();
        let mut before = 0;
        let row = |(id, stored): (&PhotoId, &StoredRow)| {
            let fits = stored.name_end >= before
                && stored.name_end as usize <= self.names.len()
                && (stored.folder as usize) < folders.len()
                && (stored.domain as usize) < self.domains.len();
            before = stored.name_end;
            let modified = Timestamp::from_nanosecond(stored.modified_ns.into()).ok()?;
            let by_camera = stored.taken_s.and_then(civil);
            let format = match stored.format {
                Some(place) => *formats.get(place as usize)?,
                None => None,
            };
            fits.then(|| Row {
                id: *id,
                folder: stored.folder,
                domain: stored.domain,
                name_end: stored.name_end,
                modified,
                taken: by_camera.unwrap_or_else(|| zone.to_datetime(modified)),
                taken_by_camera: by_camera.is_some(),
                format,
                bytes: stored.bytes,
                size_px: stored.size_px,
            })
        };
        if photos.len() != self.rows.len() {
            return None;
        }
        let rows: Vec<Row> = photos
            .iter()
            .zip(&self.rows)
            .map(row)
            .collect::<Option<_>>()?;
        let mut shown = Vec::new();
        shown.resize_with(rows.len(), OnceLock::new);
        Some(FactTable {
            roots,
            folders,
            domains: self.domains,
            rows,
            names: self.names,
            shown,
        })
    }
}
