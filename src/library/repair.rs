//! What can still be read of a damaged library, put into a sound one.

use super::opening::{self, beside};
use super::{Library, LibraryError, embeddings, writer};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params_from_iter};
use std::path::{Path, PathBuf};

/// The tables that hold what took work or cannot be found out again, each with its own number `id`; what refers to
/// another comes after it.
const TABLES: [&str; 6] = [
    "root",
    "model",
    "photo",
    "embedding",
    "mount",
    "former_embedding",
];
/// Bytes of the file for each number that a table has given out, at least; a higher number is part of the damage. A row
/// takes several times as many, and numbers of rows that are gone are never used again.
const BYTES_PER_NUMBER: u64 = 32;
/// Every file is taken for one that has given out so many.
const FEWEST_NUMBERS: u64 = 10_000;
/// An embedding's length is 1; further off it is part of the damage.
const LENGTHS: std::ops::RangeInclusive<f32> = 0.99..=1.01;

/// What became of a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nothing was wrong, and nothing was changed.
    Sound,
    /// A new file has taken the library's place.
    Mended {
        /// Photos that it knows.
        photos: usize,
        /// Embeddings that it holds, of all models.
        embeddings: usize,
        /// Rows of the old file that could not be read or made no sense.
        lost: usize,
        /// Where the old file lies now, as it was.
        old: PathBuf,
    },
}

/// Reads what can be read of the library at `path` row by row into a new file, which then takes its place.
///
/// The old file is kept beside it under another name. Photos that were lost come back with the next indexing run.
///
/// # Errors
/// Another program writes to the library, it is of a newer version, its disk is full, or nothing of it can be read.
pub fn repair(path: &Path) -> Result<Repair, LibraryError> {
    if !path.exists() {
        return Err(LibraryError::Missing {
            path: path.to_owned(),
        });
    }
    let _lock = writer::lock(path)?;
    let old = opening::to_read(path)?;
    if is_sound(&old) {
        return Ok(Repair::Sound);
    }
    let fresh = beside(path, ".repaired");
    remove(&fresh)?;
    let Kept {
        roots,
        photos,
        embeddings,
        lost,
    } = fill(&old, &fresh, highest_possible(path))?;
    if roots == 0 {
        remove(&fresh)?;
        return Err(LibraryError::Damaged {
            path: path.to_owned(),
            detail: "nothing of it can be read any more, so that `puma repair` cannot help"
                .to_owned(),
        });
    }
    drop(old);
    let old = put_in_place(path, &fresh)?;
    Ok(Repair::Mended {
        photos,
        embeddings,
        lost,
        old,
    })
}

fn is_sound(old: &Connection) -> bool {
    let check = || -> rusqlite::Result<bool> {
        let said: String = old.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let apart = old
            .query_row("PRAGMA foreign_key_check", [], |_| Ok(()))
            .optional()?;
        if said != "ok" || apart.is_some() {
            return Ok(false);
        }
        let mut all = old.prepare(
            "SELECT embedding FROM embedding UNION ALL SELECT embedding FROM former_embedding",
        )?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            if !is_embedding(row.get_ref(0)?.as_blob()?) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    check().unwrap_or(false)
}

/// How many rows came over, and how many were lost on the way.
struct Kept {
    roots: usize,
    photos: usize,
    embeddings: usize,
    lost: usize,
}

/// Fills a new library.
fn fill(old: &Connection, fresh: &Path, possible: i64) -> Result<Kept, LibraryError> {
    drop(Library::open(fresh)?);
    let fill = || -> rusqlite::Result<Kept> {
        let mut new = Connection::open(fresh)?;
        let transaction = new.transaction()?;
        let mut lost = 0;
        for table in TABLES {
            lost += copy(old, &transaction, table, possible)?;
        }
        lost += remove_orphans(&transaction)?;
        count_as_change(old, &transaction, possible)?;
        let count = |table: &str| {
            transaction.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get::<_, i64>(0).map(|count| count as usize)
            })
        };
        let kept = Kept {
            roots: count("root")?,
            photos: count("photo")?,
            embeddings: count("embedding")?,
            lost,
        };
        transaction.commit()?;
        Ok(kept)
    };
    fill().map_err(|source| LibraryError::from_sqlite(fresh, source))
}

fn remove_orphans(new: &Transaction<'_>) -> rusqlite::Result<usize> {
    let photos = new.execute(
        "DELETE FROM photo WHERE root NOT IN (SELECT id FROM root)",
        [],
    )?;
    let embeddings = new.execute(
        "DELETE FROM embedding
         WHERE photo NOT IN (SELECT id FROM photo) OR model NOT IN (SELECT id FROM model)",
        [],
    )?;
    let mounts = new.execute(
        "DELETE FROM mount WHERE root NOT IN (SELECT id FROM root)",
        [],
    )?;
    let former = new.execute(
        "DELETE FROM former_embedding WHERE model NOT IN (SELECT id FROM model)",
        [],
    )?;
    Ok(photos + embeddings + mounts + former)
}

/// Lets nobody take the new file for the old one.
fn count_as_change(
    old: &Connection,
    new: &Transaction<'_>,
    possible: i64,
) -> rusqlite::Result<usize> {
    let before = old.query_row("SELECT change FROM state", [], |row| row.get::<_, i64>(0));
    let before = before.unwrap_or(0).clamp(0, possible);
    new.execute("UPDATE state SET change = max(change, ?1) + 1", [before])
}

/// Copies the readable rows of a table, each looked up by its number, so that damage costs no more than it covers;
/// gives the number of those lost.
fn copy(
    old: &Connection,
    new: &Transaction<'_>,
    table: &str,
    possible: i64,
) -> rusqlite::Result<usize> {
    let columns = shared_columns(old, new, table)?;
    let names = columns.join(", ");
    let places = vec!["?"; columns.len()].join(", ");
    let Ok(mut find) = old.prepare(&format!(
        "SELECT {names} FROM {table} NOT INDEXED WHERE id = ?1"
    )) else {
        return Ok(0);
    };
    let mut keep = new.prepare(&format!(
        "INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"
    ))?;
    let blob = columns.iter().position(|column| column == "embedding");
    let mut lost = 0;
    for id in 1..=highest(old, table).min(possible) {
        let row = find
            .query_row([id], |row| {
                (0..columns.len())
                    .map(|column| row.get::<_, Value>(column))
                    .collect::<rusqlite::Result<Vec<Value>>>()
            })
            .optional();
        match row {
            Ok(None) => {}
            Ok(Some(row))
                if makes_sense(&row, blob)
                    && keep
                        .execute(params_from_iter(&row))
                        .is_ok_and(|rows| rows == 1) => {}
            Ok(Some(_)) | Err(_) => lost += 1,
        }
    }
    Ok(lost)
}

/// The columns that both files have, in the new file's order; an older version had fewer.
fn shared_columns(
    old: &Connection,
    new: &Connection,
    table: &str,
) -> rusqlite::Result<Vec<String>> {
    let of = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        connection
            .prepare("SELECT name FROM pragma_table_info(?1)")?
            .query_map([table], |row| row.get(0))?
            .collect()
    };
    let old = of(old)?;
    Ok(of(new)?
        .into_iter()
        .filter(|column| old.contains(column))
        .collect())
}

/// The highest number that a file of this size can have given out.
fn highest_possible(path: &Path) -> i64 {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |facts| facts.len());
    let all = bytes(path) + bytes(&beside(path, "-wal"));
    let numbers = (all / BYTES_PER_NUMBER).max(FEWEST_NUMBERS);
    i64::try_from(numbers).unwrap_or(i64::MAX)
}

/// The highest number that a table says it holds.
fn highest(old: &Connection, table: &str) -> i64 {
    let given_out = old
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = ?1",
            [table],
            |row| row.get(0),
        )
        .unwrap_or(0);
    let held = old
        .query_row(&format!("SELECT max(id) FROM {table}"), [], |row| {
            row.get::<_, Option<i64>>(0)
        })
        .ok()
        .flatten()
        .unwrap_or(0);
    i64::max(given_out, held)
}

fn makes_sense(row: &[Value], embedding: Option<usize>) -> bool {
    match embedding.map(|place| &row[place]) {
        None => true,
        Some(Value::Blob(blob)) => is_embedding(blob),
        Some(_) => false,
    }
}

fn is_embedding(blob: &[u8]) -> bool {
    let squares: f32 = embeddings::values(blob).map(|value| value * value).sum();
    LENGTHS.contains(&squares.sqrt())
}

/// Gives the old file another name and the new one its place; at no moment is there no library.
fn put_in_place(path: &Path, fresh: &Path) -> Result<PathBuf, LibraryError> {
    let io = |source| LibraryError::Io {
        path: path.to_owned(),
        source,
    };
    let aside = (1..)
        .map(|number| beside(path, &format!(".damaged-{number}")))
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| beside(path, ".damaged"));
    std::fs::hard_link(path, &aside)
        // Some file systems know no second names.
        .or_else(|_| std::fs::copy(path, &aside).map(|_| ()))
        .map_err(io)?;
    // What the old file's journal holds belongs to the old file alone.
    for ending in ["-wal", "-shm"] {
        match std::fs::rename(beside(path, ending), beside(&aside, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    std::fs::rename(fresh, path).map_err(io)?;
    Ok(aside)
}

fn remove(fresh: &Path) -> Result<(), LibraryError> {
    for ending in ["", "-wal", "-shm", ".lock"] {
        let path = beside(fresh, ending);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(LibraryError::Io { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}
