use super::decode::Decoded;
use super::look::Look;
use super::progress::{Speed, Tally};
use super::{Control, Phase, PipelineError, Progress};
use crate::library::{Content, FailedFile, Failure, ModelKey, Outcome, Retry, Writer};
use crate::model::{Embedded, ModelError, Puma};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use image::RgbImage;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How often progress is told while nothing else happens.
const TICK: Duration = Duration::from_millis(100);

/// The last stage: batches of crops to stored embeddings.
pub(super) struct Embedder<'a> {
    pub writer: &'a Writer<'a>,
    pub puma: &'a Puma,
    pub model: &'a ModelKey,
    /// See [`super::Options::batch`].
    pub batch: Option<usize>,
    pub control: &'a Control,
    pub tally: &'a Tally,
}

impl Embedder<'_> {
    /// Runs until the decoders are done or the run is stopped; dropping `decoded` then ends the other threads.
    pub fn run(
        &self,
        decoded: Receiver<Decoded>,
        progress: &impl Fn(&Progress),
    ) -> Result<(), PipelineError> {
        let mut speed = Speed::new();
        loop {
            if self.control.is_paused() {
                progress(&self.tally.progress(Some(Phase::Paused), &mut speed));
                self.control.rest();
            }
            self.control.give_way();
            if self.control.is_stopped() {
                return Ok(());
            }
            let (batch, more) = self.gather(&decoded);
            if !batch.is_empty() {
                self.store(batch)?;
            }
            progress(&self.tally.progress(None, &mut speed));
            if !more {
                return Ok(());
            }
        }
    }

    /// The next photos, as many as a batch holds and as have come within a moment; and whether more may follow.
    fn gather(&self, decoded: &Receiver<Decoded>) -> (Vec<Decoded>, bool) {
        let deadline = Instant::now() + TICK;
        // Asked each time: a GPU's memory comes and goes.
        let most = self.batch.unwrap_or_else(|| self.puma.at_once()).max(1);
        let mut batch = Vec::with_capacity(most);
        while batch.len() < most {
            match decoded.recv_deadline(deadline) {
                Ok(next) => batch.push(next),
                Err(RecvTimeoutError::Timeout) => return (batch, true),
                Err(RecvTimeoutError::Disconnected) => return (batch, false),
            }
        }
        (batch, true)
    }

    /// What the model says of crops. Where questions are likely it looks at few at a time, and lets them go between.
    ///
    /// A GPU is through with a batch sooner than a CPU with a few.
    fn looked_at(&self, crops: &[RgbImage]) -> Result<Vec<Embedded>, ModelError> {
        if !self.control.expects_questions() || self.puma.uses_gpu() {
            return self.puma.embed(crops);
        }
        let at_a_time = std::thread::available_parallelism().map_or(2, usize::from);
        let mut all = Vec::with_capacity(crops.len());
        for few in crops.chunks(at_a_time) {
            self.control.give_way();
            all.extend(self.puma.embed(few)?);
        }
        Ok(all)
    }

    /// Stores what becomes of a batch.
    fn store(&self, batch: Vec<Decoded>) -> Result<(), PipelineError> {
        let (mut photos, mut failures) = (Vec::new(), Vec::new());
        let (mut crops, mut changing) = (Vec::new(), 0);
        for Decoded { job, look } in batch {
            match look {
                Look::Crop(crop, content) => {
                    photos.push((job, content));
                    crops.push(crop);
                }
                Look::Failed(failure) => failures.push((job, failure)),
                Look::Changed => changing += 1,
            }
        }
        let contents: Vec<Content> = photos.iter().map(|(_, content)| *content).collect();
        let taken_up: Vec<i64> = photos.iter().map(|(job, _)| job.photo.0).collect();
        tracing::debug!(photos = ?taken_up, "embedding");
        let (numbers, fresh) = self.embed(&contents, crops)?;
        let mut outcomes = Vec::with_capacity(photos.len() + failures.len());
        let mut contents = Vec::with_capacity(photos.len());
        for (job, content) in photos {
            match numbers.get(&content).filter(|numbers| numbers.is_finite()) {
                Some(numbers) => {
                    contents.push((job.photo, content));
                    outcomes.push(Outcome {
                        photo: job.photo,
                        result: Ok((numbers.embedding.clone(), numbers.similarity.clone())),
                    });
                }
                None => {
                    let reason = "the model gave no finite numbers for it".to_owned();
                    // Another model may, and the file is sound.
                    let retry = Retry::AskedFor;
                    failures.push((job, Failure { reason, retry }));
                }
            }
        }
        outcomes.extend(failures.iter().map(|(job, failure)| Outcome {
            photo: job.photo,
            result: Err(failure.clone()),
        }));
        self.writer
            .store_with_contents(self.model, &outcomes, &contents)?;
        tracing::debug!(photos = ?taken_up, "stored");
        // Counted only when it is stored.
        let add = |counter: &AtomicUsize, count| counter.fetch_add(count, Ordering::Relaxed);
        add(&self.tally.embedded, fresh.min(contents.len()));
        add(&self.tally.recognised, contents.len().saturating_sub(fresh));
        add(&self.tally.changing, changing);
        for (job, failure) in failures {
            self.tally.fail(FailedFile {
                path: job.path,
                reason: failure.reason,
            });
        }
        Ok(())
    }

    /// What the model says of photos by their contents, and of how many it had to be asked: of each content the library
    /// knows nothing of, once.
    fn embed(
        &self,
        contents: &[Content],
        crops: Vec<RgbImage>,
    ) -> Result<(HashMap<Content, Embedded>, usize), PipelineError> {
        let mut numbers = HashMap::new();
        let (mut unknown, mut asked) = (Vec::new(), Vec::new());
        for (content, crop) in contents.iter().zip(crops) {
            if numbers.contains_key(content) || unknown.contains(content) {
                continue;
            }
            match self.writer.library().embedding_of(*content, self.model)? {
                Some((embedding, similarity)) => {
                    let known = Embedded {
                        embedding,
                        similarity,
                    };
                    numbers.insert(*content, known);
                }
                None => {
                    unknown.push(*content);
                    asked.push(crop);
                }
            }
        }
        let fresh = self.looked_at(&asked)?;
        numbers.extend(unknown.into_iter().zip(fresh));
        Ok((numbers, asked.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{Job, Library, PhotoId};
    use crate::model::Checkpoint;
    use crate::model::checkpoint::ReadOptions;
    use crossbeam_channel::bounded;
    use std::path::{Path, PathBuf};

    #[test]
    fn a_batch_is_what_the_device_has_memory_for_now() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/puma.safetensors");
        let shipped = Checkpoint::read(&file, &ReadOptions::default()).unwrap();
        let puma = Puma::rehearsal(&shipped, 0).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let embedder = Embedder {
            writer: &library.writer().unwrap(),
            puma: &puma,
            model: &ModelKey::new(puma.fingerprint()),
            batch: None,
            control: &Control::new(),
            tally: &Tally::default(),
        };
        let (sender, receiver) = bounded(100);
        for number in 0..100 {
            let job = Job {
                photo: PhotoId(number),
                path: PathBuf::new(),
                size_bytes: 0,
                mtime_ns: 0,
            };
            let look = Look::Changed;
            assert!(sender.send(Decoded { job, look }).is_ok());
        }
        let gathered = || embedder.gather(&receiver).0.len();
        let before = puma.at_once();
        assert_eq!(gathered(), before);
        let crop = RgbImage::new(puma.image_size(), puma.image_size());
        puma.embed(&[crop]).unwrap();
        assert!(puma.at_once() < before);
        assert_eq!(gathered(), puma.at_once());
    }
}
