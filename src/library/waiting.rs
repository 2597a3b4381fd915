use super::record::{Change, keep_header, record};
use super::{Finding, Library, LibraryError, ModelKey, RootId};
use crate::photo::Header;
use rusqlite::params;

/// How many findings at most wait before they are written to the catalogue.
const BATCH: usize = 256;

/// What a scan found and the catalogue does not know yet.
#[derive(Default)]
pub(super) struct Waiting {
    pub changes: Vec<Change>,
    /// Photos whose domain changed while their files did not.
    pub domains: Vec<(i64, String)>,
    /// Headers of photos that an earlier version of the program indexed without looking at them.
    pub headers: Vec<(i64, Header)>,
}

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_full(&self) -> bool {
        self.len() >= BATCH
    }

    fn len(&self) -> usize {
        self.changes.len() + self.domains.len() + self.headers.len()
    }

    /// Writes all to the catalogue, in one transaction; gives what the changes mean.
    pub fn write(
        self,
        library: &Library,
        root: RootId,
        model: &ModelKey,
    ) -> Result<Vec<Finding>, LibraryError> {
        let written = library.change_with(|transaction| {
            for (id, domain) in &self.domains {
                transaction
                    .prepare_cached("UPDATE photo SET domain = ?2 WHERE id = ?1")?
                    .execute(params![id, domain])?;
            }
            for (id, header) in &self.headers {
                keep_header(transaction, *id, header)?;
            }
            let changes = self.changes.iter();
            changes
                .map(|change| record(transaction, root, model, change))
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let changes = self.changes.into_iter().zip(written);
        Ok(changes
            .map(|(change, written)| change.finding(&written))
            .collect())
    }
}
