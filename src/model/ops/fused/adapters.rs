use crate::model::ops::kernels::{Element, Matrix, Packed};
use std::sync::Arc;

/// Both adapters of a block, packed: beside attention, beside the FFN.
///
/// Clones share their memory.
#[derive(Clone, Debug)]
pub struct AdapterPair<T>(pub(super) Arc<[Adapter<T>; 2]>);

/// `ReLU(h D) U` with `D` `[d, r]` and `U` `[r, d]`.
#[derive(Clone, Debug)]
pub(super) struct Adapter<T> {
    pub down: Packed<T>,
    pub up: Packed<T>,
    pub rank: usize,
}

impl<T: Element> AdapterPair<T> {
    /// Of `D` and `U` beside attention, then beside the FFN, one after the other; each has `width * rank` values.
    ///
    /// # Panics
    /// If it is another number of values.
    pub fn new(flat: &[f32], width: usize) -> Self {
        assert!(flat.len().is_multiple_of(4 * width), "two adapters");
        let rank = flat.len() / 4 / width;
        let adapter = |flat: &[f32]| {
            let (down, up) = flat.split_at(width * rank);
            let mut adapter = Adapter {
                down: Packed::empty(),
                up: Packed::empty(),
                rank,
            };
            T::pack(Matrix::new(down, width, rank, rank), &mut adapter.down);
            T::pack(Matrix::new(up, rank, width, width), &mut adapter.up);
            adapter
        };
        let (first, second) = flat.split_at(2 * width * rank);
        Self(Arc::new([adapter(first), adapter(second)]))
    }
}
