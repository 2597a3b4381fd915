use crate::library::FailedFile;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Over how long a time the speed is measured.
const WINDOW: Duration = Duration::from_secs(30);

/// What an indexing run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Folders are still being read; `found` grows, and the time left is not known yet.
    Scanning,
    /// All photos are found, the rest are being embedded.
    Embedding,
    /// Asked to rest.
    Paused,
    /// Everything is stored.
    Done,
}

/// How far an indexing run has got.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Photos found so far.
    pub found: usize,
    /// Photos dealt with: `embedded + failed + skipped`.
    pub done: usize,
    /// Photos embedded and stored by this run.
    pub embedded: usize,
    /// Photos that turned out unreadable in this run.
    pub failed: usize,
    /// Photos that needed nothing: embedded already, known by their content, known to be unreadable and unchanged since,
    /// or left for the next run because they changed while they were read.
    pub skipped: usize,
    /// Photos embedded or failed a second, over the last half minute.
    pub pictures_per_s: f32,
    /// Time left at this speed, once all photos are found.
    pub eta: Option<Duration>,
    /// The photo that was decoded last.
    pub current: Option<PathBuf>,
}

/// The counters that scanner, decoders and embedder share.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub found: AtomicUsize,
    pub embedded: AtomicUsize,
    pub failed: AtomicUsize,
    pub unchanged: AtomicUsize,
    pub recognised: AtomicUsize,
    pub changing: AtomicUsize,
    pub failed_before: AtomicUsize,
    pub scanned: AtomicBool,
    /// Whether nothing is embedded any more, for whatever reason.
    pub ended: AtomicBool,
    pub current: Mutex<Option<PathBuf>>,
    pub failures: Mutex<Vec<FailedFile>>,
}

impl Tally {
    pub fn count(counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn get(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::Relaxed)
    }

    pub fn set_current(&self, path: PathBuf) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
    }

    pub fn fail(&self, file: FailedFile) {
        Tally::count(&self.failed);
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(file);
    }

    /// The counters as one consistent report.
    pub fn progress(&self, phase: Option<Phase>, speed: &mut Speed) -> Progress {
        let scanned = self.scanned.load(Ordering::Acquire);
        let embedded = Tally::get(&self.embedded);
        let failed = Tally::get(&self.failed);
        let skipped = [
            &self.unchanged,
            &self.recognised,
            &self.changing,
            &self.failed_before,
        ]
        .into_iter()
        .map(Tally::get)
        .sum::<usize>();
        let done = embedded + failed + skipped;
        // Read last: a photo is counted as found before it is done.
        let found = Tally::get(&self.found).max(done);
        let pictures_per_s = speed.measure(embedded + failed);
        let eta = (scanned && pictures_per_s > 0.0)
            .then(|| Duration::from_secs_f32((found - done) as f32 / pictures_per_s));
        let running = if scanned {
            Phase::Embedding
        } else {
            Phase::Scanning
        };
        Progress {
            phase: phase.unwrap_or(running),
            found,
            done,
            embedded,
            failed,
            skipped,
            pictures_per_s,
            eta,
            current: self
                .current
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// Photos a second over a sliding window of time.
#[derive(Debug)]
pub(super) struct Speed {
    marks: VecDeque<(Instant, usize)>,
}

impl Speed {
    pub fn new() -> Speed {
        Speed {
            marks: VecDeque::from([(Instant::now(), 0)]),
        }
    }

    fn measure(&mut self, count: usize) -> f32 {
        let now = Instant::now();
        while self.marks.len() > 1
            && self
                .marks
                .front()
                .is_some_and(|(time, _)| now - *time > WINDOW)
        {
            self.marks.pop_front();
        }
        if self.marks.back().is_none_or(|(_, last)| *last != count) {
            self.marks.push_back((now, count));
        }
        let Some(&(start, before)) = self.marks.front() else {
            return 0.0;
        };
        let seconds = (now - start).as_secs_f32();
        if seconds > 0.0 {
            (count.saturating_sub(before)) as f32 / seconds
        } else {
            0.0
        }
    }
}
