use super::TrainError;
use super::config::PromptStart;
use super::seed::{Purpose, generator};
use crate::model::checkpoint::rival_shapes;
use crate::model::{Config, RivalConfig, VitConfig};
use candle_core::{Device, Tensor};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;

/// The tensors of `config`: those of the start where it has them with the right shape, PUMA's initial values, or those of another
/// method's modules, elsewhere.
///
/// Adapters: `D` uniform in `+-sqrt(3 / r)`, the same in both branches of a block, `U` zero; keys and attention
/// vectors orthogonal rows; every prompt the same orthogonal `[L, d]`, or one of its own; head uniform in `+-1 / sqrt(d)`.
pub fn start_tensors(
    config: &Config,
    from: &BTreeMap<String, Tensor>,
    seed: u64,
    prompts: PromptStart,
) -> Result<BTreeMap<String, Tensor>, TrainError> {
    let d = config.vit.width;
    let mut rng = generator(seed, Purpose::Start, 0);
    let mut fresh: BTreeMap<String, Tensor> = BTreeMap::new();
    if let Some(adapter) = &config.adapter {
        let bound = (3.0 / adapter.rank as f64).sqrt();
        for block in 0..config.vit.depth {
            let down = uniform(&mut rng, &[d, adapter.rank], bound)?;
            for branch in ["attn", "mlp"] {
                let up = Tensor::from_vec(
                    vec![0f32; adapter.rank * d],
                    (adapter.rank, d),
                    &Device::Cpu,
                )?;
                fresh.insert(format!("adapters.{block}.{branch}.down"), down.clone());
                fresh.insert(format!("adapters.{block}.{branch}.up"), up);
            }
        }
    }
    if let Some(prompt) = &config.prompt {
        let (m, l) = (prompt.pool_size, prompt.length);
        let mut each = vec![orthogonal(&mut rng, l, d)?];
        if prompts == PromptStart::Own {
            let mut own = generator(seed, Purpose::Prompts, 0);
            for _ in 1..m {
                each.push(orthogonal(&mut own, l, d)?);
            }
        } else {
            each.resize(m, each[0].clone());
        }
        fresh.insert("prompt_pool.prompts".into(), Tensor::stack(&each, 0)?);
        fresh.insert("prompt_pool.keys".into(), orthogonal(&mut rng, m, d)?);
        fresh.insert("prompt_pool.attention".into(), orthogonal(&mut rng, m, d)?);
        if prompt.standardised {
            let (zeros, ones) = (vec![0f32; d], vec![1f32; d]);
            fresh.insert(
                "prompt_pool.query_mean".into(),
                Tensor::from_vec(zeros, d, &Device::Cpu)?,
            );
            fresh.insert(
                "prompt_pool.query_std".into(),
                Tensor::from_vec(ones, d, &Device::Cpu)?,
            );
        }
    }
    if let Some(head) = &config.head {
        let bound = 1.0 / (d as f64).sqrt();
        fresh.insert(
            "head.weight".into(),
            uniform(&mut rng, &[head.width, d], bound)?,
        );
        fresh.insert("head.bias".into(), uniform(&mut rng, &[head.width], bound)?);
    }
    if let Some(rival) = &config.rival {
        fresh.extend(rival_tensors(rival, &config.vit, &mut rng)?);
    }
    let mut tensors = BTreeMap::new();
    for (name, tensor) in from {
        let keeps = match fresh.get(name) {
            Some(fresh) => fresh.shape() == tensor.shape(),
            None => name.starts_with("vit."),
        };
        if keeps {
            tensors.insert(name.clone(), tensor.clone());
        }
    }
    for (name, tensor) in fresh {
        tensors.entry(name).or_insert(tensor);
    }
    Ok(tensors)
}

/// Initial values of another method's modules, as their authors draw them: down projections uniform in
/// `+-1 / sqrt(d)`, what follows them zero; visual prompts uniform in `+-sqrt(6 / (3 p^2 + d))`, `p` the patch size.
fn rival_tensors(
    rival: &RivalConfig,
    vit: &VitConfig,
    rng: &mut impl Rng,
) -> Result<BTreeMap<String, Tensor>, TrainError> {
    let d = vit.width;
    let patch = 3 * vit.patch_size * vit.patch_size;
    let mut tensors = BTreeMap::new();
    for (name, shape) in rival_shapes(rival, vit) {
        let bound = match name.rsplit('.').next() {
            Some("visual_prompts") => (6.0 / (patch + d) as f64).sqrt(),
            Some("a") => 1.0 / (d as f64).sqrt(),
            Some("weight") if name.contains(".down.") => 1.0 / (d as f64).sqrt(),
            _ => 0.0,
        };
        tensors.insert(name, uniform(rng, &shape, bound)?);
    }
    Ok(tensors)
}

/// Class proxies `[classes, width]`: Kaiming uniform over the fan-out.
pub fn random_proxies(classes: usize, width: usize, seed: u64) -> Result<Tensor, TrainError> {
    let mut rng = generator(seed, Purpose::Proxies, 0);
    uniform(&mut rng, &[classes, width], (6.0 / classes as f64).sqrt())
}

/// Uniform values within plus and minus `bound`.
fn uniform(rng: &mut impl Rng, shape: &[usize], bound: f64) -> Result<Tensor, TrainError> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|_| rng.random_range(-bound..=bound) as f32)
        .collect();
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

/// `rows` orthonormal rows of `width`, uniformly distributed (Gram-Schmidt on normal vectors).
fn orthogonal(rng: &mut impl Rng, rows: usize, width: usize) -> Result<Tensor, TrainError> {
    if rows > width {
        return Err(TrainError::Config(format!(
            "{rows} orthogonal vectors do not fit into a width of {width}: a smaller pool_size or prompt_length is needed"
        )));
    }
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(rows);
    while basis.len() < rows {
        let mut row: Vec<f64> = (0..width).map(|_| StandardNormal.sample(rng)).collect();
        // Twice, since once loses orthogonality to rounding.
        for _ in 0..2 {
            for other in &basis {
                let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let norm = row.iter().map(|a| a * a).sum::<f64>().sqrt();
        if norm > 1e-6 {
            basis.push(row.iter().map(|a| a / norm).collect());
        }
    }
    let values: Vec<f32> = basis
        .into_iter()
        .flatten()
        .map(|value| value as f32)
        .collect();
    Ok(Tensor::from_vec(values, (rows, width), &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(tensor: &Tensor) -> Vec<Vec<f32>> {
        tensor.flatten_from(1).unwrap().to_vec2().unwrap()
    }

    #[test]
    fn initial_values_are_those_of_the_method() {
        let config = Config::deit_tiny().with_puma(20, 8, 128, 128);
        let tensors = start_tensors(&config, &BTreeMap::new(), 3, PromptStart::Shared).unwrap();
        for name in ["prompt_pool.keys", "prompt_pool.attention"] {
            let rows = rows(&tensors[name]);
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!(
                        (product - expected).abs() < 1e-5,
                        "{name} {i} {j}: {product}"
                    );
                }
            }
        }
        let prompts = rows(&tensors["prompt_pool.prompts"]);
        assert!(prompts.iter().all(|prompt| prompt == &prompts[0]));
        let down = rows(&tensors["adapters.4.attn.down"]).concat();
        assert_eq!(down, rows(&tensors["adapters.4.mlp.down"]).concat());
        let bound = (3f32 / 128.0).sqrt();
        let largest = down.iter().fold(0f32, |a, b| a.max(b.abs()));
        assert!(largest <= bound && largest > 0.99 * bound);
        assert!(
            rows(&tensors["adapters.4.mlp.up"])
                .concat()
                .iter()
                .all(|&value| value == 0.0)
        );
        assert_ne!(down, rows(&tensors["adapters.5.attn.down"]).concat());
        let again = start_tensors(&config, &BTreeMap::new(), 3, PromptStart::Shared).unwrap();
        assert_eq!(rows(&again["head.weight"]), rows(&tensors["head.weight"]));
        let other = start_tensors(&config, &BTreeMap::new(), 4, PromptStart::Shared).unwrap();
        assert_ne!(rows(&other["head.weight"]), rows(&tensors["head.weight"]));
    }
}
