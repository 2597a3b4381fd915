use super::duplicates::groups;
use super::graph::GraphWork;
use super::kept::Kept;
use super::snapshot::Snapshot;
use super::{Answer, Filter, Histogram, Hit, Listing, Order, Request, SearchError, refreshing};
use crate::figures::{Health, Profile, health, profiles};
use crate::index::Kind;
use crate::library::{Library, ModelKey, PhotoId};
use crate::model::{Embedded, Puma};
use crate::photo::{Reader, evaluation_crop};
use image::RgbImage;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Answers queries over one library with one model; a clone is the same searcher.
#[derive(Clone)]
pub struct Searcher {
    pub(super) inner: Arc<Inner>,
    /// What reads the files of questions.
    pub(super) reader: Reader,
}

pub(super) struct Inner {
    puma: Arc<Puma>,
    /// A connection of its own, so that queries wait for nobody else's statements.
    library: Library,
    pub(super) model: ModelKey,
    pub(super) kind: Mutex<Kind>,
    pub(super) graph_work: GraphWork,
    /// What the file of the last snapshot holds.
    pub(super) kept: Mutex<Option<Kept>>,
    pub(super) snapshot: RwLock<Arc<Snapshot>>,
    /// The connection that reads what is new.
    pub(super) refreshing: Mutex<Library>,
    /// Photos when it was measured, and the score from which on a photo counts as similar.
    pub(super) line: Mutex<Option<(usize, f32)>>,
}

impl Searcher {
    /// Reads all embeddings of `puma` in the library file, which must be there.
    ///
    /// Takes as long as reading them from disk, or from what [`Searcher::keep`] has kept. A graph, if one is wanted, is
    /// read or built meanwhile on a thread of its own. A library without photos gives a searcher that finds nothing;
    /// [`Searcher::ready`] says why.
    pub fn open(library: &Path, puma: Arc<Puma>, kind: Kind) -> Result<Searcher, SearchError> {
        let refreshing = Library::open_existing(library)?;
        let library = Library::open_existing(library)?;
        let model = ModelKey::new(puma.fingerprint());
        let (snapshot, kept) = refreshing::first(&library, &model)?;
        let inner = Inner {
            puma,
            library,
            model,
            kind: Mutex::new(kind),
            graph_work: GraphWork::default(),
            kept: Mutex::new(kept),
            snapshot: RwLock::new(Arc::new(snapshot)),
            refreshing: Mutex::new(refreshing),
            line: Mutex::new(None),
        };
        let searcher = Searcher {
            inner: Arc::new(inner),
            reader: Reader::default(),
        };
        searcher.tend_graph();
        Ok(searcher)
    }

    /// The same searcher with the files of questions from `reader`; without one they are read on the calling thread.
    #[must_use]
    pub fn with_reader(mut self, reader: Reader) -> Searcher {
        self.reader = reader;
        self
    }

    /// Says why nothing can be found, if nothing is embedded with this model.
    pub fn ready(&self) -> Result<(), SearchError> {
        if !self.is_empty() {
            return Ok(());
        }
        let library = self.inner.library.path().to_owned();
        let models = self.inner.library.models()?;
        if let Some(other) = models.iter().find(|other| other.embedded > 0) {
            return Err(SearchError::OtherModel {
                library,
                model: self.inner.model.to_string(),
                other: other.model.to_string(),
                indexed: other.embedded,
            });
        }
        match self.inner.library.counts(&self.inner.model)?.photos {
            0 => Err(SearchError::Empty { library }),
            photos => Err(SearchError::NotEmbeddedYet { library, photos }),
        }
    }

    /// How many photos can be found.
    pub fn len(&self) -> usize {
        self.snapshot().len()
    }

    /// Whether no photo can be found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of index that answers now.
    pub fn index_kind(&self) -> Kind {
        self.snapshot().index.kind()
    }

    /// The model that embeds queries.
    pub fn puma(&self) -> &Arc<Puma> {
        &self.inner.puma
    }

    /// The key of that model in the catalogue.
    pub fn model_key(&self) -> &ModelKey {
        &self.inner.model
    }

    /// The catalogue that is searched.
    pub fn library(&self) -> &Library {
        &self.inner.library
    }

    /// Searches with a picture.
    pub fn query_image(&self, image: &RgbImage, request: &Request) -> Result<Answer, SearchError> {
        let start = Instant::now();
        let query = self.embed(image)?;
        self.answer(query, start.elapsed(), request)
    }

    /// Searches with a picture file, whether it is in the library or not.
    ///
    /// The model sees exactly what it saw when the file was indexed, so that a photo of the library is its own nearest
    /// neighbour.
    pub fn query_file(&self, path: &Path, request: &Request) -> Result<Answer, SearchError> {
        let start = Instant::now();
        let size_px = self.inner.puma.image_size();
        let crop = self.reader.crop(path, size_px, None);
        let query = self.embed_crop(&crop.map_err(SearchError::Photo)?)?;
        self.answer(query, start.elapsed(), request)
    }

    /// Searches with a photo of the library, which comes out as its own nearest neighbour unless
    /// [`Request::without`] leaves it out.
    pub fn query_photo(&self, id: PhotoId, request: &Request) -> Result<Answer, SearchError> {
        let snapshot = self.snapshot();
        let row = snapshot
            .row_of(id)
            .ok_or_else(|| SearchError::UnknownPhoto {
                library: self.inner.library.path().to_owned(),
                id: id.0,
            })?;
        let query = embedded(&snapshot, row);
        self.rank(&snapshot, query, Duration::ZERO, request)
    }

    /// What the model says of a photo of the library; `None` if it is not embedded.
    pub fn embedded(&self, id: PhotoId) -> Option<Embedded> {
        let snapshot = self.snapshot();
        Some(embedded(&snapshot, snapshot.row_of(id)?))
    }

    /// What is known of a photo of the library; `None` if it is not embedded.
    pub fn facts(&self, id: PhotoId) -> Option<super::PhotoFacts> {
        let snapshot = self.snapshot();
        Some(snapshot.facts(snapshot.row_of(id)?))
    }

    /// The photos that a filter lets pass, in an order.
    pub fn browse(&self, order: Order, filter: &Filter) -> Listing {
        Listing::browse(self.snapshot(), order, filter)
    }

    /// The photos of a domain, or of all, that call prompt number `prompt` (from 0) most, strongest first.
    pub fn strongest(&self, domain: Option<&str>, prompt: usize, filter: &Filter) -> Listing {
        Listing::strongest(self.snapshot(), domain, prompt, filter)
    }

    /// These photos in this order; what is not embedded is left out.
    pub fn listed(&self, photos: &[PhotoId]) -> Listing {
        Listing::of(self.snapshot(), photos)
    }

    /// Searches with an embedding `[e]` that is already known, such as a mean of several.
    pub fn query_embedded(
        &self,
        query: Embedded,
        request: &Request,
    ) -> Result<Answer, SearchError> {
        self.answer(query, Duration::ZERO, request)
    }

    /// Embeds a picture of which all pixels are at hand; of a file [`Reader::crop`] gives what indexing sees.
    pub fn embed(&self, image: &RgbImage) -> Result<Embedded, SearchError> {
        let puma = &self.inner.puma;
        self.embed_crop(&evaluation_crop(image, puma.image_size()))
    }

    /// Embeds what [`evaluation_crop`] cut out of a picture, of the model's [`Puma::image_size`].
    pub fn embed_crop(&self, crop: &RgbImage) -> Result<Embedded, SearchError> {
        let mut embedded = self.inner.puma.embed(std::slice::from_ref(crop))?;
        // One crop in, one embedding out; nothing would mean a model without output.
        Ok(embedded.pop().unwrap_or(Embedded {
            embedding: Vec::new(),
            similarity: Vec::new(),
        }))
    }

    /// The prompt profiles of the library's domains, in order of their names.
    pub fn profiles(&self) -> Vec<Profile> {
        profiles(self.snapshot().similarities())
    }

    /// How its photos use each prompt of the pool; none without photos or prompts.
    pub fn health(&self) -> Option<Health> {
        health(self.snapshot().similarities())
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.inner
            .snapshot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn answer(
        &self,
        query: Embedded,
        embedding_time: Duration,
        request: &Request,
    ) -> Result<Answer, SearchError> {
        self.rank(&self.snapshot(), query, embedding_time, request)
    }

    fn rank(
        &self,
        snapshot: &Snapshot,
        query: Embedded,
        embedding_time: Duration,
        request: &Request,
    ) -> Result<Answer, SearchError> {
        let start = Instant::now();
        let passing = snapshot.passing(&request.filter);
        let (neighbours, scores) = snapshot.nearest(
            &query.embedding,
            request,
            passing.as_deref().map(Vec::as_slice),
        );
        let photos: Vec<PhotoId> = neighbours
            .iter()
            .map(|neighbour| snapshot.photo(neighbour.row))
            .collect();
        let paths = self.inner.library.paths(&photos)?;
        // A photo that has left the catalogue since the snapshot is no hit.
        let there: Vec<_> = neighbours
            .iter()
            .zip(paths)
            .filter(|(_, path)| path.is_some())
            .map(|(neighbour, _)| neighbour)
            .collect();
        let hits = there
            .iter()
            .map(|neighbour| Hit {
                facts: snapshot.facts(neighbour.row),
                // Rounding takes the cosine of equal vectors a little above 1.
                score: neighbour.score.min(1.0),
                similarity: snapshot.similarity(neighbour.row).to_vec(),
            })
            .collect();
        let rows: Vec<usize> = there.iter().map(|neighbour| neighbour.row).collect();
        let passing = passing.as_deref().map(Vec::as_slice);
        let passed = passing.map(|passing| passing.iter().filter(|passes| **passes).count());
        Ok(Answer {
            query,
            hits,
            searched: snapshot.len(),
            passed: passed.unwrap_or(snapshot.len()),
            histogram: Histogram::of(&scores, passing),
            groups: groups(snapshot, &rows),
            index: snapshot.index.kind(),
            embedding_time,
            search_time: start.elapsed(),
        })
    }
}

fn embedded(snapshot: &Snapshot, row: usize) -> Embedded {
    Embedded {
        embedding: snapshot.embedding(row).to_vec(),
        similarity: snapshot.similarity(row).to_vec(),
    }
}
