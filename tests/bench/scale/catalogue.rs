//! Whole libraries: how long a start takes, what it keeps in memory, and how long questions take with all that belongs
//! to an answer.

use super::measured::{memory_mb, ms, percentiles};
use anyhow::Context;
use candle_core::Device;
use puma::index::Kind;
use puma::library::{Library, ModelKey, Outcome, PhotoId};
use puma::model::Puma;
use puma::search::{Filter, KEPT_FROM, Order, Request, Searcher};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// Photos stored in one transaction.
const BATCH: usize = 5_000;
/// Hits asked for, as the window does.
const HITS: usize = 200;
/// Questions of each kind.
const QUESTIONS: usize = 100;

/// One start of a library.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    pub photos: usize,
    pub catalogue_mb: f64,
    /// Size of the file that an earlier run kept; 0 without one.
    pub kept_mb: f64,
    pub model_s: f64,
    pub open_s: f64,
    /// From the start of the process to the first answer.
    pub first_answer_s: f64,
    pub memory_mb: f64,
    pub question_p50_ms: f64,
    pub question_p99_ms: f64,
    pub filtered_p50_ms: f64,
    /// A new filter each time.
    pub new_filter_p50_ms: f64,
    pub browse_ms: f64,
    pub calibrate_ms: f64,
    pub profiles_ms: f64,
    /// Taking in 8 new photos.
    pub refresh_ms: f64,
    pub keep_s: f64,
    /// The most memory that ever was in use.
    pub peak_mb: f64,
}

/// Makes a library of these embeddings and starts it twice: from the catalogue, and from the file that the first kept.
pub fn measure(scratch: &Path, vectors: &[Vec<f32>]) -> anyhow::Result<Vec<Measured>> {
    let file = scratch.join("library.sqlite");
    let start = Instant::now();
    let puma = Puma::shipped(&Device::Cpu)?;
    fill(&file, &puma, vectors)?;
    println!(
        "library of {} photos made in {:.0} s",
        vectors.len(),
        start.elapsed().as_secs_f64()
    );
    let mut all = Vec::new();
    for _ in 0..2 {
        let output = Command::new(std::env::current_exe()?)
            .arg("--start")
            .arg(&file)
            .output()?;
        anyhow::ensure!(
            output.status.success(),
            "the start failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let measured: Measured = serde_json::from_slice(&output.stdout)?;
        println!("  {measured:.3?}");
        all.push(measured);
    }
    std::fs::remove_file(&file)?;
    Ok(all)
}

/// Measures one start, in a process of its own.
pub fn start(file: &Path) -> anyhow::Result<()> {
    let beginning = Instant::now();
    let size_mb = |path: &Path| {
        path.metadata()
            .map_or(0.0, |facts| facts.len() as f64 / 1e6)
    };
    let puma = Arc::new(Puma::shipped(&Device::Cpu)?);
    let model_s = beginning.elapsed().as_secs_f64();
    let kept = file.with_file_name(format!(
        "library.sqlite.{}.rows",
        ModelKey::new(puma.fingerprint())
    ));
    let kept_mb = size_mb(&kept);
    let searcher = Searcher::open(file, Arc::clone(&puma), Kind::Exact)?;
    let open_s = beginning.elapsed().as_secs_f64() - model_s;
    let ids = searcher
        .library()
        .photos(None, QUESTIONS, searcher.model_key())?;
    let ids: Vec<PhotoId> = ids.iter().map(|row| row.id).collect();
    let first = *ids.first().context("the library is empty")?;
    searcher.query_photo(first, &Request::top(HITS))?;
    let first_answer_s = beginning.elapsed().as_secs_f64();
    let memory = memory_mb("VmRSS");
    let times = |request: &dyn Fn(usize) -> Request| -> anyhow::Result<(f64, f64)> {
        let mut times = Vec::new();
        for (number, id) in ids.iter().enumerate() {
            let start = Instant::now();
            searcher.query_photo(*id, &request(number))?;
            times.push(ms(start.elapsed()));
        }
        Ok(percentiles(times))
    };
    let (question_p50_ms, question_p99_ms) = times(&|_| Request::top(HITS))?;
    let within = |number: usize| Request {
        filter: Filter {
            domains: vec![format!("folder {number}")],
            name: "photo 1".to_owned(),
            ..Filter::default()
        },
        ..Request::top(HITS)
    };
    let (filtered_p50_ms, _) = times(&|_| within(1))?;
    let (new_filter_p50_ms, _) = times(&|number| within(number % 40))?;
    let timed = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        ms(start.elapsed())
    };
    let browse_ms = timed(&|| drop(searcher.browse(Order::Folder, &Filter::default())));
    let calibrate_ms = timed(&|| searcher.calibrate());
    let profiles_ms = timed(&|| drop(searcher.profiles()));
    let photos = searcher.len();
    add(
        file,
        &puma,
        photos,
        &vec![searcher.embedded(first).context("first")?.embedding; 8],
    )?;
    let start = Instant::now();
    anyhow::ensure!(
        searcher.refresh()? && searcher.len() == photos + 8,
        "8 photos were added"
    );
    let refresh_ms = ms(start.elapsed());
    let start = Instant::now();
    searcher.keep(KEPT_FROM);
    let measured = Measured {
        photos,
        catalogue_mb: size_mb(file),
        kept_mb,
        model_s,
        open_s,
        first_answer_s,
        memory_mb: memory,
        question_p50_ms,
        question_p99_ms,
        filtered_p50_ms,
        new_filter_p50_ms,
        browse_ms,
        calibrate_ms,
        profiles_ms,
        refresh_ms,
        keep_s: start.elapsed().as_secs_f64(),
        peak_mb: memory_mb("VmHWM"),
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// Makes a library with rows for files that are not there.
fn fill(file: &Path, puma: &Puma, vectors: &[Vec<f32>]) -> anyhow::Result<()> {
    let root = file.with_file_name("photos");
    std::fs::create_dir_all(&root)?;
    Library::open(file)?.add_root(&root, None)?;
    add(file, puma, 0, vectors)
}

/// Adds photos, the first with number `from`.
fn add(file: &Path, puma: &Puma, from: usize, vectors: &[Vec<f32>]) -> anyhow::Result<()> {
    let library = Library::open(file)?;
    let root = library.roots()?.first().context("a root")?.id.0;
    let mut connection = rusqlite::Connection::open(file)?;
    let rows = connection.transaction()?;
    let mut ids = Vec::with_capacity(vectors.len());
    for number in from..from + vectors.len() {
        // As an import from cameras lies on disk: a few hundred photos a folder.
        let domain = format!("folder {}", number / 25_000);
        let path = format!("{domain}/day {}/photo {number}.jpg", number / 300);
        rows.prepare_cached(
            "INSERT INTO photo (root, path, size_bytes, mtime_ns, domain) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            root,
            path.as_bytes(),
            100_000 + number as i64,
            1_400_000_000_000_000_000 + number as i64 * 300_000_000_000,
            domain
        ])?;
        ids.push(PhotoId(rows.last_insert_rowid()));
    }
    rows.commit()?;
    let writer = library.writer()?;
    let model = ModelKey::new(puma.fingerprint());
    for (ids, vectors) in ids.chunks(BATCH).zip(vectors.chunks(BATCH)) {
        let outcomes: Vec<Outcome> = ids
            .iter()
            .zip(vectors)
            .map(|(photo, vector)| Outcome {
                photo: *photo,
                result: Ok((
                    vector.clone(),
                    vector.iter().take(puma.prompts()).copied().collect(),
                )),
            })
            .collect();
        writer.store(&model, &outcomes)?;
    }
    Ok(())
}
