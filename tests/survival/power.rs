//! Power cuts: the disk holds what was synced, and anything or nothing of what came after.
use super::{draw, embedded, is_whole, key, library_file, place, seed, tiny};
use crate::cli::Place;
use puma::library::ModelKey;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const PHOTOS: u32 = 400;
const BATCH: usize = 4;
/// Photos that are stored before the program is killed.
const STORED: usize = 60;
/// Sizes of SQLite's journal: its header, the header of a page in it, and a page.
const HEADER: usize = 32;
const PAGE_HEADER: usize = 24;
const PAGE: usize = 4096;
/// A disk that others keep busy may take long to sync.
const PATIENCE: Duration = Duration::from_secs(300);
/// Cuts at random places.
const CUTS: usize = 60;

/// A library whose journal was never taken into the main file: its program was killed.
struct Cut {
    place: Place,
    model: ModelKey,
    main: Vec<u8>,
    journal: Vec<u8>,
    /// Where each transaction ends in the journal.
    commits: Vec<usize>,
}

impl Cut {
    fn new() -> Cut {
        let place = place();
        draw(&place, 0..PHOTOS);
        let (file, model) = (library_file(&place), key(&tiny(&place)));
        let mut child = place
            .command()
            .args([
                "index",
                "photos",
                "--no-thumbnails",
                "--batch",
                &BATCH.to_string(),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while !file.exists() || embedded(&file, &model) < STORED {
            assert!(start.elapsed() < PATIENCE, "nothing is stored");
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let journal = fs::read(super_name(&file, "-wal")).unwrap();
        let commits = commits(&journal);
        Cut {
            main: fs::read(&file).unwrap(),
            place,
            model,
            journal,
            commits,
        }
    }

    /// Photos that are embedded when the disk holds these files; the library has to be whole.
    fn embedded(&self, main: &[u8], journal: &[u8]) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let file = self.write(folder.path(), main, journal);
        let embedded = embedded(&file, &self.model);
        is_whole(&file);
        embedded
    }

    fn write(&self, folder: &Path, main: &[u8], journal: &[u8]) -> PathBuf {
        let file = folder.join("library.sqlite");
        fs::write(&file, main).unwrap();
        fs::write(super_name(&file, "-wal"), journal).unwrap();
        file
    }
}

fn super_name(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Where the pages that end a transaction end, in a journal that was begun once; their headers name the file's size.
fn commits(journal: &[u8]) -> Vec<usize> {
    let salt = &journal[16..24];
    let mut commits = Vec::new();
    let mut at = HEADER;
    while at + PAGE_HEADER + PAGE <= journal.len() && journal[at + 8..at + 16] == *salt {
        let ends = journal[at + 4..at + 8] != [0; 4];
        at += PAGE_HEADER + PAGE;
        if ends {
            commits.push(at);
        }
    }
    commits
}

#[test]
fn a_power_cut_costs_the_last_batch_at_most() {
    let cut = Cut::new();
    let last = cut.commits.len() - 1;
    // Only the end of the journal is not yet synced: from the last commit that counts on.
    let counts: Vec<usize> = cut.commits[last - 12..]
        .iter()
        .map(|end| cut.embedded(&cut.main, &cut.journal[..*end]))
        .collect();
    println!("embedded after each of the last transactions: {counts:?}");
    assert!(counts.is_sorted() && *counts.last().unwrap() >= STORED);
    assert!(
        counts.windows(2).all(|two| two[1] - two[0] <= BATCH),
        "{counts:?}"
    );

    let mut rng = ChaCha8Rng::seed_from_u64(seed("power cuts"));
    for _ in 0..CUTS {
        let commit = rng.random_range(last - 12..last);
        let (from, to) = (cut.commits[commit], cut.commits[commit + 1]);
        let at = rng.random_range(from..to);
        let mut journal = cut.journal[..at].to_vec();
        match rng.random_range(0..3) {
            0 => {}
            // A file system may have noted the new length, and not what belongs there.
            1 => journal.resize(to, 0),
            _ => journal.extend((at..to).map(|_| rng.random::<u8>())),
        }
        assert_eq!(
            cut.embedded(&cut.main, &journal),
            counts[commit + 12 - last],
            "cut at {at}, between the commits at {from} and {to}"
        );
    }
}

#[test]
fn a_power_cut_while_the_journal_is_taken_in_costs_nothing() {
    let cut = Cut::new();
    let end = *cut.commits.last().unwrap();
    let whole = cut.embedded(&cut.main, &cut.journal);
    let mut rng = ChaCha8Rng::seed_from_u64(seed("half written pages"));
    for _ in 0..10 {
        let mut main = cut.main.clone();
        for frame in cut.journal[HEADER..end].chunks_exact(PAGE_HEADER + PAGE) {
            let number = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
            let at = (number - 1) * PAGE;
            if rng.random_bool(0.5) {
                main.resize(main.len().max(at + PAGE), 0);
                // The disk wrote a part of the page.
                let part = rng.random_range(1..=8) * PAGE / 8;
                main[at..at + part].copy_from_slice(&frame[PAGE_HEADER..PAGE_HEADER + part]);
            }
        }
        assert_eq!(cut.embedded(&main, &cut.journal), whole);
    }
}

#[test]
fn indexing_goes_on_after_a_power_cut() {
    let cut = Cut::new();
    let file = library_file(&cut.place);
    let before = cut.commits[cut.commits.len() - 2];
    let kept = cut.embedded(&cut.main, &cut.journal[..before]);
    fs::remove_file(super_name(&file, "-shm")).unwrap();
    cut.write(
        file.parent().unwrap(),
        &cut.main,
        &cut.journal[..before + 100],
    );
    let said = cut.place.done(&["index", "photos"]);
    let expected = format!(
        "{PHOTOS} photos found: {} embedded, {kept} unchanged",
        PHOTOS as usize - kept
    );
    assert!(said.starts_with(&expected), "{said}");
    is_whole(&file);
}
