/// A view of a matrix that lies anywhere in a slice.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    pub(super) values: &'a [T],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// `rows` rows of `columns` values each, `stride` apart.
    ///
    /// # Panics
    /// If the slice is too short.
    pub fn new(values: &'a [T], rows: usize, columns: usize, stride: usize) -> Self {
        let last = last_index([rows, columns], [stride, 1]);
        assert!(
            rows == 0 || columns == 0 || last.is_some_and(|last| last < values.len()),
            "a matrix within its slice"
        );
        Self {
            values,
            rows,
            columns,
            row_stride: stride,
            column_stride: 1,
        }
    }

    /// The same values, rows for columns.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// The place of the last value of so many rows and columns, neither of them none, that lie so far apart; `None` where a
/// `usize` does not reach it.
pub(super) fn last_index(
    [rows, columns]: [usize; 2],
    [row_stride, column_stride]: [usize; 2],
) -> Option<usize> {
    let down = rows.checked_sub(1)?.checked_mul(row_stride)?;
    let across = columns.checked_sub(1)?.checked_mul(column_stride)?;
    down.checked_add(across)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_is_found_or_out_of_reach_but_never_wrapped() {
        assert_eq!(last_index([3, 4], [10, 2]), Some(26));
        assert_eq!(last_index([1, 1], [usize::MAX; 2]), Some(0));
        assert_eq!(last_index([2, 1], [usize::MAX; 2]), Some(usize::MAX));
        assert_eq!(last_index([0, 4], [10, 1]), None);
        // Three times this is 1 more than the numbers that there are.
        let wrapping = usize::MAX / 3 * 2 + 1;
        assert_eq!(wrapping.wrapping_mul(3), 1);
        assert_eq!(last_index([4, 1], [wrapping, 1]), None);
        assert_eq!(last_index([1, 4], [1, wrapping]), None);
        assert_eq!(last_index([2, 2], [usize::MAX, 1]), None);
    }
}
