//! What the window keeps about asking, beside the question itself.

use super::query::Query;
use std::path::PathBuf;

/// Questions to the user, and how the list that is shown came about.
#[derive(Debug, Default)]
pub struct AskState {
    /// Folders that were dropped or pasted and may be indexed, if the user likes.
    pub offers: Vec<PathBuf>,
    /// Whether the shown list was opened by typing a name, and closes when the name is cleared.
    pub listed_by_name: bool,
    /// The picture of which a part is being chosen, if any.
    pub choosing: Option<PartChoice>,
}

/// A picture of a question, of which a part is being chosen.
#[derive(Clone, Debug)]
pub struct PartChoice {
    /// The question; with another one the choice is void.
    pub query: Query,
    /// Which of its pictures, counted from 0.
    pub part: usize,
}

impl AskState {
    /// Offers to index a folder, once.
    pub fn offer(&mut self, folder: PathBuf) {
        if !self.offers.contains(&folder) {
            self.offers.push(folder);
        }
    }
}
