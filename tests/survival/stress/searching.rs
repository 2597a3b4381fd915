//! One thread that asks and looks closely at every answer.
use super::Stress;
use puma::library::PhotoId;
use puma::search::{Answer, Filter, Request};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Rounding tells equal embeddings apart by no more than this.
const ROUNDING: f32 = 1e-4;

/// How long answers took.
#[derive(Default)]
pub struct Answers(Vec<Duration>);

impl Answers {
    pub fn add(&mut self, other: Answers) {
        self.0.extend(other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn report(&self, seconds: usize) -> String {
        let mut times = self.0.clone();
        times.sort();
        let ms = |part: f64| match times.len() {
            0 => 0.0,
            count => times[((count - 1) as f64 * part) as usize].as_secs_f64() * 1e3,
        };
        format!(
            "{} searches, {:.0} a second; p50 {:.1} ms, p99 {:.1} ms, longest {:.0} ms",
            times.len(),
            times.len() as f64 / seconds as f64,
            ms(0.5),
            ms(0.99),
            ms(1.0)
        )
    }
}

/// Asks until the run is over.
pub fn ask_on(stress: &Stress, seed: u64) -> Answers {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let library = stress.library();
    let mut answers = Answers::default();
    while stress.goes_on() {
        let photo = stress.rows[rng.random_range(0..stress.rows.len())];
        let domain = rng
            .random_bool(0.2)
            .then(|| format!("folder {}", rng.random_range(0..40)));
        let request = Request {
            filter: Filter {
                domains: domain.iter().cloned().collect(),
                ..Filter::default()
            },
            ..Request::top([1, 10, 200][rng.random_range(0..3)])
        };
        let start = Instant::now();
        let answer = stress.searcher.query_photo(photo, &request);
        answers.0.push(start.elapsed());
        match answer {
            Ok(answer) => {
                if let Err(what) = look_at(
                    stress,
                    &library,
                    &answer,
                    photo,
                    domain.as_deref(),
                    request.k,
                ) {
                    stress.violated(format!("photo {}, {domain:?}: {what}", photo.0));
                }
            }
            Err(error) => stress.violated(format!("photo {}: {error:#}", photo.0)),
        }
    }
    answers
}

fn look_at(
    stress: &Stress,
    library: &puma::library::Library,
    answer: &Answer,
    photo: PhotoId,
    domain: Option<&str>,
    k: usize,
) -> Result<(), String> {
    let hits = &answer.hits;
    // A photo that left the library since the snapshot is no hit.
    let left = stress.removed.lock().unwrap().len();
    if hits.len() > k || hits.len() + left < k {
        return Err(format!("{} hits instead of {k}", hits.len()));
    }
    if !hits.is_sorted_by(|a, b| a.score >= b.score) {
        return Err("scores are not sorted".to_owned());
    }
    let distinct: HashSet<PhotoId> = hits.iter().map(|hit| hit.id).collect();
    if distinct.len() != hits.len() {
        return Err("a photo is found twice".to_owned());
    }
    match domain {
        Some(domain) if hits.iter().any(|hit| hit.domain != domain) => {
            return Err("a hit of another domain".to_owned());
        }
        None if hits[0].id != photo && hits[0].score < 1.0 - ROUNDING => {
            return Err(format!("its own photo is not first, but {:?}", hits[0].id));
        }
        _ => {}
    }
    let paths = library.paths(&hits.iter().map(|hit| hit.id).collect::<Vec<_>>());
    for (hit, path) in hits.iter().zip(paths.map_err(|error| error.to_string())?) {
        let was_there = path.is_some_and(|path| path == hit.path);
        if !was_there && !stress.removed.lock().unwrap().contains(&hit.path) {
            return Err(format!(
                "{} was never taken away and is not there",
                hit.path.display()
            ));
        }
    }
    Ok(())
}
