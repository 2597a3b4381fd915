//! The graph: what comes and goes after it was built, and its cache file.
use super::{by_sorting, clustered, numbers_of};
use puma::index::{Block, CacheError, EF_SEARCH, Graph, Index, Kind, Vectors};
use std::fs;
use std::sync::Arc;

fn graph_of(vectors: &Arc<Vectors>) -> Index {
    Index::with_graph(Arc::clone(vectors), Arc::new(Graph::build(vectors)))
}

#[test]
fn the_graph_agrees_with_the_scan_and_returns_as_many_hits_as_asked_for() {
    let vectors = clustered(3_000, 32, 5);
    let exact = Index::exact(vectors.clone());
    let hnsw = graph_of(&vectors);
    assert_eq!(hnsw.kind(), Kind::Hnsw);
    let queries = clustered(100, 32, 6);
    let (mut found, mut wanted) = (0, 0);
    for query in (0..queries.len()).map(|row| queries.row(row)) {
        let truth = exact.nearest(query, 10, None);
        let hits = hnsw.nearest(query, 10, None);
        found += hits.iter().filter(|hit| truth.contains(hit)).count();
        wanted += truth.len();
        assert_eq!(hnsw.nearest(query, 200, None).len(), 200);
        // More than the graph can promise, and filtered: exactly what the scan says.
        for (k, accept) in [(EF_SEARCH + 100, None), (10, Some(50))] {
            let few = |row: usize| accept.is_none_or(|step| row.is_multiple_of(step));
            let accept: puma::index::Accept<'_> = if k == 10 { Some(&few) } else { None };
            assert_eq!(
                hnsw.nearest(query, k, accept),
                exact.nearest(query, k, accept)
            );
        }
    }
    let recall = found as f64 / wanted as f64;
    assert!(recall >= 0.99, "recall@10 is {recall}");
}

#[test]
fn many_equal_vectors_do_not_trap_the_graph() {
    let mut values = [0.6f32, 0.8].repeat(500);
    values.extend([0.8f32, 0.6].repeat(500));
    let index = graph_of(&Arc::new(Vectors::new(2, values)));
    let hits = index.nearest(&[0.8, 0.6], 150, None);
    assert_eq!(hits.len(), 150);
}

/// Rows of `vectors` by their keys, as a later snapshot has them.
fn later(vectors: &Vectors, keys: &[i64], more: &Vectors) -> Arc<Vectors> {
    let row = |key: &i64| {
        let row = *key as usize;
        match row.checked_sub(vectors.len()) {
            None => vectors.row(row),
            Some(row) => more.row(row),
        }
    };
    let width = vectors.width();
    let blocks = keys.chunks(700).map(|keys| {
        let values = keys.iter().flat_map(row).copied().collect();
        Arc::new(Block::new(width, keys.to_vec(), values))
    });
    Arc::new(Vectors::of_blocks(width, blocks))
}

#[test]
fn a_graph_serves_later_snapshots_what_came_is_found_and_what_went_is_not() {
    let vectors = clustered(2_000, 16, 7);
    let more = clustered(300, 16, 8);
    let graph = Arc::new(Graph::build(&vectors));
    // Every third row has gone, and 300 have come.
    let keys: Vec<i64> = (0..2_300)
        .filter(|key| *key >= 2_000 || key % 3 != 0)
        .collect();
    let now = later(&vectors, &keys, &more);
    let index = Index::with_graph(Arc::clone(&now), graph);
    assert_eq!(index.kind(), Kind::Hnsw);
    let (mut found, mut wanted) = (0, 0);
    for row in (0..now.len()).step_by(11) {
        let query = now.row(row);
        let truth = by_sorting(&now, query, 10, |_| true);
        let hits = numbers_of(&index.nearest(query, 10, None));
        assert_eq!(hits[0], truth[0]);
        // New ones are scanned, so none of them is missed.
        let came = |row: &&usize| keys[**row] >= 2_000;
        assert!(truth.iter().filter(came).all(|row| hits.contains(row)));
        found += hits.iter().filter(|hit| truth.contains(hit)).count();
        wanted += truth.len();
        assert_eq!(index.nearest(query, 150, None).len(), 150);
        let odd = |row: usize| row % 2 == 1;
        assert_eq!(
            numbers_of(&index.nearest(query, 25, Some(&odd))),
            by_sorting(&now, query, 25, odd)
        );
    }
    assert!(found as f64 >= 0.99 * wanted as f64, "{found} of {wanted}");
}

#[test]
fn a_worn_graph_is_not_used_and_a_new_one_is_wanted() {
    let vectors = clustered(4_000, 8, 9);
    let graph = Arc::new(Graph::build(&vectors));
    let keys: Vec<i64> = (2_500..4_000).collect();
    let now = later(&vectors, &keys, &vectors);
    let index = Index::with_graph(Arc::clone(&now), graph);
    assert_eq!(index.kind(), Kind::Exact);
    assert!(index.wants_graph(Kind::Hnsw) && !index.wants_graph(Kind::Exact));
    assert_eq!(
        numbers_of(&index.nearest(now.row(3), 5, None)),
        by_sorting(&now, now.row(3), 5, |_| true)
    );
}

#[test]
fn a_saved_graph_is_read_back_and_gives_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph");
    let vectors = clustered(800, 16, 1);
    let built = Graph::build(&vectors);
    built.save(&file).unwrap();
    let loaded = Graph::load(&file, &vectors).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let [built, loaded] =
        [built, loaded].map(|graph| Index::with_graph(vectors.clone(), Arc::new(graph)));
    for row in 0..50 {
        let query = vectors.row(row);
        assert_eq!(
            built.nearest(query, 20, None),
            loaded.nearest(query, 20, None)
        );
    }
}

#[test]
fn points_of_other_vectors_are_of_no_use_and_too_many_of_them_make_the_graph_stale() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph");
    let vectors = clustered(5_000, 8, 1);
    Graph::build(&vectors).save(&file).unwrap();
    let error = Graph::load(&file, &clustered(5_000, 8, 2)).unwrap_err();
    assert!(matches!(error, CacheError::Stale { .. }), "{error}");
    let error = Graph::load(&file, &clustered(5_000, 16, 1)).unwrap_err();
    assert!(matches!(error, CacheError::Stale { .. }), "{error}");
    // The same keys, but the last 200 vectors are others: as in a library that was put back from a copy.
    let other = clustered(200, 8, 3);
    let mut values: Vec<f32> = (0..4_800)
        .flat_map(|row| vectors.row(row))
        .copied()
        .collect();
    values.extend((0..200).flat_map(|row| other.row(row)));
    let mixed = Arc::new(Vectors::new(8, values));
    let graph = Arc::new(Graph::load(&file, &mixed).unwrap());
    let index = Index::with_graph(mixed.clone(), graph);
    assert_eq!(index.kind(), Kind::Hnsw);
    for row in 4_700..5_000 {
        assert_eq!(index.nearest(mixed.row(row), 1, None)[0].row, row);
    }
}

#[test]
fn a_damaged_cache_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph");
    let vectors = clustered(300, 16, 1);
    Graph::build(&vectors).save(&file).unwrap();
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut middle = whole.clone();
    middle[whole.len() / 2] ^= 0x40;
    for damaged in [
        Vec::new(),
        whole[..39].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        flipped,
        middle,
        b"something else entirely".repeat(20),
    ] {
        fs::write(&file, &damaged).unwrap();
        let error = Graph::load(&file, &vectors).unwrap_err();
        assert!(matches!(error, CacheError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no such folder").join("graph");
    let error = Graph::build(&clustered(50, 16, 1)).save(&file).unwrap_err();
    assert!(error.to_string().contains("no such folder"), "{error}");
}
