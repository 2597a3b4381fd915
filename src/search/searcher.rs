use super::snapshot::Snapshot;
use super::{Answer, Hit, Request, SearchError};
use crate::figures::{Health, Profile, health, profiles};
use crate::index::Kind;
use crate::library::{Library, ModelKey, PhotoId};
use crate::model::{Embedded, Puma};
use crate::photo::{Limits, evaluation_crop, read};
use image::RgbImage;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Answers queries over one library with one model; a clone is the same searcher.
#[derive(Clone)]
pub struct Searcher {
    inner: Arc<Inner>,
}

struct Inner {
    puma: Arc<Puma>,
    /// A connection of its own, so that queries wait for nobody else's statements.
    library: Library,
    model: ModelKey,
    kind: Kind,
    snapshot: RwLock<Arc<Snapshot>>,
    refreshing: Mutex<()>,
}

impl Searcher {
    /// Reads all embeddings of `puma` in the library file, which must be there.
    ///
    /// Takes as long as reading them from disk, and with [`Kind::Hnsw`] perhaps as long as building the graph. A
    /// library without photos gives a searcher that finds nothing; [`Searcher::ready`] says why.
    pub fn open(library: &Path, puma: Arc<Puma>, kind: Kind) -> Result<Searcher, SearchError> {
        let library = Library::open_existing(library)?;
        let model = ModelKey::new(puma.fingerprint());
        let snapshot = read_snapshot(&library, &model, kind, true)?;
        Ok(Searcher {
            inner: Arc::new(Inner {
                puma,
                library,
                model,
                kind,
                snapshot: RwLock::new(Arc::new(snapshot)),
                refreshing: Mutex::new(()),
            }),
        })
    }

    /// Takes in what has changed in the library since the last time; says whether anything had.
    ///
    /// Queries are answered from the old snapshot meanwhile. No graph is built, since a library that is being indexed
    /// changes all the time: until the next [`Searcher::open`] the new snapshot is scanned, which finds the same.
    pub fn refresh(&self) -> Result<bool, SearchError> {
        let _one_at_a_time = self
            .inner
            .refreshing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Inner {
            library,
            model,
            kind,
            ..
        } = &*self.inner;
        if library.change()? == self.snapshot().change {
            return Ok(false);
        }
        let fresh = Arc::new(read_snapshot(library, model, *kind, false)?);
        *self
            .inner
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
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
    pub fn query_file(&self, path: &Path, request: &Request) -> Result<Answer, SearchError> {
        let start = Instant::now();
        let image = read(path, &Limits::default()).map_err(SearchError::Photo)?;
        let query = self.embed(&image)?;
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
        let query = Embedded {
            embedding: snapshot.embedding(row).to_vec(),
            similarity: snapshot.similarity(row).to_vec(),
        };
        self.rank(&snapshot, query, Duration::ZERO, request)
    }

    /// Searches with an embedding `[e]` that is already known, such as a mean of several.
    pub fn query_embedded(
        &self,
        query: Embedded,
        request: &Request,
    ) -> Result<Answer, SearchError> {
        self.answer(query, Duration::ZERO, request)
    }

    /// Embeds a picture as indexing does.
    pub fn embed(&self, image: &RgbImage) -> Result<Embedded, SearchError> {
        let puma = &self.inner.puma;
        let crop = evaluation_crop(image, puma.image_size());
        let mut embedded = puma.embed(std::slice::from_ref(&crop))?;
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

    fn snapshot(&self) -> Arc<Snapshot> {
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
        let neighbours = snapshot.nearest(&query.embedding, request);
        let photos: Vec<PhotoId> = neighbours
            .iter()
            .map(|neighbour| snapshot.photo(neighbour.row))
            .collect();
        let paths = self.inner.library.paths(&photos)?;
        let hits = neighbours
            .iter()
            .zip(photos)
            .zip(paths)
            // A photo that has left the catalogue since the snapshot is no hit.
            .filter_map(|((neighbour, id), path)| {
                Some(Hit {
                    id,
                    path: path?,
                    // Rounding takes the cosine of equal vectors a little above 1.
                    score: neighbour.score.min(1.0),
                    domain: snapshot.domain(neighbour.row).to_owned(),
                    similarity: snapshot.similarity(neighbour.row).to_vec(),
                })
            })
            .collect();
        Ok(Answer {
            query,
            hits,
            searched: snapshot.len(),
            index: snapshot.index.kind(),
            embedding_time,
            search_time: start.elapsed(),
        })
    }
}

fn read_snapshot(
    library: &Library,
    model: &ModelKey,
    kind: Kind,
    build: bool,
) -> Result<Snapshot, SearchError> {
    let embeddings = library.embeddings(model)?;
    let cache = cache_file(library, model);
    Ok(Snapshot::new(embeddings, kind, &cache, build))
}

/// Where the graph of this library and model is kept between runs: beside the library.
fn cache_file(library: &Library, model: &ModelKey) -> PathBuf {
    let mut name = library.path().as_os_str().to_owned();
    name.push(format!(".{model}.hnsw"));
    PathBuf::from(name)
}
