use super::EvalError;

/// Vectors of one width, row after row, `[rows, width]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    width: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// A matrix without rows.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            values: Vec::new(),
        }
    }

    /// A matrix of values that lie row after row.
    ///
    /// # Errors
    /// Fails if the values do not fill whole rows.
    pub fn from_values(width: usize, values: Vec<f32>) -> Result<Self, EvalError> {
        let rest = values.len().checked_rem(width).unwrap_or(values.len());
        if rest != 0 {
            return Err(EvalError::Shape {
                what: "values in the last row",
                got: rest,
                expected: width,
            });
        }
        Ok(Self { width, values })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// Fails if the row has another width.
    pub fn push(&mut self, row: &[f32]) -> Result<(), EvalError> {
        if row.len() != self.width {
            return Err(EvalError::Shape {
                what: "values in a row",
                got: row.len(),
                expected: self.width,
            });
        }
        self.values.extend_from_slice(row);
        Ok(())
    }

    /// Appends all rows of another matrix.
    ///
    /// # Errors
    /// Fails if the other matrix has another width.
    pub fn append(&mut self, other: &Self) -> Result<(), EvalError> {
        if other.width != self.width {
            return Err(EvalError::Shape {
                what: "values in a row",
                got: other.width,
                expected: self.width,
            });
        }
        self.values.extend_from_slice(&other.values);
        Ok(())
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are; 0 for rows of no width.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One row; panics past the end, as a slice does.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}
