use super::codes::Codes;

/// Vectors of one width, row after row, that never change: what snapshots share.
#[derive(Debug)]
pub struct Block {
    width: usize,
    /// A number for each row that no other vector ever has, so that a graph knows its rows in a later snapshot.
    keys: Vec<i64>,
    values: Vec<f32>,
    codes: Codes,
}

impl Block {
    /// Rows that a block holds at most: its codes then fit into a processor's own cache.
    pub const ROWS: usize = 8192;

    /// Takes `values [n, width]` and the keys `[n]` of these rows; what has no partner is left out.
    pub fn new(width: usize, mut keys: Vec<i64>, mut values: Vec<f32>) -> Block {
        let rows = values.len().checked_div(width).unwrap_or(0).min(keys.len());
        keys.truncate(rows);
        values.truncate(rows * width);
        // Kept for long, by the hundred.
        keys.shrink_to_fit();
        values.shrink_to_fit();
        Block {
            codes: Codes::of(width, &values),
            width,
            keys,
            values,
        }
    }

    /// Number `n` of rows.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Width `e` of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The keys `[n]`.
    pub fn keys(&self) -> &[i64] {
        &self.keys
    }

    /// All rows `[n, e]`, one after the other.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// One row `[e]`.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    pub(super) fn codes(&self) -> &Codes {
        &self.codes
    }
}
