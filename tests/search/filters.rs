//! Filters inside the search, lists without a question, duplicates and histograms.
use super::{Place, puma};
use crate::pictures;
use puma::index::Kind;
use puma::photo::Format;
use puma::search::{Filter, Hit, NEAR_DUPLICATE, Order, PhotoFacts, Request, Searcher};
use std::fs;

fn indexed() -> (Place, Searcher) {
    let place = Place::new();
    place.index();
    let searcher = place.searcher(Kind::Exact);
    (place, searcher)
}

fn ask(searcher: &Searcher, place: &Place, k: usize, filter: Filter) -> puma::search::Answer {
    let path = place.photos().join("golden/coffee.png");
    let id = place.library.photo_at(&path).unwrap().unwrap();
    let request = Request {
        filter,
        ..Request::top(k)
    };
    searcher.query_photo(id, &request).unwrap()
}

#[test]
fn a_filtered_question_finds_the_true_filtered_neighbours() {
    let (place, searcher) = indexed();
    let all = ask(&searcher, &place, 100, Filter::default()).hits;
    let middle = {
        let mut sizes: Vec<u64> = all.iter().map(|hit| hit.bytes).collect();
        sizes.sort();
        sizes[sizes.len() / 2]
    };
    let moment = all[3].taken;
    type Holds = Box<dyn Fn(&PhotoFacts) -> bool>;
    let cases: Vec<(Filter, Holds)> = vec![
        (
            Filter {
                folders: vec![place.photos().join("rings")],
                ..Filter::default()
            },
            Box::new(|facts| facts.domain == "rings"),
        ),
        (
            Filter {
                name: "Rings 1".to_owned(),
                ..Filter::default()
            },
            Box::new(|facts| {
                facts.domain == "rings"
                    && facts
                        .path
                        .to_string_lossy()
                        .rsplit('/')
                        .next()
                        .unwrap()
                        .contains('1')
            }),
        ),
        (
            Filter {
                smallest_bytes: Some(middle),
                formats: vec![Format::Png],
                ..Filter::default()
            },
            Box::new(move |facts| facts.bytes >= middle),
        ),
        (
            Filter {
                largest_bytes: Some(middle),
                from: Some(moment),
                ..Filter::default()
            },
            Box::new(move |facts| facts.bytes <= middle && facts.taken >= moment),
        ),
        (
            Filter {
                before: Some(moment),
                ..Filter::default()
            },
            Box::new(move |facts| facts.taken < moment),
        ),
        (
            Filter {
                formats: vec![Format::Jpeg],
                ..Filter::default()
            },
            Box::new(|_| false),
        ),
    ];
    for (filter, holds) in cases {
        let expected: Vec<&Hit> = all.iter().filter(|hit| holds(hit)).collect();
        // Fewer than there are: the nearest of those that pass, not what passes of the nearest.
        let k = expected.len().min(3);
        let answer = ask(&searcher, &place, k, filter.clone());
        assert_eq!(
            answer.hits.iter().collect::<Vec<_>>(),
            expected[..k],
            "{filter:?}"
        );
        assert_eq!(answer.passed, expected.len(), "{filter:?}");
        assert_eq!(
            answer.histogram.counts.iter().sum::<u32>() as usize,
            expected.len()
        );
        assert_eq!(answer.searched, 17);
        assert_eq!(
            searcher.browse(Order::Folder, &filter).len(),
            expected.len()
        );
    }
}

#[test]
fn the_histogram_counts_what_a_minimum_would_leave() {
    let (place, searcher) = indexed();
    let all = ask(&searcher, &place, 100, Filter::default());
    for edge in [120, 150, 190] {
        let minimum = all.histogram.edge(edge);
        let filter = Filter {
            minimum_score: Some(minimum),
            ..Filter::default()
        };
        let cut = ask(&searcher, &place, 100, filter);
        assert_eq!(
            cut.hits.len() as u32,
            all.histogram.counts[edge..].iter().sum::<u32>()
        );
        assert_eq!(cut.histogram, all.histogram);
    }
}

#[test]
fn lists_are_in_order_and_in_sections() {
    let (place, searcher) = indexed();
    let listing = searcher.browse(Order::Folder, &Filter::default());
    let paths: Vec<_> = (0..listing.len())
        .map(|at| listing.facts(at).unwrap().path.clone())
        .collect();
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(paths, sorted);
    let titles: Vec<_> = listing
        .sections()
        .iter()
        .map(|section| (section.first, section.title.clone()))
        .collect();
    let title = |name: &str| place.photos().join(name).display().to_string();
    assert_eq!(titles, [(0, title("golden")), (5, title("rings"))]);
    assert!(listing.facts(17).is_none());

    let newest = searcher.browse(Order::Newest, &Filter::default());
    let oldest = searcher.browse(Order::Oldest, &Filter::default());
    let dates = |listing: &puma::search::Listing| -> Vec<_> {
        (0..listing.len())
            .map(|at| listing.facts(at).unwrap().taken)
            .collect()
    };
    assert!(dates(&newest).is_sorted_by(|a, b| a >= b));
    assert!(dates(&oldest).is_sorted());
    assert!(!oldest.sections().is_empty());
}

#[test]
fn the_photos_that_call_a_prompt_most_come_first() {
    let (_place, searcher) = indexed();
    for prompt in [0, 7] {
        let listing = searcher.strongest(Some("rings"), prompt, &Filter::default());
        assert_eq!(listing.len(), 12);
        let values: Vec<f32> = (0..12).map(|at| listing.value(at).unwrap()).collect();
        assert!(values.is_sorted_by(|a, b| a >= b));
        assert_eq!(values[0], listing.similarity(0)[prompt]);
        assert_eq!(
            searcher.strongest(None, prompt, &Filter::default()).len(),
            17
        );
    }
    assert!(
        searcher
            .strongest(None, puma().prompts(), &Filter::default())
            .is_empty()
    );
}

#[test]
fn near_duplicates_are_grouped_under_the_best() {
    let place = Place::new();
    let cat = image::open(place.photos().join("golden/chelsea.png"))
        .unwrap()
        .into_rgb8();
    fs::create_dir_all(place.photos().join("copies")).unwrap();
    let copy = |name: &str| place.photos().join("copies").join(name);
    cat.save(copy("again.jpg")).unwrap();
    image::imageops::resize(&cat, 300, 200, image::imageops::FilterType::CatmullRom)
        .save(copy("smaller.png"))
        .unwrap();
    place.index();
    let searcher = place.searcher(Kind::Exact);
    let answer = searcher.query_image(&cat, &Request::top(100)).unwrap();
    let [group] = answer.groups.as_slice() else {
        panic!("{:?}", answer.groups);
    };
    assert_eq!(group, &[0, 1, 2]);
    assert!(answer.hits[3].score < NEAR_DUPLICATE);
}

#[test]
fn a_refreshed_searcher_answers_as_a_fresh_one() {
    let (place, searcher) = indexed();
    for seed in [31, 32] {
        pictures::draw(&place.photos().join(format!("more/{seed}.png")), seed, 64);
    }
    fs::remove_file(place.photos().join("rings/05.png")).unwrap();
    pictures::draw(&place.photos().join("rings/07.png"), 99, 80);
    place.index();
    assert!(searcher.refresh().unwrap());
    let fresh = place.searcher(Kind::Exact);
    let (old, new) = (
        ask(&searcher, &place, 100, Filter::default()),
        ask(&fresh, &place, 100, Filter::default()),
    );
    assert_eq!(old.hits, new.hits);
    assert_eq!(old.hits.len(), 18);
    assert_eq!(searcher.profiles(), fresh.profiles());
}
