use super::vector::Sums;
#[cfg(test)]
use super::vector::vectorised;

/// `e^x` to about 2 units in the last place of an f32, written so that the compiler can vectorise loops over it.
///
/// Arguments beyond the range of f32 are clamped to it. Range reduction by powers of two and a polynomial of degree 6.
#[inline(always)]
pub(super) fn exp(x: f32, sums: Sums) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer kept in the low bits
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = sums.of(x, std::f32::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = sums.of(k, -LN2_LOW, sums.of(k, -LN2_HIGH, x));
    let mut p = 1.388_889e-3;
    for coefficient in [8.333_334e-3, 4.166_666_7e-2, 1.666_666_7e-1, 0.5, 1.0, 1.0] {
        p = sums.of(p, r, coefficient);
    }
    let exponent = (shifted.to_bits() as i32)
        .wrapping_sub(ROUND.to_bits() as i32)
        .wrapping_add(127);
    p * f32::from_bits((exponent << 23) as u32)
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_the_standard_library() {
        for i in -8_600..8_700 {
            let x = i as f32 * 0.01;
            let ours = super::vectorised(|sums| super::exp(x, sums));
            let (ours, exact) = (f64::from(ours), f64::from(x).exp());
            assert!(((ours - exact) / exact).abs() < 1e-6, "{x}: {ours} {exact}");
        }
    }
}
