//! `kill -9` at random moments of indexing.
use super::{draw, is_whole, library_file, place, places, seed};
use crate::cli::Place;
use puma::photo::THUMBNAIL_SIDE_PX;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

const KILLS: usize = 60;
/// Photos that a batch holds.
const BATCH: usize = 4;
/// Photos that are drawn whenever all before are embedded.
const MORE: u32 = 150;
/// The latest moments of a kill from the start of the program: about the start of its work, and well into it even where
/// the machine is slow.
const LATEST_MS: [u64; 2] = [250, 800];

/// What the runs said of the photos they worked on, by their numbers.
#[derive(Default)]
struct Account {
    /// How often each was given to the model.
    embedded: BTreeMap<i64, usize>,
    stored: BTreeSet<i64>,
    /// Given to the model by a run that was killed before they were stored.
    in_flight: BTreeSet<i64>,
}

impl Account {
    /// Takes in what one run said until it was killed.
    fn take(&mut self, log: &str) {
        let mut open = BTreeSet::new();
        for line in log.lines() {
            let Some((said, numbers)) = line.split_once("photos=[") else {
                continue;
            };
            let numbers: BTreeSet<i64> = numbers
                .trim_end_matches(']')
                .split(", ")
                .filter_map(|number| number.parse().ok())
                .collect();
            if said.contains("stored") {
                open.clear();
                self.stored.extend(numbers);
            } else {
                for &photo in &numbers {
                    *self.embedded.entry(photo).or_default() += 1;
                    assert!(
                        !self.stored.contains(&photo),
                        "{photo} is embedded though it is stored"
                    );
                    let again = self.embedded[&photo] > 1;
                    assert!(
                        !again || self.in_flight.contains(&photo),
                        "{photo} is embedded again"
                    );
                }
                open = numbers;
            }
        }
        assert!(open.len() <= BATCH);
        self.in_flight.extend(open);
    }

    fn embedded_again(&self) -> usize {
        self.embedded.values().map(|times| times - 1).sum()
    }
}

/// Runs `puma index` and kills it after that time; gives what it said, and whether it was still at work.
fn killed(place: &Place, after: Duration) -> (String, bool) {
    let log = place.folder.path().join("log");
    let mut child = place
        .command()
        .args(["index", "photos", "--batch", &BATCH.to_string()])
        .envs([("RUST_LOG", "puma::pipeline=debug"), ("NO_COLOR", "1")])
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    let at_work = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    (fs::read_to_string(log).unwrap(), at_work)
}

/// The numbers of the photos that are embedded, and how many embeddings were ever stored.
fn catalogue(place: &Place) -> (BTreeSet<i64>, usize) {
    let file = library_file(place);
    if fs::metadata(&file).map_or(0, |facts| facts.len()) == 0 {
        return (BTreeSet::new(), 0);
    }
    is_whole(&file);
    let catalogue = Connection::open(&file).unwrap();
    let numbers = || -> rusqlite::Result<(BTreeSet<i64>, usize)> {
        let photos = catalogue
            .prepare("SELECT photo FROM embedding")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let ever = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'embedding'";
        Ok((
            photos,
            catalogue.query_row(ever, [], |row| row.get::<_, i64>(0))? as usize,
        ))
    };
    match numbers() {
        Ok(numbers) => numbers,
        // Killed before the tables were made.
        Err(error) if error.to_string().contains("no such table") => (BTreeSet::new(), 0),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn runs_killed_at_random_moments_lose_nothing_and_repeat_one_batch_at_most() {
    let place = place();
    let mut rng = ChaCha8Rng::seed_from_u64(seed("killed"));
    let mut drawn = MORE;
    draw(&place, 0..drawn);
    let mut account = Account::default();
    let mut kills = 0;
    while kills < KILLS {
        let latest = LATEST_MS[rng.random_range(0..LATEST_MS.len())];
        let after = Duration::from_millis(rng.random_range(0..latest));
        let (log, at_work) = killed(&place, after);
        kills += usize::from(at_work);
        account.take(&log);
        let (photos, ever) = catalogue(&place);
        let missing: Vec<_> = account.stored.difference(&photos).collect();
        assert!(missing.is_empty(), "stored and not there: {missing:?}");
        assert_eq!(photos.len(), ever, "a photo is stored twice");
        if photos.len() + 2 * BATCH > drawn as usize {
            draw(&place, drawn..drawn + MORE);
            drawn += MORE;
        }
    }
    let said = place.done(&["index", "photos"]);
    assert!(said.starts_with(&format!("{drawn} photos found")), "{said}");
    let (photos, ever) = catalogue(&place);
    assert_eq!((photos.len(), ever), (drawn as usize, drawn as usize));
    let again = account.embedded_again();
    println!("{kills} kills, {drawn} photos, {again} embedded again");
    assert!(again <= BATCH * kills);
    thumbnails_are_whole(&place);
}

/// A file under a thumbnail's name is a whole picture.
fn thumbnails_are_whole(place: &Place) {
    let thumbnails = places(place).thumbnails();
    let mut whole = 0;
    for folder in fs::read_dir(thumbnails).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "jpg") {
                let picture = image::open(&path).unwrap();
                assert!(picture.width().max(picture.height()) <= THUMBNAIL_SIDE_PX);
                whole += 1;
            }
        }
    }
    assert!(whole > 0);
}
