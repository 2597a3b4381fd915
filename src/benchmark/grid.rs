use crate::eval::EmbeddedSets;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Queries of each set in a grid.
const QUERIES: usize = 2;
/// Neighbours of each query.
const NEIGHBOURS: usize = 6;

/// A few queries of each set with their nearest photos in the gallery of all sets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// A query a row.
    pub rows: Vec<GridRow>,
}

/// One query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridRow {
    /// Its set.
    pub set: String,
    /// The photo, below the root of the data.
    pub query: PathBuf,
    /// Its neighbours, the nearest first.
    pub neighbours: Vec<Neighbour>,
}

/// A neighbour of a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The photo, below the root of the data.
    pub photo: PathBuf,
    /// Cosine to the query.
    pub cosine: f32,
    /// Whether set and class are the query's.
    pub right: bool,
}

impl Grid {
    /// The grid of what a model made of all sets below `root`; the queries lie evenly in each set, so they are the same for every
    /// model.
    pub fn of(embedded: &EmbeddedSets, root: &Path) -> Self {
        let mut rows = Vec::new();
        for (at, set) in embedded.sets.iter().enumerate() {
            for number in 1..=QUERIES {
                let query = set.embeddings.len() * number / (QUERIES + 1);
                rows.push(row(embedded, root, at, query));
            }
        }
        Self { rows }
    }
}

fn row(embedded: &EmbeddedSets, root: &Path, at: usize, query: usize) -> GridRow {
    let below = |set: usize, row: usize| {
        let path = &embedded.files[set][row];
        path.strip_prefix(root).unwrap_or(path).to_owned()
    };
    let set = &embedded.sets[at];
    let (asked, label) = (set.embeddings.row(query), set.labels[query]);
    let mut neighbours = Vec::new();
    for (other, set) in embedded.sets.iter().enumerate() {
        for (row, values) in set.embeddings.rows().enumerate() {
            if (other, row) == (at, query) {
                continue;
            }
            let cosine = asked.iter().zip(values).map(|(a, b)| a * b).sum::<f32>();
            neighbours.push((cosine, other, row));
        }
    }
    neighbours.sort_by(|a, b| b.0.total_cmp(&a.0));
    neighbours.truncate(NEIGHBOURS);
    let shown = |(cosine, other, row): (f32, usize, usize)| Neighbour {
        photo: below(other, row),
        cosine,
        right: other == at && embedded.sets[other].labels[row] == label,
    };
    GridRow {
        set: set.name.clone(),
        query: below(at, query),
        neighbours: neighbours.into_iter().map(shown).collect(),
    }
}
