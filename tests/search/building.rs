//! A graph that takes long to build: nobody waits for it.
use super::{Place, puma};
use puma::index::Kind;
use puma::library::{Outcome, PhotoId};
use puma::search::{Request, Searcher};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, params};

/// Rows of which a graph is not built in a moment.
const ROWS: usize = 2_500;

/// Puts embeddings of photos into the catalogue that are nowhere on the disk.
fn fill(place: &Place) -> Vec<PhotoId> {
    let root = place.library.add_root(&place.photos(), None).unwrap().id.0;
    let mut connection = Connection::open(place.library.path()).unwrap();
    let rows = connection.transaction().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let outcomes: Vec<Outcome> = (0..ROWS)
        .map(|number| {
            let path = format!("many/{number}.jpg");
            rows.execute(
                "INSERT INTO photo (root, path, size_bytes, mtime_ns, domain) VALUES (?1, ?2, 1, 1, 'many')",
                params![root, path.as_bytes()],
            )
            .unwrap();
            let values: Vec<f32> = (0..128).map(|_| rng.random_range(-1.0..1.0)).collect();
            let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
            let embedding = values.iter().map(|value| value / length).collect();
            Outcome {
                photo: PhotoId(rows.last_insert_rowid()),
                result: Ok((embedding, vec![0.0; puma().prompts()])),
            }
        })
        .collect();
    rows.commit().unwrap();
    let key = puma::library::ModelKey::new(puma().fingerprint());
    place
        .library
        .writer()
        .unwrap()
        .store(&key, &outcomes)
        .unwrap();
    outcomes.iter().map(|outcome| outcome.photo).collect()
}

#[test]
fn neither_the_scan_nor_the_end_waits_for_a_graph_in_the_making() {
    let place = Place::new();
    let photos = fill(&place);
    // What is written when a graph is done.
    let is_built = || {
        std::fs::read_dir(place.folder.path())
            .unwrap()
            .any(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .contains(".hnsw")
            })
    };
    let searcher = Searcher::open(place.library.path(), puma(), Kind::Hnsw).unwrap();
    let ask = || searcher.query_photo(photos[7], &Request::top(20)).unwrap();
    let meanwhile = ask();
    assert_eq!(meanwhile.index, Kind::Exact);
    searcher.set_kind(Kind::Exact);
    let scanned = ask();
    assert_eq!(
        (scanned.index, &scanned.hits),
        (Kind::Exact, &meanwhile.hits)
    );
    assert_eq!(scanned.hits[0].id, photos[7]);
    assert!(
        !is_built(),
        "the graph was waited for, or this test needs more rows"
    );
    // Nor is it put to use when it is done and nobody wishes it any more.
    searcher.wait_for_graph();
    assert!(is_built());
    assert_eq!(searcher.index_kind(), Kind::Exact);
    searcher.set_kind(Kind::Hnsw);
    searcher.wait_for_graph();
    assert_eq!(searcher.index_kind(), Kind::Hnsw);

    for file in std::fs::read_dir(place.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().contains(".hnsw") {
            std::fs::remove_file(path).unwrap();
        }
    }
    drop(Searcher::open(place.library.path(), puma(), Kind::Hnsw).unwrap());
    assert!(!is_built(), "the end waited for the graph");
}
