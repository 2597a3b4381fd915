use super::adapters::AdapterPair;
use super::forward::{Rest, Scratch};
use super::{FusedBlock, Precision};
use crate::model::ops::attention::{KeysAndValues, Sizes};
use crate::model::ops::f32_slice;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// All blocks one after the other: tokens `[B, N, d]` to `[B, rows, d]`, of which `rows` is `N`, or 1 for the class
/// token alone. No gradients.
///
/// A picture that comes alone is spread over rayon's threads by its tokens.
pub fn encode<T: Precision>(
    tokens: &Tensor,
    blocks: &[(&FusedBlock, Option<&AdapterPair<T>>)],
    factor: f32,
    rows: usize,
) -> Result<Tensor> {
    let encoder = Encoder {
        blocks,
        factor,
        rows,
    };
    tokens.contiguous()?.apply_op1_no_bwd(&encoder)
}

struct Encoder<'a, T> {
    blocks: &'a [(&'a FusedBlock, Option<&'a AdapterPair<T>>)],
    factor: f32,
    rows: usize,
}

/// The buffers of one picture.
struct Buffers<T> {
    qkv: Vec<f32>,
    keys_and_values: KeysAndValues<T>,
    /// One for each part of the rows.
    parts: Vec<Scratch<T>>,
}

impl<T: Precision> Encoder<'_, T> {
    /// One block on one picture `[N, d]`; of its result only the first `rows` rows are made.
    fn block(
        &self,
        index: usize,
        x: &mut [f32],
        rows: usize,
        buffers: &mut Buffers<T>,
    ) -> Result<()> {
        let (block, adapters) = self.blocks[index];
        let d = block.width;
        let n = x.len() / d;
        let Buffers {
            qkv,
            keys_and_values,
            parts,
        } = buffers;
        qkv.resize(n * 3 * d, 0.0);
        let share = n.div_ceil(parts.len());
        let work = x
            .chunks(share * d)
            .zip(qkv.chunks_mut(share * 3 * d))
            .zip(parts.iter_mut());
        each(work, |((x, qkv), scratch)| block.start(x, scratch, qkv))?;
        let sizes = Sizes {
            n,
            width: d,
            heads: block.heads,
        };
        keys_and_values.fill(qkv, sizes);
        let x = &mut x[..rows * d];
        let work = x
            .chunks_mut(share * d)
            .zip(qkv.chunks(share * 3 * d))
            .zip(parts.iter_mut());
        each(work, |((x, qkv), scratch)| {
            let rest = Rest {
                qkv: &qkv[..3 * x.len()],
                keys_and_values,
                n,
                adapters,
                factors: [self.factor; 2],
            };
            block.rest(x, &rest, scratch, None)
        })
    }
}

/// Calls `work` on each, on as many threads as there are items.
fn each<I: Send>(
    items: impl Iterator<Item = I>,
    work: impl Fn(I) -> Result<()> + Send + Sync,
) -> Result<()> {
    let items: Vec<I> = items.collect();
    if items.len() == 1 {
        return items.into_iter().try_for_each(work);
    }
    items.into_par_iter().with_max_len(1).try_for_each(work)
}

impl<T: Precision> CustomOp1 for Encoder<'_, T> {
    fn name(&self) -> &'static str {
        "encode"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (b, n, d) = layout.shape().dims3()?;
        let mut x = f32_slice(storage, layout)?.to_vec();
        let threads = if b == 1 {
            rayon::current_num_threads()
        } else {
            1
        };
        let mut buffers = Buffers {
            qkv: Vec::new(),
            keys_and_values: KeysAndValues::default(),
            parts: (0..threads.clamp(1, n))
                .map(|_| Scratch::default())
                .collect(),
        };
        // Picture by picture: the weights come from the third cache either way, and so the tokens stay in the second.
        for x in x.chunks_exact_mut(n * d) {
            for index in 0..self.blocks.len() {
                let last = index + 1 == self.blocks.len();
                let rows = if last { self.rows } else { n };
                self.block(index, x, rows, &mut buffers)?;
            }
        }
        let kept = x.chunks_exact(n * d).map(|x| &x[..self.rows * d]);
        let kept: Vec<f32> = kept.flatten().copied().collect();
        Ok((CpuStorage::F32(kept), Shape::from((b, self.rows, d))))
    }
}
