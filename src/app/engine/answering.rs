use super::{
    Answer, DomainSource, Event, Events, Failure, LibraryFacts, Listing, RootFacts, Setup, Wanted,
};
use crate::app::errand;
use crate::app::query::{Part, Query, Source};
use crate::app::thumbnails::color_image;
use crate::figures::{Health, Profile};
use crate::library::{Library, PhotoId};
use crate::model::{Embedded, Puma};
use crate::photo::{self, Limits};
use crate::search::{self, Filter, Hit, Request, SearchError, Searcher};
use image::RgbImage;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Neighbours shown for a query.
pub(in crate::app) const HITS: usize = 200;
/// Neighbours that vote on the domain of a query from outside the library.
const VOTERS: usize = 10;
/// Photos offered to start from.
const SAMPLES: usize = 60;
/// Longest side of the query's picture beside its reasons.
const PREVIEW_PX: u32 = 640;

/// Answers questions from the library, and says what it holds.
pub(super) struct Answering {
    searcher: Searcher,
    samples: Vec<PathBuf>,
    /// Folders and photos when the samples were drawn.
    sampled_from: (usize, usize),
}

impl Answering {
    pub(super) fn new(setup: &Setup, puma: Arc<Puma>) -> anyhow::Result<Answering> {
        // A library that is not there yet begins empty.
        drop(Library::open(&setup.library)?);
        Ok(Answering {
            searcher: Searcher::open(&setup.library, puma, setup.index_kind)?,
            samples: Vec::new(),
            sampled_from: (0, 0),
        })
    }

    /// The neighbours of a picture; its larger copy follows as news of its own.
    pub(super) fn ask(&self, generation: u64, query: Query, filter: Filter, events: &Events) {
        let start = Instant::now();
        match self.found(&query, &filter) {
            Ok(found) => {
                let (domain, domain_source) = self.domain(&found);
                let answer = Answer {
                    generation,
                    query: query.clone(),
                    similarity: found.answer.query.similarity,
                    embedding: found.answer.query.embedding,
                    filter,
                    domain,
                    domain_source,
                    hits: found.answer.hits,
                    moves: Vec::new(),
                    groups: found.answer.groups,
                    searched: found.answer.searched,
                    passed: found.answer.passed,
                    histogram: found.answer.histogram,
                    took: start.elapsed(),
                };
                events.send(Event::Answer(Arc::new(answer)));
                preview(query, found.image, events);
            }
            Err(error) => {
                let reason = words(&query, &error);
                events.send(Event::Refused { generation, reason });
            }
        }
    }

    /// The searcher; a clone is the same one.
    pub(super) fn searcher(&self) -> Searcher {
        self.searcher.clone()
    }

    /// Lists photos.
    pub(super) fn list(&self, generation: u64, wanted: Wanted, events: &Events) {
        let listing = Listing::of(&self.searcher, generation, wanted);
        events.send(Event::Listed(Arc::new(listing)));
    }

    fn found(&self, query: &Query, filter: &Filter) -> Result<Found, SearchError> {
        let request = Request {
            filter: filter.clone(),
            ..Request::top(HITS)
        };
        let seen: Vec<Seen> = query
            .parts
            .iter()
            .map(|part| self.see(part))
            .collect::<Result<_, _>>()?;
        let weighted: Vec<_> = seen
            .iter()
            .zip(&query.parts)
            .map(|(seen, part)| (&seen.embedded, part.weight))
            .collect();
        let combined = search::combine(&weighted).ok_or(SearchError::NothingLeft)?;
        let answer = self.searcher.query_embedded(combined, &request)?;
        let only = seen.len() == 1;
        let first = seen.into_iter().next();
        Ok(Found {
            photo: first.as_ref().and_then(|seen| seen.photo).filter(|_| only),
            answer,
            image: first.and_then(|seen| seen.image),
        })
    }

    /// What the model says of one picture of a question; the library's word where it has one.
    fn see(&self, part: &Part) -> Result<Seen, SearchError> {
        if let (Source::File(path), None) = (&part.source, part.crop)
            && let Some(photo) = self.searcher.library().photo_at(path)?
            && let Some(embedded) = self.searcher.embedded(photo)
        {
            return Ok(Seen {
                photo: Some(photo),
                embedded,
                image: None,
            });
        }
        let image = match &part.source {
            Source::Pasted { image, .. } => Arc::clone(image),
            Source::File(path) => {
                Arc::new(photo::read(path, &Limits::default()).map_err(SearchError::Photo)?)
            }
        };
        let embedded = match part.crop {
            Some(region) => self.searcher.embed(&region.cut(&image))?,
            None => self.searcher.embed(&image)?,
        };
        Ok(Seen {
            photo: None,
            embedded,
            image: Some(image),
        })
    }

    fn domain(&self, found: &Found) -> (Option<String>, DomainSource) {
        let own = found.photo.and_then(|photo| {
            let model = self.searcher.model_key();
            self.searcher.library().photo(photo, model).ok()
        });
        match own {
            Some(row) => (Some(row.domain), DomainSource::Own),
            None => elected(&found.answer.hits),
        }
    }

    /// How the library's photos use the prompt pool.
    pub(super) fn health(&self) -> Option<Health> {
        self.searcher.health()
    }

    /// Takes a folder out and says how many photos went with it.
    pub(super) fn forget(&self, root: &Path) -> anyhow::Result<usize> {
        Ok(self.searcher.library().writer()?.forget_root(root)?)
    }

    /// Takes in what has changed; what the library holds now, if anything had or `even_if_unchanged`.
    pub(super) fn refresh(
        &mut self,
        even_if_unchanged: bool,
    ) -> anyhow::Result<Option<(LibraryFacts, Vec<Profile>)>> {
        if !self.searcher.refresh()? && !even_if_unchanged {
            return Ok(None);
        }
        let library = self.searcher.library();
        let counts = library.counts(self.searcher.model_key())?;
        let roots = library.roots()?;
        let from = (roots.len(), counts.photos);
        let grown = counts.photos > self.sampled_from.1 + self.sampled_from.1 / 4;
        if roots.len() != self.sampled_from.0 || grown || self.samples.len() > counts.photos {
            self.samples = self.draw_samples()?;
            self.sampled_from = from;
        }
        let library = self.searcher.library();
        let facts = LibraryFacts {
            roots: roots
                .into_iter()
                .map(|root| RootFacts {
                    offline: root.is_offline(),
                    path: root.path,
                    photos: root.photos,
                    failed: root.failed,
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
            samples: self.samples.clone(),
        };
        Ok(Some((facts, self.searcher.profiles())))
    }

    /// Readable photos from all over the library, evenly by their numbers.
    fn draw_samples(&self) -> anyhow::Result<Vec<PathBuf>> {
        let (library, model) = (self.searcher.library(), self.searcher.model_key());
        let after = |number: i64| library.photos(Some(PhotoId(number)), 1, model);
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
        let mut samples: Vec<PathBuf> = Vec::with_capacity(SAMPLES);
        for step in scattered(SAMPLES) {
            let Some(row) = after(low * step / SAMPLES as i64)?.pop() else {
                continue;
            };
            if row.failure.is_none() && !samples.contains(&row.path) {
                samples.push(row.path);
            }
        }
        Ok(samples)
    }
}

/// The numbers below `count` in an order that jumps about, so that what lies side by side in a library does not here.
fn scattered(count: usize) -> impl Iterator<Item = i64> {
    let mut numbers: Vec<i64> = (0..count as i64).collect();
    let golden = |number: &i64| (*number as f64 * 0.618_034).fract();
    numbers.sort_by(|a, b| golden(a).total_cmp(&golden(b)));
    numbers.into_iter()
}

/// One picture of a question.
struct Seen {
    /// Its number in the library, if it is a whole photo of it.
    photo: Option<PhotoId>,
    embedded: Embedded,
    /// Its pixels, where they had to be decoded.
    image: Option<Arc<RgbImage>>,
}

struct Found {
    /// The query's own number in the library.
    photo: Option<PhotoId>,
    answer: search::Answer,
    /// The query's picture, where it had to be decoded.
    image: Option<Arc<RgbImage>>,
}

/// The domain that most of the first neighbours belong to, the nearer one of two that tie.
fn elected(hits: &[Hit]) -> (Option<String>, DomainSource) {
    let voters = &hits[..hits.len().min(VOTERS)];
    let votes_for = |domain: &str| voters.iter().filter(|hit| hit.domain == domain).count();
    let mut best: Option<(&str, usize)> = None;
    for hit in voters {
        let votes = votes_for(&hit.domain);
        if best.is_none_or(|(_, most)| votes > most) {
            best = Some((&hit.domain, votes));
        }
    }
    let source = DomainSource::Neighbours {
        votes: best.map_or(0, |(_, votes)| votes),
        of: voters.len(),
    };
    (best.map(|(domain, _)| domain.to_owned()), source)
}

/// Sends the query's picture once the answer is on its way: nobody should wait for it.
fn preview(query: Query, image: Option<Arc<RgbImage>>, events: &Events) {
    errand::run("preview", events, move || {
        let image = match (image, &query.parts.first()?.source) {
            (Some(image), _) => image,
            (None, Source::Pasted { image, .. }) => Arc::clone(image),
            (None, Source::File(path)) => Arc::new(photo::read(path, &Limits::default()).ok()?),
        };
        let longest = image.width().max(image.height());
        let small = if longest > PREVIEW_PX {
            let scaled = |side: u32| {
                (u64::from(side) * u64::from(PREVIEW_PX) / u64::from(longest)).max(1) as u32
            };
            image::imageops::thumbnail(&*image, scaled(image.width()), scaled(image.height()))
        } else {
            image.as_ref().clone()
        };
        let image = Arc::new(color_image(&small));
        Some(Event::Preview { query, image })
    });
}

fn words(query: &Query, error: &SearchError) -> String {
    match error {
        SearchError::Photo(error) => format!("{} cannot be searched with: {error}.", query.name()),
        other => format!("{} has no answer: {other}.", query.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::PhotoFacts;

    #[test]
    fn the_first_neighbours_elect_a_domain() {
        let hit = |domain: &str| Hit {
            facts: PhotoFacts {
                id: PhotoId(1),
                path: PathBuf::new(),
                root: Arc::from(Path::new("")),
                domain: domain.to_owned(),
                modified: jiff::Timestamp::UNIX_EPOCH,
                taken: jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0),
                taken_by_camera: false,
                bytes: 0,
                format: None,
                size_px: None,
            },
            score: 0.5,
            similarity: Vec::new(),
        };
        let hits: Vec<Hit> = ["cats", "dogs", "dogs", "cats", "birds"].map(hit).into();
        let source = DomainSource::Neighbours { votes: 2, of: 5 };
        assert_eq!(elected(&hits), (Some("cats".to_owned()), source));
        assert_eq!(elected(&[]).0, None);
    }
}
