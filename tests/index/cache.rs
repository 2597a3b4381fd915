//! The graph's cache file: taken when it fits, rebuilt silently when it does not.
use super::clustered;
use puma::index::{AUTO_HNSW_FROM, CacheError, Hnsw, Index, Kind};
use std::fs;

#[test]
fn a_saved_graph_is_read_back_and_gives_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph");
    let vectors = clustered(800, 16, 1);
    let built = Hnsw::build(vectors.clone());
    built.save(&file).unwrap();
    let loaded = Hnsw::load(&file, &vectors).unwrap();
    for row in 0..50 {
        let query = vectors.row(row);
        assert_eq!(
            built.nearest(query, 20, None),
            loaded.nearest(query, 20, None)
        );
    }
}

#[test]
fn the_graph_of_other_vectors_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph");
    Hnsw::build(clustered(300, 16, 1)).save(&file).unwrap();
    let other = clustered(300, 16, 2);
    let error = Hnsw::load(&file, &other).unwrap_err();
    assert!(matches!(error, CacheError::Stale { .. }), "{error}");
    let index = Index::open(other.clone(), Kind::Hnsw, Some(&file));
    assert_eq!(index.nearest(other.row(7), 1, None)[0].row, 7);
    // The new graph has taken the old one's place.
    Hnsw::load(&file, &other).unwrap();
}

#[test]
fn a_damaged_cache_is_found_out_and_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph");
    let vectors = clustered(300, 16, 1);
    Hnsw::build(vectors.clone()).save(&file).unwrap();
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut middle = whole.clone();
    middle[whole.len() / 2] ^= 0x40;
    for damaged in [
        Vec::new(),
        whole[..40].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        flipped,
        middle,
        b"something else entirely".repeat(20),
    ] {
        fs::write(&file, &damaged).unwrap();
        let error = Hnsw::load(&file, &vectors).unwrap_err();
        assert!(matches!(error, CacheError::Damaged { .. }), "{error}");
        let index = Index::open(vectors.clone(), Kind::Hnsw, Some(&file));
        assert_eq!(index.kind(), Kind::Hnsw);
        assert_eq!(index.nearest(vectors.row(5), 1, None)[0].row, 5);
        Hnsw::load(&file, &vectors).unwrap();
    }
}

#[test]
fn auto_scans_small_libraries_even_if_a_graph_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph");
    let vectors = clustered(300, 16, 1);
    assert!(vectors.len() < AUTO_HNSW_FROM);
    Hnsw::build(vectors.clone()).save(&file).unwrap();
    let index = Index::open(vectors, Kind::Auto, Some(&file));
    assert_eq!(index.kind(), Kind::Exact);
}

#[test]
fn a_cache_that_cannot_be_written_costs_nothing_but_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no such folder").join("graph");
    let vectors = clustered(50, 16, 1);
    let index = Index::open(vectors.clone(), Kind::Hnsw, Some(&file));
    assert_eq!(index.nearest(vectors.row(5), 1, None)[0].row, 5);
}
