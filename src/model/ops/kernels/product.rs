use super::matrix::last_index;
use super::tile::Tile;
use super::{Element, Matrix, Packed};

/// Rows of `a` that are multiplied by all panels before the next ones: few enough to stay in the second cache.
const BLOCK_ROWS: usize = 96;

/// Where a product goes, and what is added to it.
#[derive(Debug)]
pub struct Into<'a> {
    /// Rows of the result, `stride` apart.
    pub values: &'a mut [f32],
    /// From one row to the next.
    pub stride: usize,
    /// Added to every row.
    pub bias: Option<&'a [f32]>,
    /// Whether the product is added to what stands there, instead of taking its place.
    pub add: bool,
}

/// `a b (+ bias)`, for `a` `[m, k]` and `b` `[k, n]`.
///
/// Sums run along `k` in order, whatever the other sizes are: a row of the result depends on that row of `a` alone.
///
/// # Panics
/// If the sizes do not fit together.
pub fn product<T: Element>(a: Matrix<T>, b: &Packed<T>, into: Into) {
    assert_eq!(a.columns, b.inner, "the inner dimensions of a product");
    if let Some(bias) = into.bias {
        assert_eq!(bias.len(), b.columns, "a bias for each column");
    }
    if a.rows == 0 || b.columns == 0 {
        return;
    }
    let last = last_index([a.rows, b.columns], [into.stride, 1]);
    assert!(
        last.is_some_and(|last| last < into.values.len()) && into.stride >= b.columns,
        "room for a product"
    );
    if b.inner == 0 {
        return empty(a.rows, b.columns, into);
    }
    let (width, tile_rows) = (b.isa.panel(), b.isa.tile_rows());
    for block in (0..a.rows).step_by(BLOCK_ROWS) {
        let block_end = a.rows.min(block + BLOCK_ROWS);
        let panels = b.panels().chunks_exact(width * b.inner);
        for (panel, first) in panels.zip((0..b.columns).step_by(width)) {
            let columns = width.min(b.columns - first);
            for row in (block..block_end).step_by(tile_rows) {
                let tile = Tile {
                    inner: b.inner,
                    a: &a.values[row * a.row_stride..],
                    row_stride: a.row_stride,
                    step_stride: a.column_stride,
                    b: panel,
                    c: &mut into.values[row * into.stride + first..],
                    c_stride: into.stride,
                    rows: tile_rows.min(block_end - row),
                    columns,
                    bias: into.bias.map(|bias| &bias[first..first + columns]),
                    add: into.add,
                };
                tile.run(b.isa);
            }
        }
    }
}

/// A product along no steps: zeros and the bias.
fn empty(rows: usize, columns: usize, into: Into) {
    for row in 0..rows {
        let values = &mut into.values[row * into.stride..][..columns];
        for (column, value) in values.iter_mut().enumerate() {
            let before = if into.add { *value } else { 0.0 };
            *value = before + into.bias.map_or(0.0, |bias| bias[column]);
        }
    }
}
