use super::config::{Sampling, TrainConfig};
use super::data::TrainingData;
use super::seed::{Purpose, generator};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// The samples of each step, in a new order each pass; what fills no batch at the end of a pass is left out.
#[derive(Clone, Debug)]
pub struct Sampler {
    sampling: Sampling,
    /// Samples that are drawn from together: all, those of a class, or those of a set.
    groups: Vec<Vec<usize>>,
    per_class: usize,
    batch: usize,
    seed: u64,
}

impl Sampler {
    /// Draws batches of `config` from the training photos.
    pub fn new(data: &TrainingData, config: &TrainConfig) -> Sampler {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, sample) in data.samples.iter().enumerate() {
            let class = data.classes[sample.label as usize].as_str();
            let group = match config.sampling {
                Sampling::Random => "",
                Sampling::PerClass => class,
                Sampling::Balanced => class.split_once('/').map_or(class, |(set, _)| set),
            };
            groups.entry(group).or_default().push(index);
        }
        let mut sampler = Sampler {
            sampling: config.sampling,
            groups: groups.into_values().collect(),
            per_class: config.per_class,
            batch: config.batch,
            seed: config.seed,
        };
        sampler.batch = sampler.batch.min(sampler.drawn());
        sampler
    }

    /// Samples in a step.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Steps in one pass.
    pub fn steps_per_pass(&self) -> usize {
        self.drawn() / self.batch
    }

    /// Samples that a pass draws; those drawn twice count twice.
    fn drawn(&self) -> usize {
        let sizes = self.groups.iter().map(Vec::len);
        match self.sampling {
            Sampling::PerClass => sizes
                .map(|size| size.next_multiple_of(self.per_class))
                .sum(),
            Sampling::Random | Sampling::Balanced => sizes.sum(),
        }
    }

    /// The order of one pass, by the indices of the samples.
    pub fn order(&self, pass: usize) -> Vec<usize> {
        let mut rng = generator(self.seed, Purpose::Order, pass as u64);
        let mut groups = self.groups.clone();
        for group in &mut groups {
            group.shuffle(&mut rng);
        }
        match self.sampling {
            Sampling::Random => groups.concat(),
            Sampling::PerClass => self.by_class(groups, &mut rng),
            Sampling::Balanced => self.in_turns(groups, &mut rng),
        }
    }

    /// Some samples of a class after some of another; a class that runs short begins again.
    fn by_class(&self, groups: Vec<Vec<usize>>, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut pieces: Vec<Vec<usize>> = Vec::new();
        for group in groups {
            let whole = group.len().next_multiple_of(self.per_class);
            let filled: Vec<usize> = group.iter().cycle().take(whole).copied().collect();
            pieces.extend(filled.chunks(self.per_class).map(<[usize]>::to_vec));
        }
        pieces.shuffle(rng);
        pieces.concat()
    }

    /// A sample of each set in turn; small sets come round again in another order.
    fn in_turns(&self, mut groups: Vec<Vec<usize>>, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut next = vec![0; groups.len()];
        let mut order = Vec::with_capacity(self.drawn());
        for turn in (0..groups.len()).cycle().take(self.drawn()) {
            let group = &mut groups[turn];
            if next[turn] == group.len() {
                group.shuffle(rng);
                next[turn] = 0;
            }
            order.push(group[next[turn]]);
            next[turn] += 1;
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::Sample;

    /// Two sets: one of 3 classes with 5 photos each, one of a class with 2.
    fn data() -> TrainingData {
        let classes = [("a/1", 5), ("a/2", 5), ("a/3", 5), ("b/1", 2)];
        let mut data = TrainingData {
            samples: Vec::new(),
            classes: classes.iter().map(|(name, _)| (*name).to_owned()).collect(),
            validation: Vec::new(),
        };
        for (label, (_, count)) in classes.iter().enumerate() {
            data.samples.extend((0..*count).map(|number| Sample {
                path: format!("{label}/{number}").into(),
                label: label as u32,
            }));
        }
        data
    }

    fn sampler(sampling: Sampling, batch: usize) -> Sampler {
        let config = TrainConfig {
            sampling,
            batch,
            per_class: 2,
            ..TrainConfig::default()
        };
        Sampler::new(&data(), &config)
    }

    #[test]
    fn a_random_pass_shows_every_photo_once_in_a_new_order() {
        let sampler = sampler(Sampling::Random, 4);
        let first = sampler.order(0);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..17).collect::<Vec<_>>());
        assert_eq!(first, sampler.order(0));
        assert_ne!(first, sampler.order(1));
        assert_eq!(sampler.steps_per_pass(), 4);
    }

    #[test]
    fn every_photo_of_a_class_has_company_in_its_batch() {
        let sampler = sampler(Sampling::PerClass, 4);
        let data = data();
        let order = sampler.order(0);
        assert_eq!((order.len(), sampler.steps_per_pass()), (20, 5));
        for pair in order.chunks(2) {
            let [one, other] = pair else {
                panic!("{pair:?}")
            };
            assert_eq!(data.samples[*one].label, data.samples[*other].label);
            assert_ne!(one, other);
        }
        assert!((0..17).all(|index| order.contains(&index)));
    }

    #[test]
    fn sets_take_turns_however_large_they_are() {
        let sampler = sampler(Sampling::Balanced, 4);
        let order = sampler.order(0);
        assert_eq!(order.len(), 17);
        let small = order.iter().filter(|index| **index >= 15).count();
        assert_eq!(small, 8);
        for turns in order.chunks(4).take(4) {
            assert_eq!(turns.iter().filter(|index| **index >= 15).count(), 2);
        }
    }

    #[test]
    fn a_batch_is_never_larger_than_a_pass() {
        assert_eq!(sampler(Sampling::Random, 180).batch(), 17);
        assert_eq!(sampler(Sampling::PerClass, 180).batch(), 20);
    }
}
