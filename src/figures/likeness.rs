/// Cosine of two profiles; 0 where one of them is zero.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
        products.sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        (dot(a, b) / lengths) as f32
    } else {
        0.0
    }
}

/// How far, in standard deviations, both must stand off the mean for a prompt to count: about three in ten photos of a
/// library stand that far off on each side.
const STANDS_OUT: f32 = 0.5;

/// The prompts, counted from 0, on which two pictures agree: those where both stand out on the same side of the
/// library's mean, the one where the less outstanding of the two stands out most first. `a` and `b` are in standard
/// deviations, `[M]`.
pub fn agreeing(a: &[f32], b: &[f32], most: usize) -> Vec<usize> {
    strongest_by(a, b, most, |a, b| {
        (a * b > 0.0).then(|| a.abs().min(b.abs()))
    })
}

/// The prompts, counted from 0, that two pictures call in opposite ways: those where they stand out on different sides
/// of the library's mean, as in [`agreeing`].
pub fn opposing(a: &[f32], b: &[f32], most: usize) -> Vec<usize> {
    strongest_by(a, b, most, |a, b| {
        (a * b < 0.0).then(|| a.abs().min(b.abs()))
    })
}

fn strongest_by(
    a: &[f32],
    b: &[f32],
    most: usize,
    strength: impl Fn(f32, f32) -> Option<f32>,
) -> Vec<usize> {
    let mut found: Vec<(usize, f32)> = a
        .iter()
        .zip(b)
        .enumerate()
        .filter_map(|(prompt, (&a, &b))| Some((prompt, strength(a, b)?)))
        .filter(|(_, strength)| *strength >= STANDS_OUT)
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(most);
    found.into_iter().map(|(prompt, _)| prompt).collect()
}

/// Below this cosine of profiles relative to the library's mean two pictures call the pool in different ways.
///
/// Profiles less their mean add up to zero over the library, so two photos drawn from it at random have a mean inner
/// product of exactly zero: below it, they are less alike than chance would have it.
pub const ALIKE_BY_CHANCE: f32 = 0.0;

/// Marks the matches that the embedding finds near and the prompts find far, which are worth a second look.
///
/// Each match has its score and the cosine of its profile with the query's, both relative to the library's mean. It is
/// marked if its score is at least `near_from` and its cosine below [`ALIKE_BY_CHANCE`]; where nobody knows from which
/// score on a match is near, the better half of these is.
pub fn far_profiles(matches: &[(f32, f32)], near_from: Option<f32>) -> Vec<bool> {
    let mut scores: Vec<f32> = matches.iter().map(|&(score, _)| score).collect();
    scores.sort_by(f32::total_cmp);
    let Some(&median) = scores.get(scores.len() / 2) else {
        return Vec::new();
    };
    let near_from = near_from.unwrap_or(median);
    let far = |&(score, cosine): &(f32, f32)| score >= near_from && cosine < ALIKE_BY_CHANCE;
    matches.iter().map(far).collect()
}
