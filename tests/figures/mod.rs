//! Tests of `figures`.
mod chart;
mod colours;
mod drawn;
mod health;
mod likeness;
mod order;
mod profiles;
mod stored;

use puma::figures::Profile;

/// `count` domains of `prompts` prompts with means that wander from domain to domain.
fn many(count: usize, prompts: usize) -> Vec<Profile> {
    let mean = |domain: usize, prompt: usize| {
        ((domain * 7 + prompt * 3) % 11) as f32 / 50.0 - 0.1 + 0.01 * (domain % 3) as f32
    };
    (0..count)
        .map(|domain| Profile {
            domain: format!("folder {domain:03}"),
            count: 10 + (domain * 13) % 29,
            mean: (0..prompts).map(|prompt| mean(domain, prompt)).collect(),
            std: vec![0.05; prompts],
        })
        .collect()
}
