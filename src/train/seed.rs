use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a generator is for; each purpose has its own stream of numbers.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Initial values of the parameters.
    Start,
    /// Initial values of the class proxies.
    Proxies,
    /// The order of the samples in a pass.
    Order,
    /// Crop and flip of one sample.
    Augment,
    /// Gates of the stochastic adapters in one step.
    Gates,
    /// Photos of a class that are kept.
    Shots,
    /// Initial values of the prompts after the first.
    Prompts,
    /// Centres that the pool's keys start from.
    Keys,
}

/// The generator of `purpose` number `index` (a step, a pass or a sample) in the run of `seed`.
pub fn generator(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ ((purpose as u64 + 1) << 56));
    rng.set_stream(index);
    rng
}

/// The generator of `purpose` for what has a name: the same in every run of `seed` that has it, whatever else there is.
pub fn named_generator(seed: u64, purpose: Purpose, name: &str) -> ChaCha8Rng {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(name.as_bytes()).as_bytes();
    generator(seed, purpose, u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}
