use super::LibraryError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Version of the tables below, kept in SQLite's `user_version`.
const VERSION: i64 = 4;
/// Marks the file as ours among SQLite files ("PUMA" in ASCII).
const APPLICATION: i64 = 0x5055_4d41;

/// Paths are stored as the bytes of the system's names, since not every name is UTF-8. An embedding's own number is
/// never used twice, so that an index can tell a photo embedded anew from the one it knows.
const TABLES: &str = "
CREATE TABLE root (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    path        BLOB NOT NULL UNIQUE,
    domain_rule TEXT NOT NULL
);
CREATE TABLE photo (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    root           INTEGER NOT NULL REFERENCES root(id) ON DELETE CASCADE,
    path           BLOB NOT NULL,
    size_bytes     INTEGER NOT NULL,
    mtime_ns       INTEGER NOT NULL,
    domain         TEXT NOT NULL,
    failure        TEXT,
    failure_reader INTEGER,
    UNIQUE (root, path)
);
CREATE INDEX photo_failure ON photo(id) WHERE failure IS NOT NULL;
CREATE TABLE model (
    id              INTEGER PRIMARY KEY,
    key             TEXT NOT NULL UNIQUE,
    embedding_width INTEGER NOT NULL,
    prompts         INTEGER NOT NULL
);
CREATE TABLE embedding (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    model      INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
    photo      INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    embedding  BLOB NOT NULL,
    similarity BLOB NOT NULL,
    UNIQUE (photo, model)
);
CREATE TABLE state (change INTEGER NOT NULL);
INSERT INTO state VALUES (0);
";

/// What version 2 adds: what a file says of itself, and which change touched a photo last, so that readers need not
/// read everything again. `taken_s` counts seconds of the camera's own clock as if it ran in UTC; `facts_reader` names
/// the reader, and is empty until the file was looked at.
const SINCE_2: &str = "
ALTER TABLE photo ADD COLUMN taken_s INTEGER;
ALTER TABLE photo ADD COLUMN format TEXT;
ALTER TABLE photo ADD COLUMN width_px INTEGER;
ALTER TABLE photo ADD COLUMN height_px INTEGER;
ALTER TABLE photo ADD COLUMN facts_reader INTEGER;
ALTER TABLE photo ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
CREATE INDEX photo_revision ON photo(revision);
CREATE TRIGGER photo_added AFTER INSERT ON photo BEGIN
    UPDATE photo SET revision = (SELECT change + 1 FROM state) WHERE id = NEW.id;
END;
CREATE TRIGGER photo_changed
AFTER UPDATE OF root, path, size_bytes, mtime_ns, domain, taken_s, format, width_px, height_px ON photo BEGIN
    UPDATE photo SET revision = (SELECT change + 1 FROM state) WHERE id = NEW.id;
END;
";

/// What version 3 adds: the hash of a photo's bytes, so that a photo is known again under another name, and for a while
/// the embeddings of photos that are gone. `content` is empty until the file is embedded by this version or a later one.
const SINCE_3: &str = "
ALTER TABLE photo ADD COLUMN content BLOB;
CREATE INDEX photo_content ON photo(content) WHERE content IS NOT NULL;
CREATE INDEX photo_size ON photo(size_bytes, mtime_ns);
CREATE TABLE former_embedding (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    content    BLOB NOT NULL,
    model      INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
    embedding  BLOB NOT NULL,
    similarity BLOB NOT NULL,
    UNIQUE (content, model)
);
";

/// What version 4 adds: where drives are mounted below a root, so that one that is away is not taken for deleted photos.
const SINCE_4: &str = "
CREATE TABLE mount (
    id   INTEGER PRIMARY KEY,
    root INTEGER NOT NULL REFERENCES root(id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    UNIQUE (root, path)
);
";

/// Looks at the file before anything is written to it, then makes the tables or brings them up to date.
pub(super) fn prepare(path: &Path, connection: &mut Connection) -> Result<(), LibraryError> {
    let sqlite = |source| LibraryError::from_sqlite(path, source);
    check(path, connection)?;
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(sqlite)?;
    // Every committed batch survives a power cut.
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "foreign_keys", true)
        .map_err(sqlite)?;
    if version(connection).map_err(sqlite)? < VERSION {
        create(connection).map_err(sqlite)?;
    }
    Ok(())
}

/// Looks at a file that can only be read: it has to be of this version.
pub(super) fn check_for_reading(path: &Path, connection: &Connection) -> Result<(), LibraryError> {
    check(path, connection)?;
    let found = version(connection).map_err(|source| LibraryError::from_sqlite(path, source))?;
    if found < VERSION {
        return Err(LibraryError::ReadOnly {
            path: path.to_owned(),
            detail: format!(
                "made by an older version of PUMA, schema {found}, which has to be brought up to date first"
            ),
        });
    }
    Ok(())
}

/// Refuses a file of another program and one of a newer version.
fn check(path: &Path, connection: &Connection) -> Result<(), LibraryError> {
    let facts = || -> rusqlite::Result<(i64, i64, i64)> {
        let tables =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let application =
            connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        Ok((tables, application, version(connection)?))
    };
    let (tables, application, found) =
        facts().map_err(|source| LibraryError::from_sqlite(path, source))?;
    if tables > 0 && application != APPLICATION {
        return Err(LibraryError::NotALibrary {
            path: path.to_owned(),
            detail: "an SQLite file of another program".to_owned(),
        });
    }
    if found > VERSION {
        return Err(LibraryError::Newer {
            path: path.to_owned(),
            found,
            known: VERSION,
        });
    }
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Makes the tables or what they lack, unless another program has just done so; what they hold is kept.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found < 1 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    if found < 2 {
        transaction.execute_batch(SINCE_2)?;
    }
    if found < 3 {
        transaction.execute_batch(SINCE_3)?;
    }
    if found < 4 {
        transaction.execute_batch(SINCE_4)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}
