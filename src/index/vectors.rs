use super::Block;
use std::sync::Arc;

/// Vectors of one width: a snapshot, made of blocks that it may share with others.
#[derive(Clone, Debug)]
pub struct Vectors {
    width: usize,
    blocks: Vec<Arc<Block>>,
    /// The first row of each block, and the number of all rows at the end.
    starts: Vec<usize>,
}

impl Vectors {
    /// Takes `values [N, width]`, whose keys are the numbers of the rows; a rest that fills no row is left out.
    pub fn new(width: usize, values: Vec<f32>) -> Vectors {
        let mut blocks = Vec::new();
        let mut from = 0;
        for part in values.chunks((Block::ROWS * width).max(1)) {
            let rows = part.len().checked_div(width).unwrap_or(0);
            let keys = (from..from + rows as i64).collect();
            from += rows as i64;
            blocks.push(Arc::new(Block::new(width, keys, part.to_vec())));
        }
        Vectors::of_blocks(width, blocks)
    }

    /// The rows of blocks of this width, one after the other; blocks of another width are left out.
    pub fn of_blocks(width: usize, blocks: impl IntoIterator<Item = Arc<Block>>) -> Vectors {
        let fits = |block: &Arc<Block>| block.width() == width && !block.is_empty();
        let blocks: Vec<Arc<Block>> = blocks.into_iter().filter(fits).collect();
        let mut starts = Vec::with_capacity(blocks.len() + 1);
        let mut rows = 0;
        for block in &blocks {
            starts.push(rows);
            rows += block.len();
        }
        starts.push(rows);
        Vectors {
            width,
            blocks,
            starts,
        }
    }

    /// Width `e` of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number `N` of rows.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One row `[e]`.
    pub fn row(&self, row: usize) -> &[f32] {
        let (block, at) = self.place(row);
        self.blocks[block].row(at)
    }

    /// Which block holds a row, and where in it.
    pub fn place(&self, row: usize) -> (usize, usize) {
        let block = self.starts.partition_point(|start| *start <= row) - 1;
        (block, row - self.starts[block])
    }

    /// The number of a block's first row.
    pub fn first_row(&self, block: usize) -> usize {
        self.starts[block]
    }

    /// The blocks.
    pub fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// The blocks, each with the number of its first row.
    pub(super) fn placed_blocks(&self) -> impl ExactSizeIterator<Item = (usize, &Block)> {
        let starts = self.starts.iter().copied();
        self.blocks
            .iter()
            .zip(starts)
            .map(|(block, start)| (start, block.as_ref()))
    }
}
