//! Searches from eight threads, indexing of new photos and re-scans at once, over a library of many rows.
//!
//! `PUMA_STRESS_S` and `PUMA_STRESS_ROWS` make it longer and larger; the figures are printed.
mod rows;
mod searching;

use super::{draw, place, tiny};
use crate::cli::Place;
use puma::index::Kind;
use puma::library::{Library, LibraryError, PhotoId};
use puma::model::Puma;
use puma::pipeline::{Control, Options, PipelineError, index};
use puma::search::Searcher;
use searching::{Answers, ask_on};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ASKERS: usize = 8;
/// Real photos that are drawn for one run of indexing, and taken away some runs later.
const DRAWN: u32 = 12;
/// How often the searcher takes in what is new, as in the window.
const REFRESH_EVERY: Duration = Duration::from_secs(3);

/// What all threads share.
struct Stress {
    place: Place,
    puma: Arc<Puma>,
    searcher: Searcher,
    /// Rows whose photos are not on this disk and never leave the library.
    rows: Vec<PhotoId>,
    /// Files that were taken away.
    removed: Mutex<HashSet<PathBuf>>,
    over: AtomicBool,
    indexed: AtomicUsize,
    violations: Mutex<Vec<String>>,
}

impl Stress {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// Notes what must not be; the run goes on.
    fn violated(&self, what: String) {
        let mut violations = self.violations.lock().unwrap();
        if violations.len() < 20 {
            println!("violation: {what}");
        }
        violations.push(what);
    }

    fn library(&self) -> Library {
        Library::open(self.searcher.library().path()).unwrap()
    }

    /// Draws new photos, takes old ones away, and indexes all folders; the counts may only grow on the way.
    fn change(&self) -> Counted {
        let mut counted = Counted::default();
        let library = self.library();
        let mut drawn = 0;
        while self.goes_on() {
            draw(&self.place, drawn..drawn + DRAWN);
            if drawn >= 4 * DRAWN {
                self.take_away(drawn - 4 * DRAWN);
            }
            drawn += DRAWN;
            let last = std::cell::Cell::new((0, 0));
            let control = Control::new();
            let run = index(
                &library,
                &self.puma,
                &[],
                &Options::default(),
                &control,
                |progress| {
                    let (found, done) = last.replace((progress.found, progress.done));
                    if progress.found < found || progress.done < done {
                        self.violated(format!("counts go back: {found} {done} to {progress:?}"));
                    }
                    if !self.goes_on() {
                        control.stop();
                    }
                },
            );
            match run {
                Ok(summary) => {
                    counted.runs += 1;
                    counted.removed += summary.removed;
                    self.indexed.fetch_add(summary.embedded, Ordering::Relaxed);
                    for failure in summary.failed {
                        self.violated(format!("{}: {}", failure.path.display(), failure.reason));
                    }
                }
                Err(PipelineError::Library(LibraryError::Locked { .. })) => counted.waited += 1,
                Err(error) => self.violated(format!("indexing: {error:#}")),
            }
        }
        counted
    }

    /// Removes the photos of one draw from the disk; noted before it is done, since a search may hit them until then.
    fn take_away(&self, from: u32) {
        for seed in from..from + DRAWN {
            let folder = ["even", "odd"][seed as usize % 2];
            let path = self.place.photos().join(format!("{folder}/{seed:04}.png"));
            self.removed.lock().unwrap().insert(path.clone());
            std::fs::remove_file(path).unwrap();
        }
    }

    /// Tries to index as well: that works, or another is at it.
    fn rescan(&self) -> Counted {
        let mut counted = Counted::default();
        let library = self.library();
        while self.goes_on() {
            std::thread::sleep(Duration::from_millis(50));
            match index(
                &library,
                &self.puma,
                &[],
                &Options::default(),
                &Control::new(),
                |_| {},
            ) {
                Ok(summary) => {
                    counted.runs += 1;
                    counted.removed += summary.removed;
                    self.indexed.fetch_add(summary.embedded, Ordering::Relaxed);
                }
                Err(PipelineError::Library(LibraryError::Locked { .. })) => counted.waited += 1,
                Err(error) => self.violated(format!("re-scan: {error:#}")),
            }
        }
        counted
    }

    /// Takes in what is new; the rows that never leave are always all there.
    fn refresh(&self) -> (usize, Duration) {
        let (mut times, mut longest, mut change) = (0, Duration::ZERO, 0);
        let wait = REFRESH_EVERY.min(Duration::from_millis(self.rows.len() as u64 / 20));
        while self.goes_on() {
            std::thread::sleep(wait);
            let start = Instant::now();
            match self.searcher.refresh() {
                Ok(fresh) => times += usize::from(fresh),
                Err(error) => self.violated(format!("refresh: {error:#}")),
            }
            longest = longest.max(start.elapsed());
            let now = self.searcher.library().change().unwrap();
            if now < change || self.searcher.len() < self.rows.len() {
                self.violated(format!(
                    "change {change} to {now}, {} photos",
                    self.searcher.len()
                ));
            }
            change = now;
        }
        (times, longest)
    }
}

/// What indexing did.
#[derive(Debug, Default)]
struct Counted {
    runs: usize,
    removed: usize,
    /// Runs that found another one at work.
    waited: usize,
}

fn from_environment(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn searches_indexing_and_scans_at_once_never_disturb_each_other() {
    let seconds = from_environment("PUMA_STRESS_S", 5);
    let count = from_environment("PUMA_STRESS_ROWS", 20_000);
    let place = place();
    draw(&place, 5000..5010);
    place.done(&["index", "photos"]);
    let start = Instant::now();
    let rows = rows::fill(&place, count);
    println!(
        "{count} rows made in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let puma = Arc::new(Puma::load(&tiny(&place), &candle_core::Device::Cpu).unwrap());
    let start = Instant::now();
    let searcher =
        Searcher::open(&super::library_file(&place), Arc::clone(&puma), Kind::Auto).unwrap();
    println!("opened in {:.2} s", start.elapsed().as_secs_f64());
    let stress = Stress {
        place,
        puma,
        searcher,
        rows,
        removed: Mutex::default(),
        over: AtomicBool::new(false),
        indexed: AtomicUsize::new(0),
        violations: Mutex::default(),
    };
    let seed = super::seed("stress");
    let (answers, changed, rescanned, refreshed) = std::thread::scope(|scope| {
        let stress = &stress;
        let askers: Vec<_> = (0..ASKERS)
            .map(|asker| scope.spawn(move || ask_on(stress, seed + asker as u64)))
            .collect();
        let changing = scope.spawn(|| stress.change());
        let scanning = scope.spawn(|| stress.rescan());
        let refreshing = scope.spawn(|| stress.refresh());
        std::thread::sleep(Duration::from_secs(seconds as u64));
        stress.over.store(true, Ordering::Relaxed);
        let mut answers = Answers::default();
        for asker in askers {
            answers.add(asker.join().unwrap());
        }
        (
            answers,
            changing.join().unwrap(),
            scanning.join().unwrap(),
            refreshing.join().unwrap(),
        )
    });
    println!("{}", answers.report(seconds));
    println!(
        "indexing {changed:?}, re-scans {rescanned:?}, {} photos indexed",
        stress.indexed.into_inner()
    );
    println!(
        "refreshed {} times, the longest took {:.2} s",
        refreshed.0,
        refreshed.1.as_secs_f64()
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let largest = status.lines().find(|line| line.starts_with("VmHWM"));
        println!(
            "memory of the process that does all this: {}",
            largest.unwrap_or_default()
        );
    }
    super::is_whole(&super::library_file(&stress.place));
    let violations = stress.violations.into_inner().unwrap();
    println!("{} violations", violations.len());
    assert!(
        violations.is_empty(),
        "{:#?}",
        &violations[..violations.len().min(20)]
    );
    assert!(answers.len() > 0 && changed.runs + rescanned.runs > 0);
}
