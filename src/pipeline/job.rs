use super::decode::{self, Decoded};
use super::progress::{Speed, Tally};
use super::room::Room;
use super::source;
use super::{Control, Phase, Progress};
use crate::library::{
    DomainRule, Exclusions, FailedFile, Library, LibraryError, ModelKey, Outcome, ScanReport,
    Writer,
};
use crate::model::{Embedded, ModelError, Puma};
use crate::photo::{Limits, Thumbnails};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use image::RgbImage;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often progress is told while nothing else happens.
const TICK: Duration = Duration::from_millis(100);
/// Photos that may wait for a decoder: so many that the scan of all but the largest libraries ends early, since only then
/// is it known how long the rest takes. One waiting photo takes about 200 bytes.
const JOBS_AHEAD: usize = 1 << 17;

/// How an indexing run works.
#[derive(Clone, Debug)]
pub struct Options {
    /// What makes a domain in all folders of this run; `None` leaves it to each root.
    pub domain_rule: Option<DomainRule>,
    /// What makes a domain in folders that are new, unless `domain_rule` says it.
    pub new_root_rule: DomainRule,
    /// Photos that are embedded and stored together.
    pub batch: usize,
    /// Decoder threads.
    pub decoders: usize,
    /// Where thumbnails are made while a photo is decoded anyway; `None` makes none.
    pub thumbnails: Option<Thumbnails>,
    /// Files and folders that are passed over.
    pub excluded: Exclusions,
    /// What is too large to be decoded.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            domain_rule: None,
            new_root_rule: DomainRule::default(),
            batch: 8,
            decoders: std::thread::available_parallelism().map_or(2, usize::from),
            thumbnails: None,
            excluded: Exclusions::default(),
            limits: Limits::default(),
        }
    }
}

/// What an indexing run did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Photos found.
    pub found: usize,
    /// Photos embedded and stored.
    pub embedded: usize,
    /// Photos that needed nothing.
    pub unchanged: usize,
    /// Files that turned out unreadable, with the reason.
    pub failed: Vec<FailedFile>,
    /// Files that an earlier run could not read and that are unchanged since.
    pub failed_before: usize,
    /// Photos that are gone from the disk and were taken out.
    pub removed: usize,
    /// Folders and files that could not be looked at; what was known below them is kept.
    pub unreadable: Vec<FailedFile>,
    /// What else the user should know, such as roots that are offline.
    pub messages: Vec<String>,
    /// Whether the run was stopped before its end.
    pub stopped: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Why an indexing run ended early; what was stored before is kept.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The library.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A thread could not be started, or ended in a panic.
    #[error("the {0} thread failed")]
    Thread(&'static str),
}

/// Indexes folders: finds the photos below them and embeds those that are new or changed.
///
/// `folders` become roots of the library; without any, all its roots are looked through again. Returns when all is
/// stored, or soon after `control` was stopped; `progress` is called on this thread, several times a second.
///
/// # Errors
/// Another run holds the library, a folder is not there, the library cannot be written, or the model fails. A file
/// that cannot be read is no error: see [`Summary::failed`].
pub fn index(
    library: &Library,
    puma: &Puma,
    folders: &[PathBuf],
    options: &Options,
    control: &Control,
    progress: impl Fn(&Progress),
) -> Result<Summary, PipelineError> {
    let start = Instant::now();
    let writer = library.writer()?;
    let model = ModelKey::new(puma.fingerprint());
    let sources = source::choose(&writer, folders, options)?;
    let (tally, room) = (Tally::default(), Room::new());
    let batch = options.batch.max(1);
    let (job_sender, job_receiver) = bounded(JOBS_AHEAD);
    let (decoded_sender, decoded_receiver) = bounded::<Decoded>(2 * batch);

    let report = std::thread::scope(|scope| -> Result<ScanReport, PipelineError> {
        let scanner = std::thread::Builder::new()
            .name("puma-scan".to_owned())
            .spawn_scoped(scope, {
                let (writer, roots, model, tally) = (&writer, &sources.roots, &model, &tally);
                // The sender moves in, so that the channel closes when the scan ends.
                move || {
                    source::run(
                        writer,
                        roots,
                        &options.excluded,
                        model,
                        &job_sender,
                        control,
                        tally,
                    )
                }
            })
            .map_err(|_| PipelineError::Thread("scanner"))?;
        for number in 0..options.decoders.max(1) {
            let (jobs, decoded) = (job_receiver.clone(), decoded_sender.clone());
            let (tally, room) = (&tally, &room);
            std::thread::Builder::new()
                .name(format!("puma-decode-{number}"))
                .spawn_scoped(scope, move || {
                    decode::run(
                        &jobs,
                        &decoded,
                        puma.image_size(),
                        options,
                        control,
                        tally,
                        room,
                    );
                })
                .map_err(|_| PipelineError::Thread("decoder"))?;
        }
        // Only the threads hold the ends now: when they are done, the channels close.
        drop((job_receiver, decoded_sender));
        let embedder = Embedder {
            writer: &writer,
            puma,
            model: &model,
            batch,
            control,
            tally: &tally,
        };
        let embedded = embedder.run(decoded_receiver, &progress);
        let report = scanner
            .join()
            .map_err(|_| PipelineError::Thread("scanner"))?;
        embedded?;
        Ok(report?)
    })?;

    progress(&tally.progress(Some(Phase::Done), &mut Speed::new()));
    let mut messages = sources.messages;
    messages.extend(
        report
            .offline
            .iter()
            .flat_map(|text| text.lines())
            .map(str::to_owned),
    );
    Ok(Summary {
        found: Tally::get(&tally.found),
        embedded: Tally::get(&tally.embedded),
        unchanged: Tally::get(&tally.unchanged),
        failed: tally
            .failures
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
        failed_before: Tally::get(&tally.failed_before),
        removed: report.removed,
        unreadable: report.unreadable,
        messages,
        stopped: control.is_stopped(),
        elapsed: start.elapsed(),
    })
}

/// The last stage: batches of crops to stored embeddings.
struct Embedder<'a> {
    writer: &'a Writer<'a>,
    puma: &'a Puma,
    model: &'a ModelKey,
    batch: usize,
    control: &'a Control,
    tally: &'a Tally,
}

impl Embedder<'_> {
    /// Runs until the decoders are done or the run is stopped; dropping `decoded` then ends the other threads.
    fn run(
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
                self.embed(batch)?;
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
        let mut batch = Vec::with_capacity(self.batch);
        while batch.len() < self.batch {
            match decoded.recv_deadline(deadline) {
                Ok(next) => batch.push(next),
                Err(RecvTimeoutError::Timeout) => return (batch, true),
                Err(RecvTimeoutError::Disconnected) => return (batch, false),
            }
        }
        (batch, true)
    }

    /// What the model says of crops. Where questions are likely it looks at few at a time, and lets them go between.
    fn looked_at(&self, crops: &[RgbImage]) -> Result<Vec<Embedded>, ModelError> {
        if !self.control.expects_questions() {
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

    fn embed(&self, batch: Vec<Decoded>) -> Result<(), PipelineError> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let (mut crops, mut photos) = (Vec::new(), Vec::new());
        let mut failures = Vec::new();
        for Decoded { job, crop } in batch {
            match crop {
                Ok(crop) => {
                    crops.push(crop);
                    photos.push(job);
                }
                Err(reason) => failures.push((job, reason)),
            }
        }
        let taken_up: Vec<i64> = photos.iter().map(|job| job.photo.0).collect();
        tracing::debug!(photos = ?taken_up, "embedding");
        let mut embedded = 0;
        for (
            job,
            Embedded {
                embedding,
                similarity,
            },
        ) in photos.into_iter().zip(self.looked_at(&crops)?)
        {
            if embedding
                .iter()
                .chain(&similarity)
                .all(|value| value.is_finite())
            {
                embedded += 1;
                outcomes.push(Outcome {
                    photo: job.photo,
                    result: Ok((embedding, similarity)),
                });
            } else {
                failures.push((job, "the model gave no finite numbers for it".to_owned()));
            }
        }
        outcomes.extend(failures.iter().map(|(job, reason)| Outcome {
            photo: job.photo,
            result: Err(reason.clone()),
        }));
        self.writer.store(self.model, &outcomes)?;
        tracing::debug!(photos = ?taken_up, "stored");
        // Counted only when it is stored.
        self.tally.embedded.fetch_add(embedded, Ordering::Relaxed);
        for (job, reason) in failures {
            let path = job.path;
            self.tally.fail(FailedFile { path, reason });
        }
        Ok(())
    }
}
