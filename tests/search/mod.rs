//! Tests of `search`: queries against a small indexed library, and against `puma eval` on real photos.
mod building;
mod filters;
mod kept;
mod lens;
mod map;
mod real_photos;

use crate::pictures;
use puma::index::Kind;
use puma::library::Library;
use puma::model::Puma;
use puma::photo::{Limits, read};
use puma::pipeline::{Control, Options, index};
use puma::search::{Filter, Request, SearchError, Searcher};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

fn puma() -> Arc<Puma> {
    static PUMA: OnceLock<Arc<Puma>> = OnceLock::new();
    PUMA.get_or_init(|| Arc::new(Puma::shipped(&candle_core::Device::Cpu).unwrap()))
        .clone()
}

struct Place {
    folder: TempDir,
    library: Library,
}

impl Place {
    /// Drawn pictures in `rings/`, golden photos in `golden/`, not indexed yet.
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let place = Place { folder, library };
        for seed in 0..12 {
            pictures::draw(
                &place.photos().join(format!("rings/{seed:02}.png")),
                seed,
                64,
            );
        }
        for name in pictures::GOLDEN {
            pictures::copy(name, &place.photos().join("golden").join(name));
        }
        place
    }

    fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    fn index(&self) {
        let (options, control) = (Options::default(), Control::new());
        index(
            &self.library,
            &puma(),
            &[self.photos()],
            &options,
            &control,
            |_| {},
        )
        .unwrap();
    }

    /// With its graph, if that is wanted.
    fn searcher(&self, kind: Kind) -> Searcher {
        let searcher = Searcher::open(self.library.path(), puma(), kind).unwrap();
        searcher.wait_for_graph();
        searcher
    }
}

#[test]
fn a_picture_finds_itself_first_by_file_by_pixels_and_by_number() {
    let place = Place::new();
    place.index();
    let path = place.photos().join("golden/chelsea.png");
    let image = read(&path, &Limits::default()).unwrap();
    for kind in [Kind::Exact, Kind::Hnsw, Kind::Auto] {
        let searcher = place.searcher(kind);
        let id = place.library.photo_at(&path).unwrap().unwrap();
        for answer in [
            searcher.query_file(&path, &Request::top(5)).unwrap(),
            searcher.query_image(&image, &Request::top(5)).unwrap(),
            searcher.query_photo(id, &Request::top(5)).unwrap(),
        ] {
            assert_eq!(answer.hits.len(), 5);
            assert_eq!((&answer.hits[0].path, answer.hits[0].id), (&path, id));
            assert!((answer.hits[0].score - 1.0).abs() < 1e-4);
            assert_eq!(answer.hits[0].domain, "golden");
            assert_eq!(answer.hits[0].similarity.len(), puma().prompts());
            assert!(
                answer
                    .hits
                    .windows(2)
                    .all(|two| two[0].score >= two[1].score)
            );
            assert_eq!(answer.searched, 17);
        }
    }
}

#[test]
fn both_kinds_of_index_give_the_same_hits_and_the_graph_survives_a_restart() {
    let place = Place::new();
    place.index();
    let (exact, hnsw) = (place.searcher(Kind::Exact), place.searcher(Kind::Hnsw));
    assert_eq!(
        (exact.index_kind(), hnsw.index_kind()),
        (Kind::Exact, Kind::Hnsw)
    );
    let graphs = || {
        fs::read_dir(place.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "hnsw"))
            .collect::<Vec<_>>()
    };
    let [graph] = graphs().try_into().unwrap();
    let written = fs::metadata(&graph).unwrap().modified().unwrap();
    let restarted = place.searcher(Kind::Hnsw);
    assert_eq!(fs::metadata(&graph).unwrap().modified().unwrap(), written);
    fs::write(&graph, b"damaged").unwrap();
    let mended = place.searcher(Kind::Hnsw);
    for photo in place.library.photos(None, 100, exact.model_key()).unwrap() {
        let ask = |searcher: &Searcher| {
            searcher
                .query_photo(photo.id, &Request::top(6))
                .unwrap()
                .hits
        };
        for searcher in [&hnsw, &restarted, &mended] {
            assert_eq!(ask(searcher), ask(&exact));
        }
    }
}

#[test]
fn requests_leave_out_photos_and_keep_to_domains_and_scores() {
    let place = Place::new();
    place.index();
    let path = place.photos().join("golden/coffee.png");
    let id = place.library.photo_at(&path).unwrap().unwrap();
    for kind in [Kind::Exact, Kind::Hnsw] {
        let searcher = place.searcher(kind);
        let ask = |request: &Request| searcher.query_photo(id, request).unwrap().hits;
        let all = ask(&Request::top(100));
        assert_eq!(all.len(), 17);
        let without = Request {
            without: vec![id],
            ..Request::top(100)
        };
        assert_eq!(ask(&without), all[1..]);
        let rings = Request {
            filter: Filter {
                domains: vec!["rings".to_owned()],
                ..Filter::default()
            },
            ..Request::top(100)
        };
        let expected: Vec<_> = all
            .iter()
            .filter(|hit| hit.domain == "rings")
            .cloned()
            .collect();
        assert_eq!(expected.len(), 12);
        assert_eq!(ask(&rings), expected);
        let near = Request {
            filter: Filter {
                minimum_score: Some(all[3].score),
                ..Filter::default()
            },
            ..Request::top(100)
        };
        assert!(ask(&near).len() >= 4);
        assert!(ask(&near).iter().all(|hit| hit.score >= all[3].score));
    }
}

#[test]
fn a_refresh_takes_in_what_was_indexed_and_forgets_what_is_gone() {
    let place = Place::new();
    place.index();
    let searcher = place.searcher(Kind::Auto);
    let clone = searcher.clone();
    assert!(!searcher.refresh().unwrap());
    let new = place.photos().join("rings/new.png");
    pictures::draw(&new, 77, 64);
    fs::remove_file(place.photos().join("rings/00.png")).unwrap();
    place.index();
    // Before the refresh the photo that is gone is no hit any more, and nothing fails.
    let before = searcher.query_file(&new, &Request::top(100)).unwrap();
    assert_eq!(before.hits.len(), 16);
    assert!(searcher.refresh().unwrap());
    assert!(!clone.refresh().unwrap());
    let after = clone.query_file(&new, &Request::top(100)).unwrap();
    assert_eq!(after.hits.len(), 17);
    assert_eq!(after.hits[0].path, new);
}

#[test]
fn after_a_refresh_the_graph_goes_on_and_what_it_does_not_hold_is_scanned() {
    let place = Place::new();
    place.index();
    let searcher = place.searcher(Kind::Hnsw);
    let new = place.photos().join("rings/new.png");
    pictures::draw(&new, 77, 64);
    place.index();
    fs::remove_file(place.photos().join("rings/03.png")).unwrap();
    place.index();
    searcher.refresh().unwrap();
    assert_eq!(searcher.index_kind(), Kind::Hnsw);
    let ask = |searcher: &Searcher| searcher.query_file(&new, &Request::top(30)).unwrap().hits;
    assert_eq!(ask(&searcher)[0].path, new);
    assert_eq!(ask(&searcher), ask(&place.searcher(Kind::Exact)));
    assert_eq!(ask(&searcher), ask(&place.searcher(Kind::Hnsw)));
    // Another wish takes effect without a new searcher.
    searcher.set_kind(Kind::Auto);
    assert_eq!(searcher.index_kind(), Kind::Exact);
    searcher.set_kind(Kind::Hnsw);
    searcher.wait_for_graph();
    assert_eq!(searcher.index_kind(), Kind::Hnsw);
}

#[test]
fn profiles_are_the_means_over_the_photos_of_each_domain() {
    let place = Place::new();
    place.index();
    let searcher = place.searcher(Kind::Exact);
    let profiles = searcher.profiles();
    let names: Vec<_> = profiles
        .iter()
        .map(|profile| (profile.domain.as_str(), profile.count))
        .collect();
    assert_eq!(names, [("golden", 5), ("rings", 12)]);
    let photos = place
        .library
        .photos(None, 100, searcher.model_key())
        .unwrap();
    let rings: Vec<_> = photos
        .iter()
        .filter(|photo| photo.domain == "rings")
        .map(|photo| photo.similarity.as_ref().unwrap())
        .collect();
    for (prompt, mean) in profiles[1].mean.iter().enumerate() {
        let expected = rings.iter().map(|row| row[prompt]).sum::<f32>() / 12.0;
        assert!((mean - expected).abs() < 1e-5);
    }
}

#[test]
fn a_library_that_cannot_answer_says_why() {
    let place = Place::new();
    let missing = Searcher::open(
        &place.folder.path().join("other.sqlite"),
        puma(),
        Kind::Auto,
    );
    assert!(missing.err().unwrap().to_string().contains("puma index"));
    let searcher = place.searcher(Kind::Hnsw);
    assert!(matches!(searcher.ready(), Err(SearchError::Empty { .. })));
    let chelsea = pictures::golden("chelsea.png");
    assert_eq!(
        searcher
            .query_file(&chelsea, &Request::top(5))
            .unwrap()
            .hits,
        []
    );
    place.library.add_root(&place.photos(), None).unwrap();
    place.index();
    searcher.refresh().unwrap();
    searcher.ready().unwrap();
    let error = searcher
        .query_file(&place.photos().join("none.png"), &Request::top(5))
        .unwrap_err();
    assert!(error.to_string().contains("none.png"), "{error}");
    assert!(
        searcher
            .query_photo(puma::library::PhotoId(9999), &Request::top(5))
            .is_err()
    );
}

#[test]
fn queries_are_answered_from_several_threads_while_the_library_grows() {
    let place = Place::new();
    place.index();
    let searcher = place.searcher(Kind::Auto);
    let path = place.photos().join("golden/rocket.png");
    let id = place.library.photo_at(&path).unwrap().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let searcher = searcher.clone();
            let path = &path;
            scope.spawn(move || {
                for _ in 0..200 {
                    let answer = searcher.query_photo(id, &Request::top(3)).unwrap();
                    assert_eq!(&answer.hits[0].path, path);
                }
            });
        }
        for round in 0..3 {
            pictures::draw(
                &place.photos().join(format!("rings/more{round}.png")),
                90 + round,
                64,
            );
            place.index();
            searcher.refresh().unwrap();
        }
    });
    assert_eq!(searcher.len(), 20);
}
