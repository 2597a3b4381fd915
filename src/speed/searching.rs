use super::{Taken, made, timed};
use crate::index::{Index, Vectors};
use serde::Serialize;
use std::sync::Arc;

/// Neighbours of a short question.
const FEW: usize = 10;
/// Neighbours of a question in the window.
const MANY: usize = 200;
/// Questions in a round.
const QUESTIONS: usize = 20;
/// Embeddings of one class.
const OF_A_CLASS: usize = 20;
/// How far they lie about their centre: neighbours have scores of about 0.76, as those of real photos.
const SPREAD: f32 = 0.56;

/// Questions to so many embeddings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Search {
    /// Embeddings that are searched.
    pub embeddings: usize,
    /// Length of each.
    pub width: usize,
    /// The 10 nearest of one.
    pub nearest_10: Taken,
    /// The 200 nearest and the scores of all, of which an answer in the window is made.
    pub nearest_200_and_scores: Taken,
}

/// Asks the same questions again and again.
pub(super) struct Asker {
    index: Index,
    questions: Vec<Vec<f32>>,
    taken: [Vec<Taken>; 2],
}

impl Asker {
    pub(super) fn new(rows: usize, width: usize) -> Asker {
        let classes = rows.div_ceil(OF_A_CLASS);
        let mut values = made::embeddings(rows + QUESTIONS, width, classes, SPREAD, 0);
        // Of the same classes, but none of the embeddings.
        let questions = values.split_off(rows * width);
        let asker = Asker {
            questions: questions
                .chunks_exact(width.max(1))
                .map(<[f32]>::to_vec)
                .collect(),
            index: Index::exact(Arc::new(Vectors::new(width, values))),
            taken: Default::default(),
        };
        asker.nearest();
        asker
    }

    pub(super) fn round(&mut self) {
        let round = [
            timed(|| self.nearest()).1,
            timed(|| self.nearest_and_scores()).1,
        ];
        for (taken, round) in self.taken.iter_mut().zip(round) {
            taken.push(round.of_one(self.questions.len()));
        }
    }

    fn nearest(&self) {
        for question in &self.questions {
            std::hint::black_box(self.index.nearest(question, FEW, None));
        }
    }

    fn nearest_and_scores(&self) {
        for question in &self.questions {
            std::hint::black_box(self.index.nearest_and_scores(question, MANY, None));
        }
    }

    pub(super) fn medians(&self) -> Search {
        let [nearest_10, nearest_200_and_scores] =
            self.taken.each_ref().map(|taken| Taken::median(taken));
        Search {
            embeddings: self.index.vectors().len(),
            width: self.index.vectors().width(),
            nearest_10,
            nearest_200_and_scores,
        }
    }
}
