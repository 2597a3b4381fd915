//! The layout of the file: the segments one behind the other, then a head that says where they lie, then where that does.

use crate::files;
use crate::index::Block;
use crate::library::{ModelKey, PhotoId, Seen};
use crate::search::facts::Columns;
use crate::search::segment::Segment;
use crate::search::snapshot::Snapshot;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::Path;

/// Ends the file; the digit is the layout's version.
const MAGIC: &[u8; 8] = b"PUMASNP1";
/// Length and checksum of the head, and the magic.
const TRAILER: usize = 8 + 32 + MAGIC.len();

/// What stands at the end of the file, when the segments are written.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    model: String,
    change: i64,
    embedding: i64,
    width: u64,
    prompts: u64,
    parts: Vec<Part>,
}

/// Where a segment lies.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    rows: u64,
    start: u64,
    bytes: u64,
    checksum: [u8; 32],
}

/// Writes a snapshot; an old file stays whole until the new one is complete.
pub(super) fn save(path: &Path, model: &ModelKey, snapshot: &Snapshot) -> Result<()> {
    files::replace_by(path, |out| {
        let mut head = Head {
            model: model.to_string(),
            change: snapshot.seen.change,
            embedding: snapshot.seen.embedding,
            width: snapshot.index.vectors().width() as u64,
            prompts: 0,
            parts: Vec::with_capacity(snapshot.segments().len()),
        };
        let mut start = 0;
        for segment in snapshot.segments() {
            let body = encoded(segment)?;
            out.write_all(&body)?;
            head.prompts = (segment.similarities().len() / segment.len()) as u64;
            head.parts.push(Part {
                rows: segment.len() as u64,
                start,
                bytes: body.len() as u64,
                checksum: *blake3::hash(&body).as_bytes(),
            });
            start += body.len() as u64;
        }
        let head = bincode::serialize(&head).map_err(Error::other)?;
        out.write_all(&head)?;
        out.write_all(&(head.len() as u64).to_le_bytes())?;
        out.write_all(blake3::hash(&head).as_bytes())?;
        out.write_all(MAGIC)
    })
}

impl Head {
    /// Reads what a file holds for this model; the segments are looked at by [`Head::snapshot`].
    pub fn read(path: &Path, model: &ModelKey) -> Result<Head> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let trailer_at = length.checked_sub(TRAILER as u64).ok_or_else(damaged)?;
        let mut trailer = [0; TRAILER];
        file.seek(SeekFrom::Start(trailer_at))?;
        file.read_exact(&mut trailer)?;
        let (sizes, magic) = trailer.split_at(TRAILER - MAGIC.len());
        let (size, checksum) = sizes.split_at(8);
        if magic != MAGIC {
            return Err(damaged());
        }
        let size = u64::from_le_bytes(size.try_into().map_err(|_| damaged())?);
        let head_at = trailer_at.checked_sub(size).ok_or_else(damaged)?;
        let head = read(path, head_at, size, checksum)?;
        let head: Head = bincode::deserialize(&head).map_err(|_| damaged())?;
        if head.model != model.to_string() {
            return Err(Error::new(ErrorKind::InvalidData, "it is of another model"));
        }
        let inside = |part: &Part| {
            let end = part.start.checked_add(part.bytes);
            end.is_some_and(|end| end <= head_at)
        };
        if head.parts.iter().all(inside) {
            Ok(head)
        } else {
            Err(damaged())
        }
    }

    /// What the reader of the catalogue had seen.
    pub fn seen(&self) -> Seen {
        Seen {
            change: self.change,
            embedding: self.embedding,
        }
    }

    /// Reads the segments; each is looked at before it is trusted.
    pub fn snapshot(&self, path: &Path) -> Result<Snapshot> {
        let (width, prompts) = (self.width as usize, self.prompts as usize);
        let segments: Vec<Segment> = self
            .parts
            .par_iter()
            .map(|part| {
                let body = read(path, part.start, part.bytes, &part.checksum)?;
                decoded(&body, part.rows as usize, width, prompts).ok_or_else(damaged)
            })
            .collect::<Result<_>>()?;
        Ok(Snapshot::new(self.seen(), width, segments))
    }
}

/// A part of the file that is as it was written.
fn read(path: &Path, start: u64, bytes: u64, checksum: &[u8]) -> Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut body = vec![0; bytes as usize];
    file.read_exact(&mut body)?;
    if blake3::hash(&body).as_bytes() != checksum {
        return Err(damaged());
    }
    Ok(body)
}

fn damaged() -> Error {
    Error::new(ErrorKind::InvalidData, "it is damaged")
}

/// A segment: the length of the facts, the facts, the photos' numbers, the embeddings' numbers, the embeddings, the
/// similarities.
fn encoded(segment: &Segment) -> Result<Vec<u8>> {
    let facts = bincode::serialize(&segment.facts().columns()).map_err(Error::other)?;
    let values = segment.block().values();
    let similarities = segment.similarities();
    let numbers = 16 * segment.len() + 4 * (values.len() + similarities.len());
    let mut body = Vec::with_capacity(8 + facts.len() + numbers);
    body.extend((facts.len() as u64).to_le_bytes());
    body.extend(facts);
    body.extend(
        segment
            .photos()
            .iter()
            .flat_map(|photo| photo.0.to_le_bytes()),
    );
    body.extend(
        segment
            .block()
            .keys()
            .iter()
            .flat_map(|key| key.to_le_bytes()),
    );
    body.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    body.extend(similarities.iter().flat_map(|value| value.to_le_bytes()));
    Ok(body)
}

fn decoded(body: &[u8], rows: usize, width: usize, prompts: usize) -> Option<Segment> {
    let (size, rest) = body.split_first_chunk()?;
    let (facts, rest) = rest.split_at_checked(u64::from_le_bytes(*size) as usize)?;
    let (photos, rest) = rest.split_at_checked(rows.checked_mul(8)?)?;
    let (keys, rest) = rest.split_at_checked(rows.checked_mul(8)?)?;
    let (values, rest) = rest.split_at_checked(rows.checked_mul(4 * width)?)?;
    let (similarities, rest) = rest.split_at_checked(rows.checked_mul(4 * prompts)?)?;
    let photos: Vec<PhotoId> = longs(photos).map(PhotoId).collect();
    let columns: Columns = bincode::deserialize(facts).ok()?;
    let facts = columns.into_table(&photos)?;
    let whole = rest.is_empty() && rows > 0;
    whole.then(|| {
        let block = Block::new(width, longs(keys).collect(), floats(values));
        Segment::new(photos, block, floats(similarities), facts)
    })
}

fn longs(bytes: &[u8]) -> impl Iterator<Item = i64> + '_ {
    let (parts, _) = bytes.as_chunks();
    parts.iter().map(|part| i64::from_le_bytes(*part))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (parts, _) = bytes.as_chunks();
    parts.iter().map(|part| f32::from_le_bytes(*part)).collect()
}
