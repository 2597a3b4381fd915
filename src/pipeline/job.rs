use super::decode::{self, Decoded};
use super::embedder::Embedder;
use super::progress::{Speed, Tally};
use super::room::Room;
use super::source::{self, Scanner};
use super::{Control, Phase, Progress};
use crate::library::{
    DomainRule, Exclusions, FailedFile, Library, LibraryError, ModelKey, ScanReport,
};
use crate::model::{ModelError, Puma};
use crate::photo::{Reader, Thumbnails};
use crossbeam_channel::bounded;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

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
    /// Photos that are embedded and stored together; `None`: as many as suit the model's device.
    pub batch: Option<usize>,
    /// Decoder threads.
    pub decoders: usize,
    /// Where thumbnails are made while a photo is decoded anyway; `None` makes none.
    pub thumbnails: Option<Thumbnails>,
    /// Files and folders that are passed over.
    pub excluded: Exclusions,
    /// Folders that have changed, in known roots: nothing else is looked through then. Empty for whole roots.
    pub only: Vec<PathBuf>,
    /// What decodes photos, and what is too large for it.
    pub reader: Reader,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            domain_rule: None,
            new_root_rule: DomainRule::default(),
            batch: None,
            decoders: std::thread::available_parallelism().map_or(2, usize::from),
            thumbnails: None,
            excluded: Exclusions::default(),
            only: Vec::new(),
            reader: Reader::default(),
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
    /// Photos that were moved, renamed, copied or only touched, and kept or took over what is embedded; those in folders
    /// that were looked through again on the way included.
    pub recognised: usize,
    /// Photos that changed while they were read, and are left for the next run.
    pub changing: usize,
    /// Files that turned out unreadable, with the reason.
    pub failed: Vec<FailedFile>,
    /// Files that an earlier run could not read and that are unchanged since.
    pub failed_before: usize,
    /// Photos that are gone from the disk and were taken out.
    pub removed: usize,
    /// Folders and files that could not be looked at; what was known below them is kept.
    pub unreadable: Vec<FailedFile>,
    /// What else the user should know, such as folders in which a drive was mounted that is away.
    pub messages: Vec<String>,
    /// Why roots were left alone, for each that is offline; what was known below them is kept.
    pub offline: Vec<String>,
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
/// that cannot be read is no error: see [`Summary::failed`]; neither is a GPU without memory: see [`Puma::take_note`].
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
    let ahead = 2 * options.batch.unwrap_or_else(|| puma.at_once()).max(1);
    let (job_sender, job_receiver) = bounded(JOBS_AHEAD);
    let (decoded_sender, decoded_receiver) = bounded::<Decoded>(ahead);

    let report = std::thread::scope(|scope| -> Result<ScanReport, PipelineError> {
        let scanner = std::thread::Builder::new()
            .name("puma-scan".to_owned())
            .spawn_scoped(scope, {
                // The sender moves in, so that the channel closes when the scan ends.
                let scanner = Scanner {
                    writer: &writer,
                    excluded: &options.excluded,
                    model: &model,
                    jobs: job_sender,
                    control,
                    tally: &tally,
                    sent: HashSet::new(),
                    unreadable: HashSet::new(),
                };
                let scopes = &sources.scopes;
                move || scanner.run(scopes)
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
            batch: options.batch,
            control,
            tally: &tally,
        };
        let embedded = embedder.run(decoded_receiver, &progress);
        tally.ended.store(true, Ordering::Release);
        let report = scanner
            .join()
            .map_err(|_| PipelineError::Thread("scanner"))?;
        embedded?;
        Ok(report?)
    })?;

    progress(&tally.progress(Some(Phase::Done), &mut Speed::new()));
    let mut messages = sources.messages;
    messages.extend(report.unmounted);
    Ok(Summary {
        found: Tally::get(&tally.found),
        embedded: Tally::get(&tally.embedded),
        unchanged: Tally::get(&tally.unchanged),
        recognised: Tally::get(&tally.recognised),
        changing: Tally::get(&tally.changing),
        failed: tally
            .failures
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
        failed_before: Tally::get(&tally.failed_before),
        removed: report.removed,
        unreadable: report.unreadable,
        messages,
        offline: report.offline,
        stopped: control.is_stopped(),
        elapsed: start.elapsed(),
    })
}
