use crate::eval::{EmbeddedSets, Role, SetEmbeddings};
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
    /// The grid of what a model made of all sets below `root`; the queries lie evenly among the photos of each set that ask, so
    /// they are the same for every model.
    pub fn of(embedded: &EmbeddedSets, root: &Path) -> Self {
        let mut rows = Vec::new();
        for (at, set) in embedded.sets.iter().enumerate() {
            let asking: Vec<usize> = (0..set.embeddings.len())
                .filter(|&row| role(set, row).asks())
                .collect();
            for number in 1..=QUERIES {
                if let Some(&query) = asking.get(asking.len() * number / (QUERIES + 1)) {
                    rows.push(row(embedded, root, at, query));
                }
            }
        }
        Self { rows }
    }
}

/// What a photo of a set does; all of them ask and answer where the set says nothing.
fn role(set: &SetEmbeddings, row: usize) -> Role {
    set.roles.get(row).copied().unwrap_or_default()
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
            if (other, row) == (at, query) || !role(set, row).answers() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Matrix;

    /// A set of photos with one number each; all of them lie in one direction.
    fn set(name: &str, roles: &[Role]) -> (SetEmbeddings, Vec<PathBuf>) {
        let mut embeddings = Matrix::new(2);
        let mut files = Vec::new();
        for row in 0..8 {
            let angle = 0.01 * row as f32;
            embeddings.push(&[angle.cos(), angle.sin()]).unwrap();
            files.push(PathBuf::from(format!("root/{name}/{row}")));
        }
        let set = SetEmbeddings {
            name: name.into(),
            embeddings,
            labels: vec![0; 8],
            roles: roles.to_vec(),
            similarities: Matrix::new(0),
        };
        (set, files)
    }

    #[test]
    fn queries_ask_and_the_gallery_answers() {
        let roles = [
            Role::Gallery,
            Role::Query,
            Role::Gallery,
            Role::Gallery,
            Role::Query,
            Role::Gallery,
            Role::Query,
            Role::Gallery,
        ];
        let (shop, of_shop) = set("shop", &roles);
        let (plain, of_plain) = set("plain", &[]);
        let embedded = EmbeddedSets {
            sets: vec![shop, plain],
            files: vec![of_shop, of_plain],
            failed: Vec::new(),
        };
        let grid = Grid::of(&embedded, Path::new("root"));
        let queries: Vec<_> = grid.rows.iter().map(|row| row.query.as_path()).collect();
        // A set without roles has the photos that it always had.
        let expected = ["shop/4", "shop/6", "plain/2", "plain/5"].map(Path::new);
        assert_eq!(queries, expected);
        for row in &grid.rows {
            assert_eq!(row.neighbours.len(), NEIGHBOURS);
            for neighbour in &row.neighbours {
                assert_ne!(neighbour.photo, row.query);
                let shown = ["shop/1", "shop/4", "shop/6"].map(Path::new);
                assert!(!shown.contains(&neighbour.photo.as_path()), "{row:?}");
            }
        }
    }
}
