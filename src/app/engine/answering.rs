use super::eyes::{Eyes, Seen};
use super::previewing::Previewing;
use super::{Answer, DomainSource, Event, Events, Listing, Setup, Wanted};
use crate::app::query::{Part, Query, Source};
use crate::library::{Library, PhotoId};
use crate::model::{Embedded, Puma};
use crate::photo::{PhotoError, Reader, Region};
use crate::search::{self, Filter, Hit, Request, SearchError, Searcher};
use image::RgbImage;
use std::io::ErrorKind;
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
    /// Started with the first question.
    previewing: Option<Previewing>,
    /// The pictures of the last question that was answered.
    asked: Vec<Asked>,
}

/// A picture that was asked with, and what was found out about it.
struct Asked {
    source: Source,
    crop: Option<Region>,
    photo: Option<PhotoId>,
    embedded: Embedded,
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
            previewing: None,
            asked: Vec::new(),
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
                self.show_pictures(&query, found.images, events);
            }
            Err(error) => {
                let reason = words(&query, &error);
                events.send(Event::Refused { generation, reason });
            }
        }
    }

    /// Has the pictures of a question sent one by one, once the answer is on its way.
    fn show_pictures(
        &mut self,
        query: &Query,
        images: Vec<Option<Arc<RgbImage>>>,
        events: &Events,
    ) {
        if self.previewing.is_none() {
            match Previewing::start(self.reader.clone(), events.clone()) {
                Ok(previewing) => self.previewing = Some(previewing),
                Err(error) => tracing::error!("no thread for the asked pictures: {error}"),
            }
        }
        if let Some(previewing) = &self.previewing {
            previewing.show(query, images);
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
            .map(|part| self.see(part))
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
        let mut images = Vec::with_capacity(seen.len());
        self.asked.clear();
        for (seen, part) in seen.into_iter().zip(&query.parts) {
            images.push(seen.image);
            self.asked.push(Asked {
                source: part.source.clone(),
                crop: part.crop,
                photo: seen.photo,
                embedded: seen.embedded,
            });
        }
        Ok(Found {
            photo,
            answer,
            images,
        })
    }

    /// What the model says of one picture of a question.
    ///
    /// The file of the last question may have been renamed, moved or taken away since, when it is asked again for what
    /// is shown of it: then what it held goes on counting.
    fn see(&mut self, part: &Part) -> Result<Seen, SearchError> {
        let seen = self.eyes.see(&self.searcher, part);
        if !seen.as_ref().is_err_and(is_missing) {
            return seen;
        }
        let same = |asked: &&Asked| (&asked.source, asked.crop) == (&part.source, part.crop);
        match self.asked.iter().find(same) {
            Some(asked) => Ok(Seen {
                photo: asked.photo,
                embedded: asked.embedded.clone(),
                image: None,
            }),
            None => seen,
        }
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

/// Whether a question has no answer because a file is not there.
fn is_missing(error: &SearchError) -> bool {
    matches!(
        error,
        SearchError::Photo(PhotoError::Io { source, .. }) if source.kind() == ErrorKind::NotFound
    )
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
