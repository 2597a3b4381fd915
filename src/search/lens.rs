use super::{Hit, SearchError, combine};
use crate::model::{Ablation, Embedded, Puma};
use crate::photo::{self, Reader, Region};
use image::RgbImage;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Crops that one thread embeds before it looks up again.
const AT_ONCE: usize = 4;
/// The first so many hits, of which the summary says how many stay.
const FIRST: usize = 10;

/// One picture of the question.
#[derive(Clone, Debug)]
pub struct LensPart {
    /// Where it comes from.
    pub source: LensSource,
    /// The part of it that counts; `None` for all of it.
    pub region: Option<Region>,
    /// How much it counts, as for [`combine`].
    pub weight: f32,
}

/// Where a picture of the question comes from.
#[derive(Clone, Debug)]
pub enum LensSource {
    /// A file.
    File(PathBuf),
    /// Pixels at hand, upright.
    Pixels(Arc<RgbImage>),
}

/// An answer that is to be looked at through a lens.
#[derive(Clone, Debug)]
pub struct LensRequest {
    /// The pictures asked with.
    pub parts: Vec<LensPart>,
    /// What was found, nearest first.
    pub hits: Vec<Hit>,
    /// What the model has to do without.
    pub ablation: Ablation,
}

/// The hits in their new order.
#[derive(Clone, Debug)]
pub struct LensAnswer {
    /// What the model had to do without.
    pub ablation: Ablation,
    /// The hits that could be embedded again, nearest first by the new scores.
    pub ranked: Vec<Reranked>,
    /// Hits whose file could not be read again; they have no new place.
    pub missing: Vec<Unread>,
    /// The change in a few numbers.
    pub summary: LensSummary,
    /// From question to answer.
    pub took: Duration,
}

/// A hit's old and new place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reranked {
    /// Place in [`LensRequest::hits`].
    pub hit: usize,
    /// Rank from 1 by the whole model, among the hits that could be embedded again.
    pub old_rank: usize,
    /// Rank from 1 through the lens, among the same.
    pub new_rank: usize,
    /// Cosine with the query by the whole model, as it was answered.
    pub old_score: f32,
    /// Cosine of the two embeddings through the lens.
    pub new_score: f32,
}

/// A hit whose file could not be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Place in [`LensRequest::hits`].
    pub hit: usize,
    /// Why, in words.
    pub reason: String,
}

/// How two orders of the same hits differ; files that were asked with are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LensSummary {
    /// Hits compared.
    pub compared: usize,
    /// Mean of `|new rank - old rank|`, in places.
    pub mean_shift: f64,
    /// Its largest value, in places.
    pub largest_shift: usize,
    /// Kendall's tau-a: 1 for the same order, -1 for the reverse (Kendall, Biometrika 30, 1938); 1 for a single hit.
    pub kendall_tau: f64,
    /// How many of the old first [`LensSummary::first`] are among the new.
    pub kept_first: usize,
    /// 10, or fewer where there are fewer hits.
    pub first: usize,
    /// Mean of `new score - old score`.
    pub score_change: f64,
}

impl Reranked {
    /// Places that the hit went up; negative for down.
    pub fn rise(&self) -> i64 {
        self.old_rank as i64 - self.new_rank as i64
    }
}

/// Embeds an answer again with a part of the model left out.
///
/// Holds the crops of the answer looked at last, so that another lens on it reads no file again. Works on a few threads
/// of its own, so that questions need not wait for it.
pub struct Lens {
    puma: Arc<Puma>,
    pool: rayon::ThreadPool,
    crops: HashMap<PathBuf, Cached>,
    reader: Reader,
}

struct Cached {
    /// Length and time of the file when it was read: another file of that name is another picture.
    stamp: Option<(u64, SystemTime)>,
    crop: Result<Arc<RgbImage>, String>,
}

impl Lens {
    /// A lens for `puma`, on half of the machine's threads.
    ///
    /// # Errors
    /// [`SearchError::Threads`] where the system gives none.
    pub fn new(puma: Arc<Puma>) -> Result<Lens, SearchError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads((cores / 2).max(1))
            .thread_name(|number| format!("puma-lens-{number}"))
            .build()
            .map_err(|_| SearchError::Threads)?;
        Ok(Lens {
            puma,
            pool,
            crops: HashMap::new(),
            reader: Reader::default(),
        })
    }

    /// The same lens with pictures from `reader`.
    #[must_use]
    pub fn with_reader(mut self, reader: Reader) -> Lens {
        self.reader = reader;
        self
    }

    /// Whether it is a lens for this very model.
    pub fn is_of(&self, puma: &Arc<Puma>) -> bool {
        Arc::ptr_eq(&self.puma, puma)
    }

    /// Embeds the question and its hits again and ranks the hits anew.
    ///
    /// `go_on` is told how many pictures of how many are done, after every few of them; it may take its time to let
    /// other work pass. When it gives false, the answer is `None`.
    ///
    /// # Errors
    /// A picture of the question that cannot be read, or a model that lacks what is to be left out. Hits that cannot
    /// be read are no error but [`LensAnswer::missing`].
    pub fn look(
        &mut self,
        request: &LensRequest,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Option<LensAnswer>, SearchError> {
        let start = Instant::now();
        request.ablation.check(self.puma.prompts())?;
        self.forget_others(request);
        let total = request.parts.len() + request.hits.len();
        let asked = request.parts.iter().map(|part| self.part_crop(part));
        let asked: Vec<Arc<RgbImage>> = asked.collect::<Result<_, _>>()?;
        let asked = self.embed(&asked, &request.ablation)?;
        if !go_on(asked.len(), total) {
            return Ok(None);
        }
        let weights = request.parts.iter().map(|part| part.weight);
        let weighted: Vec<(&Embedded, f32)> = asked.iter().zip(weights).collect();
        let query = combine(&weighted).ok_or(SearchError::NothingLeft)?;

        let mut scores: Vec<Result<f32, String>> = Vec::with_capacity(request.hits.len());
        for hits in request
            .hits
            .chunks(AT_ONCE * self.pool.current_num_threads())
        {
            let crops = self.file_crops(hits);
            let readable: Vec<Arc<RgbImage>> = crops.iter().flatten().cloned().collect();
            let mut embedded = self.embed(&readable, &request.ablation)?.into_iter();
            for crop in crops {
                scores.push(match (crop, embedded.len()) {
                    (Err(reason), _) => Err(reason),
                    (Ok(_), 0) => Err("the model gave nothing for it".to_owned()),
                    (Ok(_), _) => Ok(embedded
                        .next()
                        .map_or(0.0, |one| cosine(&query.embedding, &one.embedding))),
                });
            }
            if !go_on(asked.len() + scores.len(), total) {
                return Ok(None);
            }
        }
        let (ranked, missing) = rank(&request.hits, scores);
        let is_asked = |hit: usize| {
            request.parts.iter().any(|part| match &part.source {
                LensSource::File(path) => *path == request.hits[hit].path,
                LensSource::Pixels(_) => false,
            })
        };
        Ok(Some(LensAnswer {
            ablation: request.ablation.clone(),
            summary: summary(&ranked, is_asked),
            ranked,
            missing,
            took: start.elapsed(),
        }))
    }

    fn embed(
        &self,
        crops: &[Arc<RgbImage>],
        ablation: &Ablation,
    ) -> Result<Vec<Embedded>, SearchError> {
        let crops: Vec<RgbImage> = crops.iter().map(|crop| RgbImage::clone(crop)).collect();
        Ok(self
            .pool
            .install(|| self.puma.embed_ablated(&crops, ablation))?)
    }

    /// Crops of files are kept for the next lens on the same answer, and for no other.
    fn forget_others(&mut self, request: &LensRequest) {
        let wanted: BTreeSet<&Path> = request.hits.iter().map(|hit| hit.path.as_path()).collect();
        self.crops
            .retain(|path, cached| wanted.contains(path.as_path()) && cached.stamp == stamp(path));
    }

    fn part_crop(&mut self, part: &LensPart) -> Result<Arc<RgbImage>, SearchError> {
        let size_px = self.puma.image_size();
        let read = |path: &Path| self.reader.read(path).map_err(SearchError::Photo);
        let image = match &part.source {
            LensSource::File(path) => match (self.crops.get(path), part.region) {
                (Some(Cached { crop: Ok(crop), .. }), None) => return Ok(Arc::clone(crop)),
                (_, None) => {
                    let crop = self.reader.crop(path, size_px, None);
                    return Ok(Arc::new(crop.map_err(SearchError::Photo)?));
                }
                (_, Some(_)) => Arc::new(read(path)?),
            },
            LensSource::Pixels(image) => Arc::clone(image),
        };
        Ok(Arc::new(match part.region {
            Some(region) => photo::evaluation_crop(&region.cut(&image), size_px),
            None => photo::evaluation_crop(&image, size_px),
        }))
    }

    /// The crops that indexing would make of these files: by the same two functions, or by an earlier call of them.
    fn file_crops(&mut self, hits: &[Hit]) -> Vec<Result<Arc<RgbImage>, String>> {
        let size_px = self.puma.image_size();
        let unread: Vec<&Path> = hits
            .iter()
            .map(|hit| hit.path.as_path())
            .filter(|path| !self.crops.contains_key(*path))
            .collect();
        let reader = &self.reader;
        let read: Vec<(PathBuf, Cached)> = self.pool.install(|| {
            unread
                .par_iter()
                .map(|path| {
                    let stamp = stamp(path);
                    let crop = reader
                        .crop(path, size_px, None)
                        .map(Arc::new)
                        .map_err(|error| error.to_string());
                    (path.to_path_buf(), Cached { stamp, crop })
                })
                .collect()
        });
        self.crops.extend(read);
        let crop = |hit: &Hit| match self.crops.get(&hit.path) {
            Some(cached) => cached.crop.clone(),
            None => Err("it was not read".to_owned()),
        };
        hits.iter().map(crop).collect()
    }
}

fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.len(), facts.modified().ok()?))
}

/// Of vectors of unit length.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let sum: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    sum.min(1.0)
}

fn rank(hits: &[Hit], scores: Vec<Result<f32, String>>) -> (Vec<Reranked>, Vec<Unread>) {
    let (mut ranked, mut missing) = (Vec::new(), Vec::new());
    for (hit, score) in scores.into_iter().enumerate() {
        match score {
            Ok(new_score) => ranked.push(Reranked {
                hit,
                old_rank: ranked.len() + 1,
                new_rank: 0,
                old_score: hits[hit].score,
                new_score,
            }),
            Err(reason) => missing.push(Unread { hit, reason }),
        }
    }
    // Stable: equal scores stay in their old order.
    ranked.sort_by(|a, b| b.new_score.total_cmp(&a.new_score));
    for (place, one) in ranked.iter_mut().enumerate() {
        one.new_rank = place + 1;
    }
    (ranked, missing)
}

fn summary(ranked: &[Reranked], is_asked: impl Fn(usize) -> bool) -> LensSummary {
    // In the new order; the old ranks of what is left keep their order.
    let left: Vec<&Reranked> = ranked.iter().filter(|one| !is_asked(one.hit)).collect();
    let compared = left.len();
    if compared == 0 {
        return LensSummary {
            kendall_tau: 1.0,
            ..LensSummary::default()
        };
    }
    let mut by_old: Vec<usize> = (0..compared).collect();
    by_old.sort_by_key(|&place| left[place].old_rank);
    // Old place of each, in the new order.
    let mut old = vec![0; compared];
    for (old_place, &new_place) in by_old.iter().enumerate() {
        old[new_place] = old_place;
    }
    let shifts = || (0..compared).map(|new| old[new].abs_diff(new));
    let first = FIRST.min(compared);
    let mut agreement: i64 = 0;
    for (place, &one) in old.iter().enumerate() {
        for &other in &old[place + 1..] {
            agreement += if one < other { 1 } else { -1 };
        }
    }
    let pairs = compared * (compared - 1) / 2;
    let change = |one: &&Reranked| f64::from(one.new_score) - f64::from(one.old_score);
    LensSummary {
        compared,
        mean_shift: shifts().sum::<usize>() as f64 / compared as f64,
        largest_shift: shifts().max().unwrap_or(0),
        kendall_tau: if pairs == 0 {
            1.0
        } else {
            agreement as f64 / pairs as f64
        },
        kept_first: old[..first].iter().filter(|&&place| place < first).count(),
        first,
        score_change: left.iter().map(change).sum::<f64>() / compared as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hits with these old ranks, in their new order.
    fn reordered(old: &[usize]) -> Vec<Reranked> {
        let one = |(place, &old_rank): (usize, &usize)| Reranked {
            hit: old_rank - 1,
            old_rank,
            new_rank: place + 1,
            old_score: 0.5,
            new_score: 0.25,
        };
        old.iter().enumerate().map(one).collect()
    }

    #[test]
    fn the_summary_counts_places_and_pairs() {
        let same = summary(&reordered(&[1, 2, 3, 4]), |_| false);
        assert_eq!((same.mean_shift, same.kendall_tau), (0.0, 1.0));
        assert_eq!((same.kept_first, same.first), (4, 4));
        let reversed = summary(&reordered(&[4, 3, 2, 1]), |_| false);
        assert_eq!((reversed.mean_shift, reversed.kendall_tau), (2.0, -1.0));
        assert_eq!(reversed.largest_shift, 3);
        // 2 and 3 change places: 5 of 6 pairs agree.
        let one = summary(&reordered(&[1, 3, 2, 4]), |_| false);
        assert!((one.kendall_tau - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(one.mean_shift, 0.5);
        assert!((one.score_change + 0.25).abs() < 1e-12);
        // Without the file asked with, which is hit 0, the places of the others close up.
        let without = summary(&reordered(&[2, 1, 3, 4]), |hit| hit == 0);
        assert_eq!((without.compared, without.mean_shift), (3, 0.0));
        let far: Vec<usize> = (11..=20).chain(1..=10).collect();
        assert_eq!(summary(&reordered(&far), |_| false).kept_first, 0);
    }
}
