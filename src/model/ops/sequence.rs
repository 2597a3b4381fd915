use super::{f32_slice, with_slice};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use std::sync::Arc;

/// What a token sequence is made of besides patches and prompts, frozen and on the CPU; clones share it.
#[derive(Clone, Debug)]
pub struct Sequence(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// The class token with its position, `[d]`.
    class_token: Vec<f32>,
    /// The class token's position, which every prompt token gets, `[d]`.
    class_position: Vec<f32>,
    /// Positions of the patches, `[n, d]`.
    positions: Vec<f32>,
}

impl Sequence {
    /// Of the class token and its position, `d` values each, and the patches' positions, `n * d` values.
    pub fn new(class_token: &Tensor, class_position: &Tensor, positions: &Tensor) -> Result<Self> {
        let values = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        Ok(Self(Arc::new(Parts {
            class_token: values(&(class_token + class_position)?)?,
            class_position: values(class_position)?,
            positions: values(positions)?,
        })))
    }

    /// The sequence `[B, 1 + L + n, d]` of patches `[B, n, d]` and prompts `[B, L, d]`; the gradient goes to the prompts
    /// alone.
    ///
    /// candle's sum of patches and positions would take a pool of threads that wait by spinning.
    pub fn of(&self, patches: &Tensor, prompt: Option<&Tensor>) -> Result<Tensor> {
        let patches = patches.detach().contiguous()?;
        match prompt {
            Some(prompt) => patches.apply_op2(&prompt.contiguous()?, self.clone()),
            None => patches.apply_op1_no_bwd(self),
        }
    }

    fn assemble(
        &self,
        patches: &[f32],
        shape: (usize, usize, usize),
        prompt: &[f32],
    ) -> Result<(CpuStorage, Shape)> {
        let (b, n, d) = shape;
        let Parts {
            class_token,
            class_position,
            positions,
        } = &*self.0;
        if positions.len() != n * d || class_token.len() != d {
            candle_core::bail!(
                "{n} patches, but positions for {}",
                positions.len() / d.max(1)
            );
        }
        let prompt_length = prompt.len() / b.max(1);
        let length = 1 + prompt_length / d + n;
        let mut sequence = Vec::with_capacity(b * length * d);
        for picture in 0..b {
            sequence.extend_from_slice(class_token);
            for token in prompt[picture * prompt_length..][..prompt_length].chunks_exact(d) {
                sequence.extend(token.iter().zip(class_position).map(|(a, b)| a + b));
            }
            let patches = &patches[picture * n * d..][..n * d];
            sequence.extend(patches.iter().zip(positions).map(|(a, b)| a + b));
        }
        Ok((CpuStorage::F32(sequence), Shape::from((b, length, d))))
    }
}

impl CustomOp1 for Sequence {
    fn name(&self) -> &'static str {
        "sequence"
    }

    fn cpu_fwd(&self, patches: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let shape = layout.shape().dims3()?;
        self.assemble(f32_slice(patches, layout)?, shape, &[])
    }
}

impl CustomOp2 for Sequence {
    fn name(&self) -> &'static str {
        "sequence_with_prompt"
    }

    fn cpu_fwd(
        &self,
        patches: &CpuStorage,
        layout: &Layout,
        prompt: &CpuStorage,
        prompt_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = layout.shape().dims3()?;
        let (b, _, d) = prompt_layout.shape().dims3()?;
        if (b, d) != (shape.0, shape.2) {
            candle_core::bail!("prompts {:?} for {shape:?}", prompt_layout.shape());
        }
        let prompt = f32_slice(prompt, prompt_layout)?;
        self.assemble(f32_slice(patches, layout)?, shape, prompt)
    }

    fn bwd(
        &self,
        _patches: &Tensor,
        prompt: &Tensor,
        _res: &Tensor,
        grad_res: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (b, l, d) = prompt.dims3()?;
        let length = grad_res.dim(1)? * d;
        let grad = with_slice(grad_res, |dy| {
            let pictures = dy.chunks_exact(length).take(b);
            let rows = pictures.flat_map(|dy| &dy[d..(1 + l) * d]);
            Ok(rows.copied().collect::<Vec<f32>>())
        })?;
        let grad = Tensor::from_vec(grad, prompt.shape(), prompt.device())?;
        Ok((None, Some(grad)))
    }
}
