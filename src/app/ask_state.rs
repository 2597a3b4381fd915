//! What the window keeps about asking, beside the question itself.

use std::path::PathBuf;

/// Questions to the user, and how the list that is shown came about.
#[derive(Debug, Default)]
pub struct AskState {
    /// Folders that were dropped or pasted and may be indexed, if the user likes.
    pub offers: Vec<PathBuf>,
    /// Whether the shown list was opened by typing a name, and closes when the name is cleared.
    pub listed_by_name: bool,
}

impl AskState {
    /// Offers to index a folder, once.
    pub fn offer(&mut self, folder: PathBuf) {
        if !self.offers.contains(&folder) {
            self.offers.push(folder);
        }
    }
}
