use super::facts::is_denied;
use super::{Event, Events, Failure, LibraryFacts, RootFacts, Sample, Setup};
use crate::app::pool::PoolEvent;
use crate::figures::Profile;
use crate::library::{Library, PhotoId};
use crate::search::{KEPT_FROM, Searcher};
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the library is looked at for changes, whoever makes them.
const EVERY: Duration = Duration::from_secs(3);
/// Photos offered to start from.
const SAMPLES: usize = 60;

/// Takes in what changes in the library and tells the window, away from the thread that answers questions.
pub(super) struct Refreshing {
    events: Events,
    reading: Mutex<Reading>,
}

/// The searcher that takes the changes in, a connection of its own, and the samples drawn with both.
struct Reading {
    searcher: Searcher,
    library: Library,
    samples: Vec<(PhotoId, Sample)>,
    /// Folders and photos when the samples were drawn.
    sampled_from: (usize, usize),
}

/// The thread that looks for changes; ends when it is dropped.
pub(super) struct RefreshThread {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Refreshing {
    pub(super) fn new(
        setup: &Setup,
        searcher: Searcher,
        events: &Events,
    ) -> anyhow::Result<Refreshing> {
        Ok(Refreshing {
            events: events.clone(),
            reading: Mutex::new(Reading {
                searcher,
                library: Library::open(&setup.library)?,
                samples: Vec::new(),
                sampled_from: (0, 0),
            }),
        })
    }

    /// Goes on with another searcher over the same library, also for those who hold this already.
    pub(super) fn switch_to(&self, searcher: Searcher) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.searcher = searcher;
        reading.samples.clear();
        reading.sampled_from = (0, 0);
    }

    /// Looks for changes on a thread of its own, at once and every few seconds.
    pub(super) fn start(self: &Arc<Self>) -> std::io::Result<RefreshThread> {
        let (wake, woken) = bounded(1);
        let refreshing = Arc::clone(self);
        let thread = std::thread::Builder::new()
            .name("puma-refresh".to_owned())
            .spawn(move || {
                refreshing.refresh(true);
                while woken.recv_timeout(EVERY) != Err(RecvTimeoutError::Disconnected) {
                    refreshing.refresh(false);
                }
            })?;
        Ok(RefreshThread {
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Takes in what has changed and says what the library holds now, if anything had or `even_if_unchanged`.
    ///
    /// When it returns, questions are answered with all that was stored before.
    pub(super) fn refresh(&self, even_if_unchanged: bool) {
        // Held to the end, so that news of two threads arrive in order.
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        match reading.news(even_if_unchanged) {
            Ok(Some((library, profiles))) => {
                let searcher = &reading.searcher;
                self.events.send(Event::Profiles(profiles));
                let health = PoolEvent::Health(searcher.health());
                self.events.send(Event::Pool(health));
                self.events.send(Event::Library(library));
                searcher.calibrate();
                searcher.keep(KEPT_FROM);
            }
            Ok(None) => {}
            Err(error) => {
                let text = format!("The library could not be read: {error:#}.");
                self.events.send(Event::Error(text));
            }
        }
    }
}

impl Drop for RefreshThread {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the refreshing thread failed");
        }
    }
}

impl Reading {
    fn news(
        &mut self,
        even_if_unchanged: bool,
    ) -> anyhow::Result<Option<(LibraryFacts, Vec<Profile>)>> {
        if !self.searcher.refresh()? && !even_if_unchanged {
            return Ok(None);
        }
        let facts = self.facts()?;
        Ok(Some((facts, self.searcher.profiles())))
    }

    fn facts(&mut self) -> anyhow::Result<LibraryFacts> {
        let (library, searcher) = (&self.library, &self.searcher);
        let counts = library.counts(searcher.model_key())?;
        let roots = library.roots()?;
        let from = (roots.len(), counts.photos);
        let grown = counts.photos > self.sampled_from.1 + self.sampled_from.1 / 4;
        if roots.len() != self.sampled_from.0 || grown || self.samples.len() > counts.photos {
            self.samples = draw_samples(library, searcher)?;
            self.sampled_from = from;
        }
        // Some were drawn before the model had seen them.
        for (photo, sample) in &mut self.samples {
            if sample.similarity.is_empty()
                && let Some(embedded) = searcher.embedded(*photo)
            {
                sample.similarity = embedded.similarity;
            }
        }
        Ok(LibraryFacts {
            only_read_because: library.only_read_because(),
            roots: roots
                .into_iter()
                .map(|root| {
                    let denied = is_denied(&root.path);
                    RootFacts {
                        offline: !denied && root.is_offline(),
                        denied,
                        path: root.path,
                        photos: root.photos,
                        failed: root.failed,
                    }
                })
                .collect(),
            photos: counts.photos,
            embedded: counts.embedded,
            failures: library
                .failed()?
                .into_iter()
                .map(|file| Failure {
                    path: file.path,
                    reason: file.reason,
                })
                .collect(),
            samples: self
                .samples
                .iter()
                .map(|(_, sample)| sample.clone())
                .collect(),
        })
    }
}

/// Readable photos from all over the library, evenly by their numbers.
fn draw_samples(library: &Library, searcher: &Searcher) -> anyhow::Result<Vec<(PhotoId, Sample)>> {
    let after = |number: i64| library.photos(Some(PhotoId(number)), 1, searcher.model_key());
    // The catalogue does not tell its highest number, but whether there is one above another.
    let (mut low, mut high) = (0_i64, 1 << 40);
    while low < high {
        let middle = low + (high - low) / 2;
        if after(middle)?.is_empty() {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let mut samples: Vec<(PhotoId, Sample)> = Vec::with_capacity(SAMPLES);
    for step in scattered(SAMPLES) {
        let Some(row) = after(low * step / SAMPLES as i64)?.pop() else {
            continue;
        };
        if row.failure.is_none() && samples.iter().all(|(photo, _)| *photo != row.id) {
            let sample = Sample {
                path: row.path,
                similarity: Vec::new(),
            };
            samples.push((row.id, sample));
        }
    }
    Ok(samples)
}

/// The numbers below `count` in an order that jumps about, so that what lies side by side in a library does not here.
fn scattered(count: usize) -> impl Iterator<Item = i64> {
    let mut numbers: Vec<i64> = (0..count as i64).collect();
    let golden = |number: &i64| (*number as f64 * 0.618_034).fract();
    numbers.sort_by(|a, b| golden(a).total_cmp(&golden(b)));
    numbers.into_iter()
}
