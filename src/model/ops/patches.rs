use super::f32_slice;
use super::kernels::{Into, Matrix, product};
use super::linear::FrozenWeights;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// Patch embeddings `[B, n, d]` of pixels `[B, C, H, W]` on the CPU: the pictures cut into squares of `side` pixels, row
/// by row, times frozen weights `[d, C * side * side]`. No gradients.
pub fn patches(pixels: &Tensor, weights: &FrozenWeights, side: usize) -> Result<Tensor> {
    let op = Patches { weights, side };
    pixels.contiguous()?.apply_op1_no_bwd(&op)
}

struct Patches<'a> {
    weights: &'a FrozenWeights,
    side: usize,
}

impl CustomOp1 for Patches<'_> {
    fn name(&self) -> &'static str {
        "patches"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (b, channels, height, width) = layout.shape().dims4()?;
        let pixels = f32_slice(storage, layout)?;
        let side = self.side;
        let (down, across) = (height / side, width / side);
        let inner = channels * side * side;
        let (weights, bias) = self.weights.forward::<f32>()?;
        let mut y = vec![0.0; b * down * across * bias.len()];
        let mut strip = vec![0.0; across * inner];
        let strips = y.chunks_exact_mut((across * bias.len()).max(1));
        for (index, y) in strips.enumerate() {
            let (picture, row) = (index / down, index % down);
            for (line, values) in (0..channels * side).zip((0..inner).step_by(side)) {
                let (channel, line) = (line / side, line % side);
                let start = ((picture * channels + channel) * height + row * side + line) * width;
                let line = pixels[start..start + across * side].chunks_exact(side);
                for (patch, line) in strip.chunks_exact_mut(inner).zip(line) {
                    patch[values..values + side].copy_from_slice(line);
                }
            }
            let into = Into {
                values: y,
                stride: bias.len(),
                bias: Some(bias),
                add: false,
            };
            product(Matrix::new(&strip, across, inner, inner), weights, into);
        }
        Ok((
            CpuStorage::F32(y),
            Shape::from((b, down * across, bias.len())),
        ))
    }
}
