use super::eyes::{Eyes, Seen};
use super::{Answer, DomainSource, Event, Events, Listing, Setup, Wanted};
use crate::app::errand;
use crate::app::query::{Query, Source};
use crate::app::thumbnails::color_image;
use crate::library::{Library, PhotoId};
use crate::model::Puma;
use crate::photo::{Reader, reduced};
use crate::search::{self, Filter, Hit, Request, SearchError, Searcher};
use image::RgbImage;
use std::sync::Arc;
use std::time::Instant;

/// Neighbours shown for a query.
pub(in crate::app) const HITS: usize = 200;
/// Neighbours that vote on the domain of a query from outside the library.
const VOTERS: usize = 10;
/// Longest side of the query's picture beside its reasons.
pub(super) const PREVIEW_PX: u32 = 640;

/// Answers questions from the library, and says what it holds.
pub(super) struct Answering {
    searcher: Searcher,
    eyes: Eyes,
    reader: Reader,
}

impl Answering {
    pub(super) fn new(setup: &Setup, puma: Arc<Puma>) -> anyhow::Result<Answering> {
        // A library that is not there yet begins empty.
        drop(Library::open(&setup.library)?);
        let searcher = Searcher::open(&setup.library, puma, setup.index_kind)?;
        Ok(Answering::with(searcher, setup.reader.clone()))
    }

    /// Answers by what `searcher` finds, with pictures from `reader`.
    pub(super) fn with(searcher: Searcher, reader: Reader) -> Answering {
        Answering {
            searcher,
            eyes: Eyes::new(reader.clone()),
            reader,
        }
    }

    /// The neighbours of a picture; its larger copy follows as news of its own.
    pub(super) fn ask(&mut self, generation: u64, query: Query, filter: Filter, events: &Events) {
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
                    similar_from: self.searcher.similar_from(),
                    took: start.elapsed(),
                };
                events.send(Event::Answer(Arc::new(answer)));
                previews(&query, found.images, &self.reader, events);
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

    fn found(&mut self, query: &Query, filter: &Filter) -> Result<Found, SearchError> {
        let request = Request {
            filter: filter.clone(),
            ..Request::top(HITS)
        };
        let seen: Vec<Seen> = query
            .parts
            .iter()
            .map(|part| self.eyes.see(&self.searcher, part))
            .collect::<Result<_, _>>()?;
        let weighted: Vec<_> = seen
            .iter()
            .zip(&query.parts)
            .map(|(seen, part)| (&seen.embedded, part.weight))
            .collect();
        let combined = search::combine(&weighted).ok_or(SearchError::NothingLeft)?;
        let answer = self.searcher.query_embedded(combined, &request)?;
        let photo = match seen.as_slice() {
            [only] => only.photo,
            _ => None,
        };
        let images = seen.into_iter().map(|seen| seen.image).collect();
        Ok(Found {
            photo,
            answer,
            images,
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
}

struct Found {
    /// The query's own number in the library.
    photo: Option<PhotoId>,
    answer: search::Answer,
    /// The query's pictures, where they had to be decoded.
    images: Vec<Option<Arc<RgbImage>>>,
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

/// Sends the pictures of a question one by one, once the answer is on its way: nobody should wait for them.
fn previews(query: &Query, images: Vec<Option<Arc<RgbImage>>>, reader: &Reader, events: &Events) {
    let parts = query.parts.iter().map(|part| part.source.clone());
    let parts: Vec<_> = parts.zip(images).collect();
    let (reader, out) = (reader.clone(), events.clone());
    errand::run("preview", events, move || {
        for (source, image) in parts {
            let image = match (image, &source) {
                (Some(image), _) => image,
                (None, Source::Pasted { image, .. }) => Arc::clone(image),
                (None, Source::File(path)) => match reader.reduced(path, PREVIEW_PX) {
                    Ok(image) => Arc::new(image),
                    // The answer did without it; the panel shows the small copy.
                    Err(_) => continue,
                },
            };
            let image = Arc::new(color_image(&reduced(&image, PREVIEW_PX)));
            if !out.send(Event::Preview { source, image }) {
                break;
            }
        }
        None
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
    use std::path::{Path, PathBuf};

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
