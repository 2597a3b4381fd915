use std::sync::OnceLock;

/// A hash of a snapshot of vectors: two snapshots with the same one hold the same rows in the same order.
pub type Stamp = [u8; 32];

/// Vectors of one width, row after row in one piece of memory.
#[derive(Debug)]
pub struct Vectors {
    width: usize,
    values: Vec<f32>,
    /// Made when it is first asked for: only graphs that are kept on disk need it.
    stamp: OnceLock<Stamp>,
}

impl Vectors {
    /// Takes `values [N, width]`; a rest that fills no row is left out.
    pub fn new(width: usize, mut values: Vec<f32>) -> Vectors {
        let rows = values.len().checked_div(width).unwrap_or(0);
        values.truncate(rows * width);
        Vectors {
            width,
            values,
            stamp: OnceLock::new(),
        }
    }

    /// Width `e` of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number `N` of rows.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One row `[e]`.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Rows `from..to`, one after the other.
    pub(super) fn rows(&self, from: usize, to: usize) -> &[f32] {
        &self.values[from * self.width..to * self.width]
    }

    /// The snapshot's hash.
    pub fn stamp(&self) -> &Stamp {
        self.stamp.get_or_init(|| stamp(self.width, &self.values))
    }
}

fn stamp(width: usize, values: &[f32]) -> Stamp {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(width as u64).to_le_bytes());
    let mut bytes = Vec::with_capacity(1 << 16);
    for part in values.chunks(1 << 14) {
        bytes.clear();
        bytes.extend(part.iter().flat_map(|value| value.to_le_bytes()));
        hasher.update(&bytes);
    }
    *hasher.finalize().as_bytes()
}

/// Dot product of two vectors of the same width, summed in a fixed order.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0f32; LANES];
    let (parts_a, parts_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = parts_a
        .remainder()
        .iter()
        .zip(parts_b.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (part_a, part_b) in parts_a.zip(parts_b) {
        for lane in 0..LANES {
            sums[lane] += part_a[lane] * part_b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Dot product in f64.
pub(super) fn precise_dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(x, y)| f64::from(*x) * f64::from(*y))
        .sum()
}
