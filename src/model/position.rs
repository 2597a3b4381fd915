use candle_core::{Device, Result, Tensor};

/// The matrix `[out * out, in * in]` that resizes a square grid of position embeddings from `from` to `to` a side.
///
/// Bicubic with antialiasing (Keys' kernel, a = -0.5), as timm's `resample_abs_pos_embed` does it; being a matrix it
/// carries gradients and runs on any device.
pub fn resize_matrix(from: usize, to: usize, device: &Device) -> Result<Tensor> {
    let line = line_weights(from, to);
    let mut values = Vec::with_capacity(to * to * from * from);
    for row in &line {
        for column in &line {
            for y in row {
                values.extend(column.iter().map(|x| (x * y) as f32));
            }
        }
    }
    Tensor::from_vec(values, (to * to, from * from), device)
}

/// For each of `to` positions the weights of the `from` positions along one axis.
fn line_weights(from: usize, to: usize) -> Vec<Vec<f64>> {
    let scale = from as f64 / to as f64;
    let stretch = scale.max(1.0);
    (0..to)
        .map(|i| {
            let centre = (i as f64 + 0.5) * scale;
            let first = (centre - 2.0 * stretch + 0.5).max(0.0) as usize;
            let last = ((centre + 2.0 * stretch + 0.5) as usize).min(from);
            let mut weights = vec![0.0; from];
            for (j, weight) in weights.iter_mut().enumerate().take(last).skip(first) {
                *weight = cubic((j as f64 + 0.5 - centre) / stretch);
            }
            let total: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / total).collect()
        })
        .collect()
}

/// Keys' cubic convolution kernel with a = -0.5.
fn cubic(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}
