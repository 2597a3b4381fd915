use super::ops::kernels::Isa;
use candle_core::{DType, Device, Result, Tensor};
use rand::Rng;

/// What GPUs multiply in [`Pass::Rounded`].
///
/// f16 has 11 bits where bf16 has 8 (cosines to f32 of 0.99998 where bf16 gives 0.9974), all GPUs with matrix units multiply
/// it as fast, older ones it alone, and checkpoints are stored in it. Its range ends at 65,504: what leaves it is computed
/// again in f32 (see [`super::Puma::embed`]).
pub(super) const GPU_DTYPE: DType = DType::F16;

/// Which way through the network a forward pass takes.
///
/// All share the weights. The first three use fused operations, which carry no gradients; the others use only
/// operations that carry them, and the gates of the stochastic adapters.
pub enum Pass<'a> {
    /// Fused operations; every adapter fires.
    Inference,
    /// The same, with products of numbers rounded to bf16 and summed in f32, where the processor has instructions for
    /// that; elsewhere as [`Pass::Inference`]. On a GPU [`Pass::Half`] in f16.
    Rounded,
    /// The blocks in numbers of 16 bits, [`DType::F16`] or [`DType::BF16`], all else in f32; on any device, but made for
    /// GPUs. As [`Pass::Inference`] where tensors are trained or another method has modules in the blocks.
    Half(DType),
    /// Operations with gradients; adapters fire as the gates say, all of them where there are none.
    Training(Option<&'a Gates>),
    /// The same in mixed precision: the weights' products are of numbers rounded to bf16 and summed in f32, forward and
    /// back; weights, their gradients, norms and the residual stream stay f32. On a CPU without instructions for that as
    /// [`Pass::Training`].
    Mixed(Option<&'a Gates>),
}

/// What the weights' products are computed in when [`super::Puma::embed`] embeds pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Products {
    /// Numbers rounded to 16 bits, as by [`Pass::Rounded`].
    #[default]
    Rounded,
    /// f32, as by [`Pass::Inference`].
    Single,
}

impl Products {
    /// The pass that computes them so.
    pub fn pass(self) -> Pass<'static> {
        match self {
            Products::Rounded => Pass::Rounded,
            Products::Single => Pass::Inference,
        }
    }
}

impl Pass<'_> {
    /// Whether gradients are wanted.
    pub fn is_training(&self) -> bool {
        matches!(self, Pass::Training(_) | Pass::Mixed(_))
    }

    /// Whether the weights' products on a device are of numbers rounded to bf16.
    pub fn rounds(&self, device: &Device) -> bool {
        let there = !device.is_cpu() || Isa::best() >= Isa::Avx512Bf16;
        there && matches!(self, Pass::Rounded | Pass::Mixed(_))
    }

    /// In which numbers of 16 bits the blocks are to be computed on `device`, if in any.
    pub fn half(&self, device: &Device) -> Option<DType> {
        match self {
            Pass::Half(dtype) => Some(*dtype),
            Pass::Rounded if !device.is_cpu() => Some(GPU_DTYPE),
            _ => None,
        }
    }

    /// The gate `[B, 1, 1]` of a block's branch (0 attention, 1 FFN), if it is gated.
    pub fn gate(&self, block: usize, branch: usize) -> Option<&Tensor> {
        match self {
            Pass::Training(Some(gates)) | Pass::Mixed(Some(gates)) => {
                gates.0.get(2 * block + branch)
            }
            _ => None,
        }
    }
}

/// Stochastic depth of the adapters: for each block and branch one factor a sample, 0 or `1 / (1 - p)`.
pub struct Gates(Vec<Tensor>);

impl Gates {
    /// Draws the gates of `batch` samples in a network of `depth` blocks; each is closed with probability `drop`.
    pub fn draw(
        rng: &mut impl Rng,
        batch: usize,
        depth: usize,
        drop: f64,
        device: &Device,
    ) -> Result<Self> {
        let open = (1.0 / (1.0 - drop)) as f32;
        let gates = (0..2 * depth).map(|_| {
            let gate: Vec<f32> = (0..batch)
                .map(|_| {
                    if rng.random::<f64>() < drop {
                        0.0
                    } else {
                        open
                    }
                })
                .collect();
            Tensor::from_vec(gate, (batch, 1, 1), device)
        });
        Ok(Self(gates.collect::<Result<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::adapter::{ADAPTER_SCALE, Adapter};
    use crate::model::checkpoint::expected_tensors;
    use crate::model::config::AdapterConfig;
    use crate::model::vit::Vit;
    use crate::model::weights::Weights;
    use crate::model::{Config, VitConfig};
    use candle_core::Var;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use std::collections::BTreeMap;

    const BRANCHES: [&str; 2] = ["attn", "mlp"];
    const TOKENS: usize = 7;
    /// Gates made by hand, of 2 blocks, both branches and 3 samples: no two rows are alike.
    const GATES: [[[f32; 3]; 2]; 2] = [
        [[0.0, 2.0, 1.5], [2.5, 0.0, 0.5]],
        [[1.0, 3.0, 0.0], [0.0, 0.5, 2.0]],
    ];

    fn gates() -> Gates {
        let rows = GATES.iter().flatten();
        let gates = rows.map(|row| Tensor::from_slice(row, (3, 1, 1), &Device::Cpu).unwrap());
        Gates(gates.collect())
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn gates_are_drawn_for_each_sample_block_and_branch() {
        let (batch, depth, drop) = (500, 3, 0.3);
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let gates = Gates::draw(&mut rng, batch, depth, drop, &Device::Cpu).unwrap();
        let pass = Pass::Training(Some(&gates));
        let drawn: Vec<Vec<f32>> = (0..2 * depth)
            .map(|at| pass.gate(at / 2, at % 2).unwrap())
            .inspect(|gate| assert_eq!(gate.dims(), [batch, 1, 1]))
            .map(values)
            .collect();
        let part = |count: usize, of: usize| count as f64 / of as f64;
        let open = (1.0 / (1.0 - drop)) as f32;
        let mut all_closed = 0;
        for gate in &drawn {
            assert!(gate.iter().all(|&value| value == 0.0 || value == open));
            let closed = gate.iter().filter(|&&value| value == 0.0).count();
            assert!((part(closed, batch) - drop).abs() < 0.1, "{closed}");
            all_closed += closed;
        }
        let share = part(all_closed, 2 * depth * batch);
        assert!((share - drop).abs() < 0.05, "{share}");
        // Independent ones differ in `2 p (1 - p)` of the samples.
        for one in 0..drawn.len() {
            for other in 0..one {
                let both = drawn[one].iter().zip(&drawn[other]);
                let differing = both.filter(|(one, other)| one != other).count();
                let share = part(differing, batch);
                let expected = 2.0 * drop * (1.0 - drop);
                assert!((share - expected).abs() < 0.12, "{one} {other}: {share}");
            }
        }
    }

    #[test]
    fn nothing_is_gated_without_a_draw_and_everything_open_without_drops() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        let gates = Gates::draw(&mut rng, 9, 2, 0.0, &Device::Cpu).unwrap();
        for pass in [Pass::Training(Some(&gates)), Pass::Mixed(Some(&gates))] {
            for at in 0..4 {
                assert_eq!(values(pass.gate(at / 2, at % 2).unwrap()), [1.0; 9]);
            }
        }
        for pass in [Pass::Inference, Pass::Training(None), Pass::Mixed(None)] {
            assert!(pass.gate(0, 0).is_none());
            let factors = Adapter::factors(0, 3, &pass).unwrap();
            assert_eq!(factors, [[ADAPTER_SCALE as f32; 2]; 3]);
        }
    }

    #[test]
    fn factors_are_the_gates_of_a_block_times_the_scale() {
        let gates = gates();
        for (block, [first, second]) in GATES.iter().enumerate() {
            let factors = Adapter::factors(block, 3, &Pass::Training(Some(&gates))).unwrap();
            for (sample, factors) in factors.iter().enumerate() {
                let expected = [first, second].map(|gates| ADAPTER_SCALE as f32 * gates[sample]);
                assert_eq!(*factors, expected, "block {block}, sample {sample}");
            }
        }
    }

    fn config() -> Config {
        let vit = VitConfig {
            image_size: 8,
            patch_size: 4,
            width: 24,
            depth: GATES.len(),
            heads: 2,
            mlp_width: 40,
            layer_norm_eps: 1e-6,
            layer_scale: false,
            position_grid: 2,
        };
        let mut config = Config::plain(vit, [0.5; 3], [0.5; 3]);
        config.adapter = Some(AdapterConfig { rank: 5 });
        config
    }

    fn random(rng: &mut ChaCha8Rng, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| rng.random_range(-0.8..0.8)).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    fn network(tensors: &BTreeMap<String, Tensor>) -> (Vit, Vec<[Adapter; 2]>) {
        let weights = Weights::new(tensors, &Device::Cpu).unwrap();
        let vit = Vit::new(&weights, &config().vit, 8).unwrap();
        let adapters = (0..GATES.len()).map(|block| Adapter::pair(&weights, block).unwrap());
        (vit, adapters.collect())
    }

    /// The blocks one by one, each of its operations by itself.
    fn composed((vit, adapters): &(Vit, Vec<[Adapter; 2]>), x: &Tensor, pass: &Pass) -> Tensor {
        let mut x = x.clone();
        for (block, adapters) in vit.blocks().iter().zip(adapters) {
            x = block.forward(&x, Some(adapters), None, pass).unwrap();
        }
        vit.norm(&x, pass).unwrap()
    }

    /// Length of the difference over the length of the second.
    fn distance(a: &Tensor, b: &Tensor) -> f32 {
        assert_eq!(a.dims(), b.dims());
        let length = |values: &mut dyn Iterator<Item = f32>| {
            values.map(|value| value * value).sum::<f32>().sqrt()
        };
        let (a, b) = (values(a), values(b));
        length(&mut a.iter().zip(&b).map(|(a, b)| a - b)) / length(&mut b.iter().copied())
    }

    /// A gate on an adapter is the same as `U` times that gate, so each sample is held against a network of its own that has
    /// no gates.
    #[test]
    fn each_sample_passes_the_adapters_that_its_gates_leave_open() {
        let mut rng = ChaCha8Rng::seed_from_u64(13);
        let mut tensors: BTreeMap<String, Tensor> = expected_tensors(&config())
            .into_iter()
            .map(|(name, shape)| (name, random(&mut rng, &shape)))
            .collect();
        let mut variables = Vec::new();
        for (name, tensor) in &mut tensors {
            if name.starts_with("adapters.") {
                let variable = Var::from_tensor(tensor).unwrap();
                *tensor = variable.as_tensor().clone();
                variables.push((name.clone(), variable));
            }
        }
        let x = Var::from_tensor(&random(&mut rng, &[3, TOKENS, 24])).unwrap();
        let alone = |sample: usize| {
            let mut tensors = tensors.clone();
            for (block, gates) in GATES.iter().enumerate() {
                for (branch, gates) in BRANCHES.iter().zip(gates) {
                    let name = format!("adapters.{block}.{branch}.up");
                    let up = (&tensors[&name] * f64::from(gates[sample])).unwrap();
                    tensors.insert(name, up);
                }
            }
            let x = x.narrow(0, sample, 1).unwrap();
            composed(&network(&tensors), &x, &Pass::Training(None))
        };
        let each: Vec<Tensor> = (0..3).map(alone).collect();
        let expected = Tensor::cat(&each, 0).unwrap();

        let gates = gates();
        let pass = Pass::Training(Some(&gates));
        let network = network(&tensors);
        let fused = |rows: usize| {
            let (vit, adapters) = &network;
            assert!(vit.blocks().iter().all(|block| block.can_be_fused(true)));
            let x = x.as_tensor().clone();
            vit.encode(x, adapters, None, &pass, rows).unwrap()
        };
        let ways = [
            ("composed", composed(&network, &x, &pass)),
            ("fused", fused(TOKENS)),
            ("fused, class token", fused(1)),
        ];
        for (way, result) in ways {
            let rows = result.dim(1).unwrap();
            let expected = expected.narrow(1, 0, rows).unwrap();
            let apart = distance(&result, &expected);
            assert!(apart < 1e-3, "{way}: {apart}");
            let aim = random(&mut rng, &[3, rows, 24]);
            let [gradients, slopes] = [&result, &expected].map(|y| {
                let sum = (y * &aim).unwrap().sum_all().unwrap();
                sum.backward().unwrap()
            });
            let inputs = [("x".to_owned(), x.clone())];
            for (name, variable) in variables.iter().chain(&inputs) {
                let [gradient, slope] =
                    [&gradients, &slopes].map(|all| all.get(variable.as_tensor()).unwrap());
                let apart = distance(gradient, slope);
                assert!(apart < 1e-3, "{way}, {name}: {apart}");
            }
        }
    }
}
