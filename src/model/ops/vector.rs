//! Loops over rows of values, compiled for the widest vectors at hand.

/// Sums and maxima are gathered in so many lanes, which the compiler turns into vector registers.
const LANES: usize = 16;

/// How a product is added: in one step where the processor has an instruction for it, else in two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    fused: bool,
}

impl Sums {
    /// `a b + c`.
    #[inline(always)]
    pub fn of(self, a: f32, b: f32, c: f32) -> f32 {
        if self.fused {
            a.mul_add(b, c)
        } else {
            a * b + c
        }
    }
}

/// Calls `work`, all of it compiled for AVX2 and FMA where the processor has them; `work` is to be marked
/// `#[inline(always)]`.
#[inline(always)]
pub(super) fn vectorised<R>(work: impl FnOnce(Sums) -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(
            #[inline(always)]
            || work(Sums { fused: true }),
        );
    }
    let fused = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    work(Sums { fused })
}

/// Of all lanes, in pairs.
#[inline(always)]
fn over_lanes(lanes: [f32; LANES], of: impl Fn(f32, f32) -> f32) -> f32 {
    let halves: [f32; 8] = std::array::from_fn(|i| of(lanes[i], lanes[i + 8]));
    let quarters: [f32; 4] = std::array::from_fn(|i| of(halves[i], halves[i + 4]));
    of(of(quarters[0], quarters[2]), of(quarters[1], quarters[3]))
}

/// Sum over a row of a function of each value.
#[inline(always)]
pub(super) fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (parts, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0f32; LANES];
    for part in parts {
        for (lane, value) in lanes.iter_mut().zip(part) {
            *lane += of(*value);
        }
    }
    over_lanes(lanes, |a, b| a + b) + rest.iter().map(|value| of(*value)).sum::<f32>()
}

/// Sum over two rows of a function of both values.
#[inline(always)]
pub(super) fn sum2(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += of(*a, *b);
        }
    }
    let rest = rest_a.iter().zip(rest_b);
    over_lanes(lanes, |a, b| a + b) + rest.map(|(a, b)| of(*a, *b)).sum::<f32>()
}

/// The largest value of a row.
#[inline(always)]
pub(super) fn largest(row: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (parts, rest) = row.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for part in parts {
        for (lane, value) in lanes.iter_mut().zip(part) {
            *lane = larger(*lane, *value);
        }
    }
    rest.iter().copied().fold(over_lanes(lanes, larger), larger)
}
