use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long after a question batches stay short: the next one is likely to come soon.
const EXPECTANT: Duration = Duration::from_secs(8);
/// Longest wait for a question, whatever became of it.
const MOST_WAY: Duration = Duration::from_secs(5);
/// Waits are cut into pieces of this length, since a stop may come between the look at the flag and the wait.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How an indexing run is stopped, paused and resumed from another thread, made to give way to questions, and told of
/// folders that change meanwhile; share it in an `Arc`.
#[derive(Debug, Default)]
pub struct Control {
    stop: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    paused: bool,
    /// Questions that are being answered now.
    questions: usize,
    last_question: Option<Instant>,
    /// Folders to look through again.
    changed: Vec<PathBuf>,
}

/// While this lives, the run starts no new work, so that a question has all cores; see [`Control::question`].
#[derive(Debug)]
pub struct Question<'a>(&'a Control);

impl Control {
    /// A run that goes on until it is told otherwise.
    pub fn new() -> Control {
        Control::default()
    }

    /// Asks the run to end after the batch under way; everything stored is kept.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Whether the run was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Asks the run to rest after the batch under way.
    pub fn pause(&self) {
        self.set_paused(true);
    }

    /// Lets a resting run go on.
    pub fn resume(&self) {
        self.set_paused(false);
    }

    /// Whether the run was asked to rest.
    pub fn is_paused(&self) -> bool {
        self.state().paused
    }

    /// Asks the run to look through folders again, below the roots it knows, as soon as it has looked through all.
    ///
    /// It may end before it comes to them: [`Control::take_changed`] tells what is left then.
    pub fn look_again(&self, folders: impl IntoIterator<Item = PathBuf>) {
        let mut state = self.state();
        for folder in folders {
            if !state.changed.contains(&folder) {
                state.changed.push(folder);
            }
        }
    }

    /// Takes the folders that were not looked through again yet.
    pub fn take_changed(&self) -> Vec<PathBuf> {
        std::mem::take(&mut self.state().changed)
    }

    /// Lets a question go before the batches, until what is given back is dropped.
    ///
    /// Decoders finish the photo in hand and the model the few it has, and for some seconds after it the batches
    /// stay short, so that the next question waits even less.
    pub fn question(&self) -> Question<'_> {
        let mut state = self.state();
        state.questions += 1;
        state.last_question = Some(Instant::now());
        Question(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_paused(&self, paused: bool) {
        self.state().paused = paused;
        self.changed.notify_all();
    }

    /// Waits while the run is paused; returns at once when it is to stop.
    pub(super) fn rest(&self) {
        self.wait_while(|state| state.paused);
    }

    /// Waits while a question is being answered; returns at once when the run is to stop.
    pub(super) fn give_way(&self) {
        let start = Instant::now();
        self.wait_while(|state| state.questions > 0 && start.elapsed() < MOST_WAY);
    }

    /// Whether a question came a moment ago.
    pub(super) fn expects_questions(&self) -> bool {
        let last = self.state().last_question;
        last.is_some_and(|last| last.elapsed() < EXPECTANT)
    }

    fn wait_while(&self, holds: impl Fn(&State) -> bool) {
        let mut state = self.state();
        while holds(&state) && !self.is_stopped() {
            state = self
                .changed
                .wait_timeout(state, LOOK_EVERY)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.questions = state.questions.saturating_sub(1);
        state.last_question = Some(Instant::now());
        drop(state);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_waits_for_questions_and_goes_on_after_them() {
        let control = Control::new();
        assert!(!control.expects_questions());
        control.give_way();
        let question = control.question();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| control.give_way());
            std::thread::sleep(Duration::from_millis(30));
            assert!(!waiting.is_finished());
            drop(question);
            waiting.join().unwrap();
        });
        assert!(control.expects_questions());
        let _question = control.question();
        control.stop();
        control.give_way();
    }
}
