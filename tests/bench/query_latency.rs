//! Time of a question to a library of 100,000 photos, with and without an indexing run beside it:
//! `cargo bench --bench query_latency [-- PHOTOS QUESTIONS]`.
//!
//! The embeddings are those of real photos (`PUMA_PHOTOS`, laid out as SET/CLASS/*.jpg) or else of drawn pictures, mixed
//! in pairs and perturbed. The indexing run beside it works on the same pictures. Not by criterion, which gives no
//! percentiles: the slowest question of a hundred is what a person notices.

use image::{Rgb, RgbImage};
use puma::index::Kind;
use puma::library::{Library, ModelKey, Outcome, PhotoId};
use puma::model::{Embedded, Puma};
use puma::photo::{Limits, evaluation_crop, read};
use puma::pipeline::{Control, Options, Question, index};
use puma::search::{Filter, Order, Request, Searcher};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pictures that are really embedded; all others are made of two of them.
const EMBEDDED: usize = 192;
/// Pictures that the indexing run beside the questions works on; more than it can finish.
const BESIDE: usize = 4000;
/// Hits asked for, as the window does.
const HITS: usize = 200;

fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default);
    let (photos, questions) = (number(0, 100_000), number(1, 60));
    let folder = tempfile::tempdir()?;
    let puma = Arc::new(Puma::shipped(&candle_core::Device::Cpu)?);
    let pictures = pictures(folder.path())?;
    let seeds = embedded(&puma, &pictures)?;
    let start = Instant::now();
    let file = folder.path().join("library.sqlite");
    let ids = fill(&file, folder.path(), puma.fingerprint(), &seeds, photos)?;
    println!(
        "library of {photos} photos made in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let start = Instant::now();
    let searcher = Searcher::open(&file, Arc::clone(&puma), Kind::Auto)?;
    println!("opened in {:.0} ms", ms(start.elapsed()));
    let start = Instant::now();
    searcher.profiles();
    println!("profiles of its domains in {:.0} ms", ms(start.elapsed()));
    for order in [Order::Folder, Order::Newest] {
        let start = Instant::now();
        let listing = searcher.browse(order, &Filter::default());
        println!(
            "{} photos listed by {order:?} in {:.0} ms",
            listing.len(),
            ms(start.elapsed())
        );
    }
    let asker = Asker {
        searcher: &searcher,
        ids: &ids,
        image: read(&pictures[0], &Limits::default())?,
        questions,
    };
    println!("alone:");
    asker.ask(&|| None::<Question<'_>>)?;
    beside_indexing(&asker, &pictures)?;
    Ok(())
}

/// The same questions while another thread indexes, and while the searcher takes in what that stores.
fn beside_indexing(asker: &Asker<'_>, pictures: &[PathBuf]) -> anyhow::Result<()> {
    let control = Control::new();
    let more = tempfile::tempdir()?;
    for number in 0..BESIDE {
        let picture = &pictures[number % pictures.len()];
        let ending = picture.extension().unwrap_or_default().to_string_lossy();
        // Each ends in its own number: a copy of a known photo would not be embedded again.
        let bytes = [std::fs::read(picture)?, number.to_le_bytes().to_vec()].concat();
        std::fs::write(more.path().join(format!("{number}.{ending}")), bytes)?;
    }
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let (searcher, control) = (asker.searcher, &control);
        let library = Library::open(searcher.library().path())?;
        let folder = more.path().to_owned();
        let run = scope.spawn(move || {
            index(
                &library,
                searcher.puma(),
                &[folder],
                &Options::default(),
                control,
                |_| {},
            )
        });
        let refreshing = scope.spawn(move || {
            let mut longest = Duration::ZERO;
            while !control.is_stopped() {
                let start = Instant::now();
                if searcher.refresh().is_ok_and(|changed| changed) {
                    longest = longest.max(start.elapsed());
                }
                std::thread::sleep(Duration::from_secs(3));
            }
            longest
        });
        std::thread::sleep(Duration::from_secs(5));
        println!("while indexing and refreshing:");
        let result = asker.ask(&|| Some(control.question()));
        anyhow::ensure!(!run.is_finished(), "indexing ended before the questions");
        control.stop();
        let longest = refreshing.join().unwrap_or_default();
        println!("longest refresh beside it {:.0} ms", ms(longest));
        if let Ok(Ok(summary)) = run.join() {
            println!(
                "indexed meanwhile: {} photos in {:.0} s",
                summary.embedded,
                summary.elapsed.as_secs_f64()
            );
        }
        result
    })
}

struct Asker<'a> {
    searcher: &'a Searcher,
    ids: &'a [PhotoId],
    image: RgbImage,
    questions: usize,
}

impl Asker<'_> {
    /// Asks in three ways; `first` makes an indexing run give way. Between questions lies a moment, as with people.
    fn ask<T>(&self, first: &dyn Fn() -> Option<T>) -> anyhow::Result<()> {
        let filter = Filter {
            domains: vec!["folder 1".to_owned(), "folder 2".to_owned()],
            name: "photo 1".to_owned(),
            smallest_bytes: Some(1),
            ..Filter::default()
        };
        let (all, filtered) = (
            Request::top(HITS),
            Request {
                filter,
                ..Request::top(HITS)
            },
        );
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let ways: [(&str, &mut dyn FnMut() -> anyhow::Result<usize>); 3] = [
            ("photo of the library", &mut || {
                let id = self.ids[rng.random_range(0..self.ids.len())];
                Ok(self.searcher.query_photo(id, &all)?.hits.len())
            }),
            ("decoded picture", &mut || {
                Ok(self.searcher.query_image(&self.image, &all)?.hits.len())
            }),
            ("decoded picture, filtered", &mut || {
                Ok(self
                    .searcher
                    .query_image(&self.image, &filtered)?
                    .hits
                    .len())
            }),
        ];
        for (name, way) in ways {
            let mut times = Vec::with_capacity(self.questions);
            for number in 0..self.questions {
                let start = Instant::now();
                let waiting = first();
                let found = way()?;
                times.push(ms(start.elapsed()));
                drop(waiting);
                assert_eq!(found, HITS);
                std::thread::sleep(Duration::from_millis(60 + 37 * (number as u64 % 5)));
            }
            times.sort_by(f64::total_cmp);
            let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
            println!(
                "  {name:<28} p50 {:6.1} ms   p99 {:6.1} ms",
                at(0.5),
                at(0.99)
            );
        }
        Ok(())
    }
}

/// Files to embed: some of each set of the collection, or drawn ones.
fn pictures(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if let Some(root) = std::env::var_os("PUMA_PHOTOS") {
        let mut folders = vec![PathBuf::from(root)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "jpg") {
                    found.push(path);
                }
            }
        }
        found.sort();
        let step = (found.len() / EMBEDDED).max(1);
        return Ok(found.into_iter().step_by(step).take(EMBEDDED).collect());
    }
    for seed in 0..EMBEDDED as u32 {
        let path = folder.join(format!("drawn {seed}.jpg"));
        let wave = |value: u32, phase: u32| ((value * (1 + seed % 7) + phase * 37) % 256) as u8;
        let picture = RgbImage::from_fn(1024, 768, |x, y| {
            Rgb([
                wave(x / 3, seed),
                wave(y / 2, 2 * seed),
                wave((x + y) / 5, 3 * seed),
            ])
        });
        picture.save(&path)?;
        found.push(path);
    }
    Ok(found)
}

fn embedded(puma: &Puma, pictures: &[PathBuf]) -> anyhow::Result<Vec<Embedded>> {
    let mut all = Vec::new();
    for pictures in pictures.chunks(16) {
        let crops: Vec<RgbImage> = pictures
            .iter()
            .map(|path| {
                Ok(evaluation_crop(
                    &read(path, &Limits::default())?,
                    puma.image_size(),
                ))
            })
            .collect::<anyhow::Result<_>>()?;
        all.extend(puma.embed(&crops)?);
    }
    Ok(all)
}

/// Puts photos into a library: rows for files that are not there, each embedded as a mixture of two seeds.
fn fill(
    file: &Path,
    folder: &Path,
    fingerprint: &str,
    seeds: &[Embedded],
    photos: usize,
) -> anyhow::Result<Vec<PhotoId>> {
    let library = Library::open(file)?;
    let root = folder.join("photos");
    std::fs::create_dir(&root)?;
    let root = library.add_root(&root, None)?;
    let mut connection = rusqlite::Connection::open(file)?;
    let rows = connection.transaction()?;
    let mut ids = Vec::with_capacity(photos);
    for number in 0..photos {
        let domain = format!("folder {}", number % 40);
        let path = format!("{domain}/year {}/photo {number}.jpg", number % 9);
        rows.prepare_cached(
            "INSERT INTO photo (root, path, size_bytes, mtime_ns, domain) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(rusqlite::params![
            root.id.0,
            path.as_bytes(),
            100_000 + number as i64,
            1_600_000_000_000_000_000 + number as i64 * 3_600_000_000_000,
            domain
        ])?;
        ids.push(PhotoId(rows.last_insert_rowid()));
    }
    rows.commit()?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let writer = library.writer()?;
    let model = ModelKey::new(fingerprint);
    for ids in ids.chunks(5000) {
        let outcomes: Vec<Outcome> = ids
            .iter()
            .map(|photo| Outcome {
                photo: *photo,
                result: Ok(mixture(seeds, &mut rng)),
            })
            .collect();
        writer.store(&model, &outcomes)?;
    }
    Ok(ids)
}

fn mixture(seeds: &[Embedded], rng: &mut ChaCha8Rng) -> (Vec<f32>, Vec<f32>) {
    let [a, b] = [0; 2].map(|_| &seeds[rng.random_range(0..seeds.len())]);
    let share: f32 = rng.random_range(0.0..1.0);
    let mut mixed: Vec<f32> = a
        .embedding
        .iter()
        .zip(&b.embedding)
        .map(|(a, b)| share * a + (1.0 - share) * b + rng.random_range(-0.05..0.05))
        .collect();
    let length = mixed.iter().map(|value| value * value).sum::<f32>().sqrt();
    mixed.iter_mut().for_each(|value| *value /= length);
    let similarity = a.similarity.iter().zip(&b.similarity);
    (
        mixed,
        similarity
            .map(|(a, b)| share * a + (1.0 - share) * b)
            .collect(),
    )
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
