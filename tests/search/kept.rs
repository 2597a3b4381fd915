//! The file that makes a restart quick: used when it is right, passed over when it is not, and never wrong.
use super::{Place, puma};
use crate::pictures;
use puma::index::Kind;
use puma::library::Library;
use puma::search::{Answer, Filter, Order, Request, Searcher};
use std::fs;
use std::path::PathBuf;

/// What searches, filters and lists give.
fn told(searcher: &Searcher) -> (Vec<Answer>, Vec<puma::search::PhotoFacts>) {
    let photos = searcher
        .library()
        .photos(None, 100, searcher.model_key())
        .unwrap();
    let filtered = Request {
        filter: Filter {
            name: "rings 1".to_owned(),
            ..Filter::default()
        },
        ..Request::top(5)
    };
    let answers = photos
        .iter()
        .flat_map(|photo| [(photo.id, Request::top(100)), (photo.id, filtered.clone())])
        .map(|(id, request)| {
            let mut answer = searcher.query_photo(id, &request).unwrap();
            answer.search_time = Default::default();
            answer
        })
        .collect();
    let listing = searcher.browse(Order::Newest, &Filter::default());
    let facts = (0..listing.len())
        .map(|at| listing.facts(at).unwrap().clone())
        .collect();
    (answers, facts)
}

fn file(place: &Place) -> PathBuf {
    let mut files = fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".rows"));
    let file = files.next().unwrap();
    assert_eq!(files.next(), None);
    file
}

/// What a fresh searcher tells that has no file to go by.
fn truth(place: &Place) -> (Vec<Answer>, Vec<puma::search::PhotoFacts>) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("library.sqlite");
    rusqlite::Connection::open(place.library.path())
        .unwrap()
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    told(&Searcher::open(&copy, puma(), Kind::Exact).unwrap())
}

fn kept() -> Place {
    let place = Place::new();
    place.index();
    let searcher = place.searcher(Kind::Exact);
    searcher.keep(100);
    assert!(!fs::read_dir(place.folder.path()).unwrap().any(|entry| {
        let name = entry.unwrap().file_name();
        name.to_string_lossy().contains(".rows")
    }));
    searcher.keep(1);
    file(&place);
    place
}

#[test]
fn a_restart_with_the_file_tells_the_same_whatever_changed_meanwhile() {
    let place = kept();
    assert_eq!(told(&place.searcher(Kind::Exact)), truth(&place));
    // Photos that came, went, changed and were left alone.
    pictures::draw(&place.photos().join("more/1.png"), 31, 64);
    pictures::draw(&place.photos().join("rings/07.png"), 99, 80);
    fs::remove_file(place.photos().join("rings/05.png")).unwrap();
    place.index();
    let searcher = place.searcher(Kind::Exact);
    assert_eq!(searcher.len(), 17);
    assert_eq!(told(&searcher), truth(&place));
    let before = fs::metadata(file(&place)).unwrap().modified().unwrap();
    searcher.keep(1);
    assert!(fs::metadata(file(&place)).unwrap().modified().unwrap() > before);
    assert_eq!(told(&place.searcher(Kind::Exact)), truth(&place));
    // What is kept is up to date.
    let before = fs::metadata(file(&place)).unwrap().modified().unwrap();
    place.searcher(Kind::Exact).keep(1);
    assert_eq!(
        fs::metadata(file(&place)).unwrap().modified().unwrap(),
        before
    );
}

#[test]
fn a_damaged_file_is_passed_over_and_replaced() {
    let place = kept();
    let truth = truth(&place);
    let whole = fs::read(file(&place)).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let end = whole.len();
    for damaged in [
        Vec::new(),
        b"something else entirely".repeat(20),
        whole[..end / 2].to_vec(),
        whole[1..].to_vec(),
        flipped(3),
        flipped(end / 2),
        flipped(end - 100),
        flipped(end - 48),
        flipped(end - 41),
        flipped(end - 20),
        flipped(end - 1),
    ] {
        fs::write(file(&place), damaged).unwrap();
        let searcher = place.searcher(Kind::Exact);
        assert_eq!(told(&searcher), truth);
        searcher.keep(1);
        assert_eq!(fs::read(file(&place)).unwrap(), whole);
    }
}

#[test]
fn a_library_that_was_put_back_from_a_copy_is_not_taken_for_the_one_that_was_kept() {
    let place = Place::new();
    place.index();
    let copy = place.folder.path().join("copy");
    rusqlite::Connection::open(place.library.path())
        .unwrap()
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    let draw = |place: &Place, seeds: std::ops::Range<u32>| {
        for seed in seeds {
            pictures::draw(&place.photos().join(format!("new/{seed}.png")), seed, 64);
        }
        place.index();
    };
    draw(&place, 200..203);
    place.searcher(Kind::Exact).keep(1);
    // The catalogue as it was, which then gives the same numbers to other photos.
    let Place { folder, library } = place;
    let path = library.path().to_owned();
    drop(library);
    for ending in ["-wal", "-shm"] {
        let _none = fs::remove_file(format!("{}{ending}", path.display()));
    }
    fs::rename(&copy, &path).unwrap();
    let library = Library::open(&path).unwrap();
    let place = Place { folder, library };
    fs::remove_dir_all(place.photos().join("new")).unwrap();
    draw(&place, 250..255);
    let searcher = place.searcher(Kind::Exact);
    assert_eq!(searcher.len(), 22);
    assert_eq!(told(&searcher), truth(&place));
}
