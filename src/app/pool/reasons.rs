use crate::app::engine::Answer;
use crate::figures::{Profile, View, agreeing, cosine, far_profiles, opposing};

/// Prompts named for a match, on either side.
const NAMED: usize = 4;

/// Why the neighbours of one answer match, by their rank.
#[derive(Default)]
pub struct Reasons {
    matches: Vec<Match>,
    /// The answer, whether a lens lies over it, and the source of profiles they were found for.
    found_for: Option<(u64, bool, u64)>,
}

struct Match {
    cosine: f32,
    far: bool,
}

/// Why one neighbour matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Cosine of its profile and the query's, both relative to the library's mean.
    pub cosine: f32,
    /// Whether the embedding finds it near and the prompts find it far.
    pub far: bool,
    /// The prompts, from 1, on which both agree.
    pub agree: Vec<usize>,
    /// Those that they call in opposite ways.
    pub oppose: Vec<usize>,
}

impl Reasons {
    /// Finds them anew if the answer or the profiles have changed.
    pub(super) fn keep_up(
        &mut self,
        answer: Option<&Answer>,
        overall: Option<&Profile>,
        source: u64,
    ) {
        let wanted = answer
            .zip(overall)
            .map(|(answer, _)| (answer.generation, !answer.moves.is_empty(), source));
        if wanted == self.found_for {
            return;
        }
        self.found_for = wanted;
        self.matches.clear();
        let Some((answer, overall)) = answer.zip(overall) else {
            return;
        };
        let own = relative(&answer.similarity, overall, View::Centred);
        let pairs: Vec<(f32, f32)> = answer
            .hits
            .iter()
            .map(|hit| {
                let other = relative(&hit.similarity, overall, View::Centred);
                (hit.score, cosine(&own, &other))
            })
            .collect();
        let far = far_profiles(&pairs, answer.comparable_line());
        self.matches = pairs
            .into_iter()
            .zip(far)
            .map(|((_, cosine), far)| Match { cosine, far })
            .collect();
    }

    /// Whether the prompts find the neighbour of this rank far although its embedding is near.
    pub fn is_far(&self, rank: usize) -> bool {
        self.matches.get(rank).is_some_and(|found| found.far)
    }

    /// How many neighbours are marked so.
    pub fn far(&self) -> usize {
        self.matches.iter().filter(|found| found.far).count()
    }

    /// Why the neighbour of this rank matches; `None` while that is not known.
    pub fn reason(&self, rank: usize, answer: &Answer, overall: &Profile) -> Option<Reason> {
        let found = self.matches.get(rank)?;
        let own = relative(&answer.similarity, overall, View::Standardised);
        let hit = answer.hits.get(rank)?;
        let other = relative(&hit.similarity, overall, View::Standardised);
        let numbers = |prompts: Vec<usize>| prompts.into_iter().map(|prompt| prompt + 1).collect();
        Some(Reason {
            cosine: found.cosine,
            far: found.far,
            agree: numbers(agreeing(&own, &other, NAMED)),
            oppose: numbers(opposing(&own, &other, NAMED)),
        })
    }
}

fn relative(similarity: &[f32], overall: &Profile, view: View) -> Vec<f32> {
    let one = Profile {
        domain: String::new(),
        count: 1,
        mean: similarity.to_vec(),
        std: Vec::new(),
    };
    one.view(view, overall)
}
