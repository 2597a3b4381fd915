use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How an indexing run is stopped, paused and resumed from another thread; share it in an `Arc`.
#[derive(Debug, Default)]
pub struct Control {
    stop: AtomicBool,
    paused: Mutex<bool>,
    changed: Condvar,
}

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
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_paused(&self, paused: bool) {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner) = paused;
        self.changed.notify_all();
    }

    /// Waits while the run is paused; returns at once when it is to stop.
    pub(super) fn rest(&self) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        while *paused && !self.is_stopped() {
            // With a time limit, since a stop may come between the look at the flag and the wait.
            paused = self
                .changed
                .wait_timeout(paused, Duration::from_millis(100))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
