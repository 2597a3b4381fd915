//! Losses without golden files, against their definitions written out in f64, with slopes by central differences.

use candle_core::{DType, Device, Result, Tensor, Var};
use puma::train::loss::{LossKind, Margin, MetricLoss, MultiSimilarity, SoftTriple, Triplet};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 9;
const WIDTH: usize = 6;
const LABELS: [u32; BATCH] = [0, 0, 0, 1, 1, 2, 2, 2, 3];

/// Rows of a matrix.
type Rows = Vec<Vec<f64>>;

/// Rows that lean towards a direction of their class, so that pairs are neither all easy nor all hard.
fn rows(labels: impl Iterator<Item = u32>, seed: u64) -> Rows {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    labels
        .map(|label| {
            let mut row: Vec<f64> = (0..WIDTH).map(|_| rng.random_range(-1.0..1.0)).collect();
            row[label as usize % WIDTH] += 0.8;
            row
        })
        .collect()
}

fn unit(row: &[f64]) -> Vec<f64> {
    let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
    row.iter().map(|value| value / length).collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    unit(a).iter().zip(unit(b)).map(|(a, b)| a * b).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    (2.0 - 2.0 * cosine(a, b)).sqrt()
}

fn others(anchor: usize, same: bool) -> impl Iterator<Item = usize> {
    (0..BATCH).filter(move |&at| at != anchor && (LABELS[at] == LABELS[anchor]) == same)
}

fn tensor(rows: &Rows) -> Tensor {
    let values: Vec<f32> = rows.iter().flatten().map(|value| *value as f32).collect();
    Tensor::from_vec(values, (rows.len(), WIDTH), &Device::Cpu).unwrap()
}

/// Compares value and slopes with what `definition` of `(embeddings, proxies)` gives.
fn holds(loss: &dyn MetricLoss, centres: usize, definition: impl Fn(&Rows, &Rows) -> f64) {
    for seed in 0..4 {
        let embeddings = rows(LABELS.into_iter(), seed);
        let classes = (0..4).flat_map(|label| std::iter::repeat_n(label, centres));
        let proxies = rows(classes, 100 + seed);
        let given = [&embeddings, &proxies].map(|rows| Var::from_tensor(&tensor(rows)).unwrap());
        let value = loss.loss(&given[0], &LABELS, &given[1]).unwrap();
        let expected = definition(&embeddings, &proxies);
        let found = f64::from(value.to_scalar::<f32>().unwrap());
        assert!(
            (found - expected).abs() <= 1e-4 * expected.abs().max(1.0),
            "{found} {expected}"
        );
        assert!(expected > 0.01, "a loss of {expected} shows nothing");

        let gradients = value.backward().unwrap();
        for (side, var) in given.iter().enumerate() {
            let Some(gradient) = gradients.get(var) else {
                assert_eq!(side, 1, "no slope for the embeddings");
                continue;
            };
            let gradient: Vec<Vec<f32>> = gradient.to_vec2().unwrap();
            let rows = [&embeddings, &proxies][side];
            for row in 0..rows.len() {
                for column in 0..WIDTH {
                    let shifted = |by: f64| {
                        let mut both = [embeddings.clone(), proxies.clone()];
                        both[side][row][column] += by;
                        definition(&both[0], &both[1])
                    };
                    let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                    let found = f64::from(gradient[row][column]);
                    assert!(
                        (found - slope).abs() <= 2e-3 * slope.abs().max(0.1),
                        "seed {seed}, side {side}, row {row}, column {column}: {found} {slope}"
                    );
                }
            }
        }
    }
}

#[test]
fn triplet_is_the_mean_over_the_triplets_that_violate_its_margin() {
    let loss = Triplet::default();
    holds(&loss, 1, |embeddings, _| {
        let squared = |a: usize, b: usize| distance(&embeddings[a], &embeddings[b]).powi(2);
        let mut terms = Vec::new();
        for anchor in 0..BATCH {
            for positive in others(anchor, true) {
                for negative in others(anchor, false) {
                    let term = squared(anchor, positive) - squared(anchor, negative) + loss.margin;
                    terms.extend((term > 0.0).then_some(term));
                }
            }
        }
        terms.iter().sum::<f64>() / terms.len() as f64
    });
}

/// The chances of each negative of an anchor, by the density of distances on a sphere.
fn chances(embeddings: &Rows, anchor: usize) -> Vec<(usize, f64)> {
    let weight = |negative: usize| {
        let distance = distance(&embeddings[anchor], &embeddings[negative]).max(0.5);
        let density = distance.powi(WIDTH as i32 - 2)
            * (1.0 - distance * distance / 4.0).powf((WIDTH as f64 - 3.0) / 2.0);
        1.0 / density
    };
    let all: f64 = others(anchor, false).map(weight).sum();
    others(anchor, false)
        .map(|negative| (negative, weight(negative) / all))
        .collect()
}

#[test]
fn margin_is_the_mean_over_its_draw_of_negatives() {
    let loss = Margin::default();
    // The draw depends on the embeddings, but no slope goes through it.
    let drawn_at = std::cell::RefCell::new((0.0, Vec::new()));
    holds(&loss, 1, |embeddings, proxies| {
        let mark = proxies[0][0] + proxies[1][1];
        if drawn_at.borrow().0 != mark {
            let drawn = (0..BATCH)
                .map(|anchor| chances(embeddings, anchor))
                .collect();
            *drawn_at.borrow_mut() = (mark, drawn);
        }
        let drawn = &drawn_at.borrow().1;
        let (mut sum, mut active) = (0.0, 0.0);
        let mut add = |term: f64, weight: f64| {
            if term > 0.0 {
                sum += term * weight;
                active += weight;
            }
        };
        for anchor in 0..BATCH {
            for positive in others(anchor, true) {
                let near = distance(&embeddings[anchor], &embeddings[positive]);
                add(near - loss.boundary + loss.margin, 1.0);
                for &(negative, chance) in &drawn[anchor] {
                    let far = distance(&embeddings[anchor], &embeddings[negative]);
                    add(loss.boundary + loss.margin - far, chance);
                }
            }
        }
        sum / active
    });
}

#[test]
fn multi_similarity_weighs_the_pairs_that_are_hard() {
    let loss = MultiSimilarity::default();
    holds(&loss, 1, |embeddings, _| {
        let mut sum = 0.0;
        for anchor in 0..BATCH {
            let like = |at: usize| cosine(&embeddings[anchor], &embeddings[at]);
            let nearest = others(anchor, false)
                .map(like)
                .fold(f64::NEG_INFINITY, f64::max);
            let farthest = others(anchor, true).map(like).fold(f64::INFINITY, f64::min);
            let pull: f64 = others(anchor, true)
                .map(like)
                .filter(|like| like - loss.slack < nearest)
                .map(|like| (-loss.pull_scale * (like - loss.threshold)).exp())
                .sum();
            let push: f64 = others(anchor, false)
                .map(like)
                .filter(|like| like + loss.slack > farthest)
                .map(|like| (loss.push_scale * (like - loss.threshold)).exp())
                .sum();
            sum += pull.ln_1p() / loss.pull_scale + push.ln_1p() / loss.push_scale;
        }
        sum / BATCH as f64
    });
}

#[test]
fn soft_triple_takes_a_soft_maximum_over_the_centres_of_a_class() {
    for centres in [1, 3] {
        let loss = SoftTriple {
            centres,
            ..SoftTriple::default()
        };
        holds(&loss, centres, |embeddings, proxies| {
            soft_triple(&loss, embeddings, proxies)
        });
    }
}

fn soft_triple(loss: &SoftTriple, embeddings: &Rows, proxies: &Rows) -> f64 {
    let classes: Vec<&[Vec<f64>]> = proxies.chunks(loss.centres).collect();
    let mut sum = 0.0;
    for (row, label) in embeddings.iter().zip(LABELS) {
        let logits = classes.iter().enumerate().map(|(class, centres)| {
            let each = || centres.iter().map(|centre| cosine(row, centre));
            let all: f64 = each().map(|like| (like / loss.softness).exp()).sum();
            let like: f64 = each()
                .map(|like| (like / loss.softness).exp() / all * like)
                .sum();
            let margin = if class == label as usize {
                loss.margin
            } else {
                0.0
            };
            loss.scale * (like - margin)
        });
        let logits: Vec<f64> = logits.collect();
        let all: f64 = logits.iter().map(|logit| logit.exp()).sum();
        sum += all.ln() - logits[label as usize];
    }
    let mut spread = 0.0;
    for centres in &classes {
        for one in 0..centres.len() {
            for other in one + 1..centres.len() {
                spread += (2.0 + 1e-5 - 2.0 * cosine(&centres[one], &centres[other])).sqrt();
            }
        }
    }
    let pairs = (classes.len() * loss.centres * (loss.centres - 1)).max(1);
    sum / BATCH as f64 + loss.merging * spread / pairs as f64
}

/// The triplet loss over all `[B, B, B]` triplets at once, and its gradient.
fn all_triplets(embeddings: &Var, margin: f64) -> Result<(f32, Vec<f32>)> {
    let length = embeddings.sqr()?.sum_keepdim(1)?.sqrt()?;
    let unit = embeddings.broadcast_div(&length)?;
    let squared = unit.matmul(&unit.t()?)?.affine(-2.0, 2.0)?;
    let mask = |holds: &dyn Fn(usize, usize) -> bool| {
        let pairs = (0..BATCH * BATCH).map(|place| (place / BATCH, place % BATCH));
        let values: Vec<f32> = pairs
            .map(|(row, column)| f32::from(u8::from(holds(row, column))))
            .collect();
        Tensor::from_vec(values, (BATCH, BATCH), &Device::Cpu)
    };
    let positive = mask(&|row, column| row != column && LABELS[row] == LABELS[column])?;
    let negative = mask(&|row, column| LABELS[row] != LABELS[column])?;
    let triplets = positive
        .unsqueeze(2)?
        .broadcast_mul(&negative.unsqueeze(1)?)?;
    let gap = squared
        .unsqueeze(2)?
        .broadcast_sub(&squared.unsqueeze(1)?)?;
    let terms = ((gap + margin)?.relu()? * triplets)?;
    let active = terms.detach().gt(0.0)?.to_dtype(DType::F32)?.sum_all()?;
    let loss = (terms.sum_all()? / f64::from(active.to_scalar::<f32>()?))?;
    let gradients = loss.backward()?;
    let gradient = gradients.get(embeddings).unwrap();
    Ok((loss.to_scalar()?, gradient.flatten_all()?.to_vec1()?))
}

#[test]
fn triplets_pair_by_pair_are_all_triplets() {
    let loss = Triplet::default();
    for seed in 0..4 {
        let embeddings = Var::from_tensor(&tensor(&rows(LABELS.into_iter(), seed))).unwrap();
        let proxies = tensor(&rows(0..4, 8));
        let value = loss.loss(&embeddings, &LABELS, &proxies).unwrap();
        let (expected, slopes) = all_triplets(&embeddings, loss.margin).unwrap();
        let found = value.to_scalar::<f32>().unwrap();
        assert!(
            (found - expected).abs() <= 2e-6 * expected,
            "{found} {expected}"
        );
        let gradients = value.backward().unwrap();
        let gradient = gradients.get(&embeddings).unwrap().flatten_all().unwrap();
        for (found, slope) in gradient.to_vec1::<f32>().unwrap().iter().zip(&slopes) {
            assert!(
                (found - slope).abs() <= 2e-6,
                "seed {seed}: {found} {slope}"
            );
        }
    }
}

/// All triplets at once would be 32 GB here.
#[test]
fn triplets_of_a_large_batch_take_memory_for_its_pairs() {
    let labels: Vec<u32> = (0..2000).map(|photo| photo / 2).collect();
    let embeddings = Var::from_tensor(&tensor(&rows(labels.iter().copied(), 3))).unwrap();
    let proxies = tensor(&rows(0..4, 8));
    let value = Triplet::default()
        .loss(&embeddings, &labels, &proxies)
        .unwrap();
    assert!(value.to_scalar::<f32>().unwrap() > 0.1);
    let gradients = value.backward().unwrap();
    let gradient = gradients.get(&embeddings).unwrap().flatten_all().unwrap();
    let values = gradient.to_vec1::<f32>().unwrap();
    assert!(
        values.iter().all(|value| value.is_finite()) && values.iter().any(|&value| value != 0.0)
    );
}

#[test]
fn a_batch_without_pairs_costs_nothing_and_moves_nothing() {
    for kind in [
        LossKind::Triplet,
        LossKind::Margin,
        LossKind::MultiSimilarity,
    ] {
        let embeddings = Var::from_tensor(&tensor(&rows(0..4, 7))).unwrap();
        let proxies = tensor(&rows(0..4, 8));
        let loss = kind.build(4);
        let value = loss.loss(&embeddings, &[0, 1, 2, 3], &proxies).unwrap();
        assert_eq!(value.to_scalar::<f32>().unwrap(), 0.0, "{kind:?}");
        let gradients = value.backward().unwrap();
        let gradient = gradients.get(&embeddings).unwrap();
        let values: Vec<f32> = gradient.flatten_all().unwrap().to_vec1().unwrap();
        assert!(
            values.iter().all(|value| *value == 0.0),
            "{kind:?} {values:?}"
        );
    }
}

#[test]
fn photos_that_are_the_same_give_finite_slopes() {
    let twice = vec![vec![1.0, 0.5, 0.0, 0.0, 0.2, 0.1]; 4];
    for kind in [
        LossKind::Triplet,
        LossKind::Margin,
        LossKind::MultiSimilarity,
        LossKind::SoftTriple,
    ] {
        let embeddings = Var::from_tensor(&tensor(&twice)).unwrap();
        let proxies = tensor(&rows(
            (0..2).flat_map(|label| std::iter::repeat_n(label, kind.centres())),
            9,
        ));
        let loss = kind.build(2);
        let value = loss.loss(&embeddings, &[0, 0, 1, 1], &proxies).unwrap();
        let gradients = value.backward().unwrap();
        let gradient = gradients.get(&embeddings).unwrap();
        let values: Vec<f32> = gradient.flatten_all().unwrap().to_vec1().unwrap();
        assert!(
            values.iter().all(|value| value.is_finite()),
            "{kind:?} {values:?}"
        );
    }
}
