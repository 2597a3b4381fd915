/// `e^x` to about 2 units in the last place of an f32, written so that the compiler can vectorise loops over it.
///
/// Arguments beyond the range of f32 are clamped to it. Range reduction by powers of two and a polynomial of degree 6.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer kept in the low bits
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let p = 1.0
        + r * (1.0
            + r * (0.5
                + r * (1.666_666_7e-1
                    + r * (4.166_666_7e-2 + r * (8.333_334e-3 + r * 1.388_889e-3)))));
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
            let (ours, exact) = (super::exp(x) as f64, (x as f64).exp());
            assert!(((ours - exact) / exact).abs() < 1e-6, "{x}: {ours} {exact}");
        }
    }
}
