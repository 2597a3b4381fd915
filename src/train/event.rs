use super::step::Losses;
use crate::eval::Report;
use std::path::PathBuf;

/// What happens in a run, as it happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// The photos are listed.
    Data {
        /// Photos to train on.
        samples: usize,
        /// Classes to train on.
        classes: usize,
        /// Classes held out.
        held_out: usize,
        /// Parameters that are trained.
        parameters: usize,
        /// Steps of the whole run.
        steps: usize,
    },
    /// The run goes on after a state.
    Resumed {
        /// Steps done before.
        steps: usize,
    },
    /// A step is done.
    Step {
        /// Steps done, from 1.
        step: usize,
        /// Its losses.
        losses: Losses,
        /// Photos a second over the last steps.
        pictures_per_s: f64,
    },
    /// A photo could not be read and was left out of its batch.
    Failed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Every tensor with a learning rate above 0 has changed and every frozen one is what it was; of fresh runs, since the
    /// steps of one that was taken up may be too small to change all.
    Checked,
    /// The held-out classes were measured.
    Validated {
        /// Steps done.
        step: usize,
        /// What was measured.
        report: Box<Report>,
        /// Whether no validation before was as good.
        best: bool,
    },
    /// The run ends early: too many validations in a row were no better than the best.
    Lost {
        /// How many.
        validations: usize,
    },
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The newest checkpoint.
    pub checkpoint: PathBuf,
    /// Steps done in all.
    pub steps: usize,
    /// Whether it was stopped from outside before its end.
    pub stopped: bool,
}
