use super::element::narrow;
use super::tile::WIDE;
use super::{Element, Isa, Matrix, Pair};

/// The right-hand side of a product, `[inner, columns]`, in the order in which the kernels read it.
#[derive(Clone, Debug)]
pub struct Packed<T> {
    pub(super) isa: Isa,
    pub(super) inner: usize,
    pub(super) columns: usize,
    /// Panels `[inner, panel]` one after the other, the last one filled up with zeros.
    values: Vec<T>,
    /// Where the first panel starts: at a cache line.
    start: usize,
}

impl<T: Element> Packed<T> {
    /// Nothing yet, for the instructions that this processor is best at; [`Packed::fill`] comes next.
    pub fn empty() -> Self {
        Self::empty_for(Isa::best())
    }

    /// The same for other instructions, as far as the processor has them.
    ///
    /// # Panics
    /// If it has not.
    pub fn empty_for(isa: Isa) -> Self {
        assert!(isa <= Isa::best(), "instructions that are there");
        Self {
            isa,
            inner: 0,
            columns: 0,
            values: Vec::new(),
            start: 0,
        }
    }

    /// Rows, in elements.
    pub fn inner(&self) -> usize {
        self.inner
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Makes room for `[inner, columns]`.
    fn resize(&mut self, inner: usize, columns: usize) {
        const LINE: usize = 64;
        let panel = self.isa.panel();
        let length = columns.next_multiple_of(panel) * inner;
        (self.inner, self.columns) = (inner, columns);
        let line = LINE / size_of::<T>();
        if self.values.len() < length + line {
            self.values = vec![T::default(); length + line];
        }
        self.start = self.values.as_ptr().align_offset(LINE).min(line);
    }

    /// All panels.
    pub(super) fn panels(&self) -> &[T] {
        let length = self.columns.next_multiple_of(self.isa.panel()) * self.inner;
        &self.values[self.start..self.start + length]
    }

    fn panels_mut(&mut self) -> impl Iterator<Item = (usize, &mut [T])> {
        let panel = self.isa.panel();
        let length = self.columns.next_multiple_of(panel) * self.inner;
        let values = &mut self.values[self.start..self.start + length];
        let first_columns = (0..self.columns).step_by(panel);
        first_columns.zip(values.chunks_exact_mut((panel * self.inner).max(1)))
    }
}

impl Packed<f32> {
    /// A packed matrix.
    pub fn new(matrix: Matrix<f32>) -> Self {
        let mut packed = Self::empty();
        packed.fill(matrix);
        packed
    }

    /// Packs another matrix into the same memory.
    pub fn fill(&mut self, matrix: Matrix<f32>) {
        self.resize(matrix.rows, matrix.columns);
        let width = self.isa.panel();
        for (first, panel) in self.panels_mut() {
            let columns = width.min(matrix.columns - first);
            if matrix.column_stride == 1 {
                for (k, line) in panel.chunks_exact_mut(width).enumerate() {
                    let start = k * matrix.row_stride + first;
                    line[..columns].copy_from_slice(&matrix.values[start..start + columns]);
                    line[columns..].fill(0.0);
                }
            } else {
                for column in 0..width {
                    let lines = panel.chunks_exact_mut(width).map(|line| &mut line[column]);
                    if column < columns {
                        let values = &matrix.values[(first + column) * matrix.column_stride..];
                        let values = values.iter().step_by(matrix.row_stride);
                        lines.zip(values).for_each(|(place, value)| *place = *value);
                    } else {
                        lines.for_each(|place| *place = 0.0);
                    }
                }
            }
        }
    }
}

impl Packed<Pair> {
    /// A packed matrix, rounded to bf16; an odd inner dimension is filled up with a row of zeros.
    pub fn rounded(matrix: Matrix<f32>) -> Self {
        let mut packed = Self::empty();
        packed.fill_rounded(matrix);
        packed
    }

    /// Packs another matrix into the same memory.
    pub fn fill_rounded(&mut self, matrix: Matrix<f32>) {
        self.resize(matrix.rows.div_ceil(2), matrix.columns);
        let width = self.isa.panel();
        for (first, panel) in self.panels_mut() {
            let columns = width.min(matrix.columns - first);
            if matrix.column_stride == 1 {
                let row = |row: usize| match row < matrix.rows {
                    true => &matrix.values[row * matrix.row_stride + first..][..columns],
                    false => &[0.0; WIDE][..columns],
                };
                for (pair, line) in panel.chunks_exact_mut(width).enumerate() {
                    let (line, rest) = line.split_at_mut(columns);
                    let both = row(2 * pair).iter().zip(row(2 * pair + 1));
                    for (place, (even, odd)) in line.iter_mut().zip(both) {
                        *place = [narrow(*even), narrow(*odd)];
                    }
                    rest.fill([0; 2]);
                }
                continue;
            }
            panel.fill([0; 2]);
            for column in 0..columns {
                let values = &matrix.values[(first + column) * matrix.column_stride..];
                let places = panel.chunks_exact_mut(width).map(|line| &mut line[column]);
                for (pair, place) in places.enumerate() {
                    let value = |row: usize| match row < matrix.rows {
                        true => narrow(values[row * matrix.row_stride]),
                        false => 0,
                    };
                    *place = [value(2 * pair), value(2 * pair + 1)];
                }
            }
        }
    }
}
