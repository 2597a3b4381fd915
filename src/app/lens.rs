//! The lens: the shown answer in the order that a model with a part left out gives.

use super::engine::Answer;
use super::messages::Kind;
use super::puma_app::PumaApp;
use super::query::Source;
use crate::model::Ablation;
use crate::search::{Hit, LensAnswer, LensPart, LensRequest, LensSource};
use std::sync::Arc;

/// What the model has to do without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LensChoice {
    /// Nothing.
    #[default]
    Off,
    /// The whole prompt pool.
    PromptsOff,
    /// All adapters.
    AdaptersOff,
    /// One prompt, by its number from 0.
    PromptOff(usize),
    /// The prompts' being chosen for each picture: all get the library's mean prompt.
    OnePromptForAll,
}

/// What the user can ask of the lens.
#[derive(Debug)]
pub enum LensWish {
    /// Look through this one.
    Choose(LensChoice),
}

/// News of the lens' worker.
pub enum LensNews {
    /// It went on.
    Progress {
        /// Of which wish.
        generation: u64,
        /// Pictures embedded again.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// It is done.
    Done {
        /// Which wish.
        generation: u64,
        /// The new order.
        answer: Arc<LensAnswer>,
    },
    /// It cannot be done.
    Failed {
        /// Which wish.
        generation: u64,
        /// Why, in words.
        reason: String,
    },
}

/// A neighbour's place by the whole model and through the lens, from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankMove {
    /// By the whole model.
    pub was: usize,
    /// Through the lens.
    pub now: usize,
    /// Its score by the whole model.
    pub old_score: f32,
}

impl RankMove {
    /// A short sign, of characters that the monospaced font compiled in has: `▲4`, `▼3`, `=`.
    pub fn sign(&self) -> String {
        match self.was.cmp(&self.now) {
            std::cmp::Ordering::Greater => format!("▲{}", self.was - self.now),
            std::cmp::Ordering::Less => format!("▼{}", self.now - self.was),
            std::cmp::Ordering::Equal => "=".to_owned(),
        }
    }

    /// The same in words: `was 7, now 3`.
    pub fn words(&self) -> String {
        format!("was {}, now {}", self.was, self.now)
    }
}

/// What the lens is set to, and how far it is.
#[derive(Default)]
pub struct LensState {
    /// What the user chose.
    pub choice: LensChoice,
    /// The work under way: its generation, pictures done and of how many.
    pub running: Option<(u64, usize, usize)>,
    /// The answer of the whole model, while the shown one is in a new order.
    pub whole: Option<Arc<Answer>>,
    /// What came out.
    pub result: Option<Arc<LensAnswer>>,
}

/// Carries out `wish`.
pub fn handle(app: &mut PumaApp, wish: LensWish) {
    let LensWish::Choose(choice) = wish;
    let lens = &mut app.state.lens;
    if lens.choice == choice {
        return;
    }
    lens.choice = choice;
    stop(app);
    if let Some(whole) = app.state.lens.whole.take() {
        app.state.answer = Some(whole);
    }
    app.state.lens.result = None;
}

/// Changes the state as `news` say; those of an older wish are dropped.
pub fn receive(app: &mut PumaApp, news: LensNews, now_s: f64) {
    let lens = &mut app.state.lens;
    let current = lens.running.map(|(generation, ..)| generation);
    match news {
        LensNews::Progress {
            generation,
            done,
            total,
        } if current == Some(generation) => lens.running = Some((generation, done, total)),
        LensNews::Done { generation, answer } if current == Some(generation) => {
            lens.running = None;
            if let Some(whole) = app.state.answer.take() {
                app.state.answer = Some(Arc::new(reordered(&whole, &answer)));
                lens.whole = Some(whole);
                lens.result = Some(answer);
            }
        }
        LensNews::Failed { generation, reason } if current == Some(generation) => {
            lens.running = None;
            lens.choice = LensChoice::Off;
            let text = format!("The lens cannot be used here: {reason}.");
            app.state.messages.add(Kind::Error, text, now_s);
        }
        _ => {}
    }
}

/// Looks at an answer that came while a lens is chosen.
pub fn follow(app: &mut PumaApp) {
    let state = &app.state;
    let lens = &state.lens;
    let shown = state.answer.as_ref();
    // A new answer, or none, takes the place of the one that was looked at.
    let is_new = shown.is_none_or(|answer| answer.moves.is_empty());
    if !is_new || lens.choice == LensChoice::Off {
        return;
    }
    let generation = shown.map(|answer| answer.generation);
    let looked_at = lens.whole.as_ref().map(|answer| answer.generation);
    if lens.running.is_some() && generation == looked_at {
        return;
    }
    stop(app);
    app.state.lens.result = None;
    app.state.lens.whole = app.state.answer.clone();
    let Some(answer) = app
        .state
        .answer
        .as_ref()
        .filter(|answer| !answer.hits.is_empty())
    else {
        return;
    };
    let request = LensRequest {
        parts: parts(answer),
        hits: answer.hits.clone(),
        ablation: ablation(app),
    };
    let total = request.parts.len() + request.hits.len();
    let generation = app.engine.look(request);
    app.state.lens.running = Some((generation, 0, total));
}

fn stop(app: &mut PumaApp) {
    if app.state.lens.running.take().is_some() {
        app.engine.end_look();
    }
}

fn parts(answer: &Answer) -> Vec<LensPart> {
    let part = |part: &super::query::Part| LensPart {
        source: match &part.source {
            Source::File(path) => LensSource::File(path.clone()),
            Source::Pasted { image, .. } => LensSource::Pixels(Arc::clone(image)),
        },
        region: part.crop,
        weight: part.weight,
    };
    answer.query.parts.iter().map(part).collect()
}

fn ablation(app: &PumaApp) -> Ablation {
    match app.state.lens.choice {
        LensChoice::Off => Ablation::None,
        LensChoice::PromptsOff => Ablation::PromptsOff,
        LensChoice::AdaptersOff => Ablation::AdaptersOff,
        LensChoice::PromptOff(prompt) => Ablation::PromptOff(prompt),
        LensChoice::OnePromptForAll => {
            let overall = app.state.overall.as_ref();
            Ablation::OnePromptForAll(
                overall
                    .map(|profile| profile.mean.clone())
                    .unwrap_or_default(),
            )
        }
    }
}

/// The answer in its new order with its new scores; hits that could not be read come last and keep theirs.
fn reordered(whole: &Answer, lens: &LensAnswer) -> Answer {
    let mut answer = whole.clone();
    let order = || {
        let missing = lens.missing.iter().map(|unread| unread.hit);
        lens.ranked.iter().map(|one| one.hit).chain(missing)
    };
    answer.hits = order().map(|hit| whole.hits[hit].clone()).collect();
    answer.moves = vec![None; answer.hits.len()];
    for (place, one) in lens.ranked.iter().enumerate() {
        let hit: &mut Hit = &mut answer.hits[place];
        hit.score = one.new_score;
        answer.moves[place] = Some(RankMove {
            was: one.old_rank,
            now: one.new_rank,
            old_score: one.old_score,
        });
    }
    let mut new_place = vec![0; whole.hits.len()];
    for (place, hit) in order().enumerate() {
        new_place[hit] = place;
    }
    for group in &mut answer.groups {
        group.iter_mut().for_each(|hit| *hit = new_place[*hit]);
        group.sort_unstable();
    }
    answer.groups.sort_unstable();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_are_signed_and_said() {
        let rank_move = |was, now| RankMove {
            was,
            now,
            old_score: 0.5,
        };
        assert_eq!(rank_move(7, 3).sign(), "▲4");
        assert_eq!(rank_move(3, 15).sign(), "▼12");
        assert_eq!(rank_move(2, 2).sign(), "=");
        assert_eq!(rank_move(7, 3).words(), "was 7, now 3");
    }
}
