//! Both kinds of index against a plain sort.
use super::clustered;
use puma::index::{EF_SEARCH, Hnsw, Index, Kind, Neighbour, Vectors};
use std::sync::Arc;

/// The definition: score every row in f64, sort, equal scores by row.
fn by_sorting(
    vectors: &Vectors,
    query: &[f32],
    k: usize,
    accept: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut rows: Vec<(f64, usize)> = (0..vectors.len())
        .filter(|row| accept(*row))
        .map(|row| {
            let products = vectors.row(row).iter().zip(query);
            let score = products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            (score, row)
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    rows.into_iter().take(k).map(|(_, row)| row).collect()
}

fn rows(neighbours: &[Neighbour]) -> Vec<usize> {
    neighbours.iter().map(|neighbour| neighbour.row).collect()
}

#[test]
fn the_scan_gives_what_sorting_gives() {
    let vectors = clustered(5_000, 33, 1);
    let index = Index::exact(vectors.clone());
    let queries = clustered(20, 33, 2);
    for query in (0..queries.len()).map(|row| queries.row(row)) {
        for k in [1, 10, 300] {
            assert_eq!(
                rows(&index.nearest(query, k, None)),
                by_sorting(&vectors, query, k, |_| true)
            );
        }
        let odd = |row: usize| row % 2 == 1;
        assert_eq!(
            rows(&index.nearest(query, 25, Some(&odd))),
            by_sorting(&vectors, query, 25, odd)
        );
    }
}

#[test]
fn scores_are_cosines_and_a_vector_is_its_own_neighbour() {
    let vectors = clustered(300, 128, 3);
    for index in [
        Index::exact(vectors.clone()),
        Index::open(vectors.clone(), Kind::Hnsw, None),
    ] {
        for row in 0..vectors.len() {
            let hit = index.nearest(vectors.row(row), 1, None)[0];
            assert_eq!(hit.row, row, "{:?}", index.kind());
            assert!((hit.score - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn equal_scores_come_in_order_of_their_rows() {
    let one = [0.6f32, 0.8];
    let vectors = Arc::new(Vectors::new(2, one.repeat(5_000)));
    let index = Index::exact(vectors);
    let expected: Vec<usize> = (0..40).collect();
    for _ in 0..5 {
        assert_eq!(rows(&index.nearest(&one, 40, None)), expected);
    }
}

#[test]
fn odd_questions_have_plain_answers() {
    let vectors = clustered(10, 8, 4);
    for kind in [Kind::Exact, Kind::Hnsw, Kind::Auto] {
        let index = Index::open(vectors.clone(), kind, None);
        assert_eq!(index.nearest(vectors.row(3), 0, None), []);
        assert_eq!(index.nearest(vectors.row(3), 50, None).len(), 10);
        assert_eq!(index.nearest(&[1.0; 7], 5, None), []);
        assert_eq!(index.nearest(vectors.row(3), 5, Some(&|_| false)), []);
        let empty = Index::open(Arc::new(Vectors::new(8, Vec::new())), kind, None);
        assert_eq!(empty.nearest(vectors.row(3), 5, None), []);
    }
}

#[test]
fn the_graph_agrees_with_the_scan_and_returns_as_many_hits_as_asked_for() {
    let vectors = clustered(3_000, 32, 5);
    let exact = Index::exact(vectors.clone());
    let hnsw = Hnsw::build(vectors.clone());
    let queries = clustered(100, 32, 6);
    let (mut found, mut wanted) = (0, 0);
    for query in (0..queries.len()).map(|row| queries.row(row)) {
        let truth = exact.nearest(query, 10, None);
        let hits = hnsw.nearest(query, 10, None);
        found += hits.iter().filter(|hit| truth.contains(hit)).count();
        wanted += truth.len();
        assert_eq!(hnsw.nearest(query, 200, None).len(), 200);
        // More than the graph can promise, and filtered: exactly what the scan says.
        assert_eq!(
            hnsw.nearest(query, EF_SEARCH + 100, None),
            exact.nearest(query, EF_SEARCH + 100, None)
        );
        let few = |row: usize| row.is_multiple_of(50);
        assert_eq!(
            hnsw.nearest(query, 10, Some(&few)),
            exact.nearest(query, 10, Some(&few))
        );
    }
    let recall = found as f64 / wanted as f64;
    assert!(recall >= 0.99, "recall@10 is {recall}");
}

#[test]
fn many_equal_vectors_do_not_trap_the_graph() {
    let mut values = [0.6f32, 0.8].repeat(500);
    values.extend([0.8f32, 0.6].repeat(500));
    let vectors = Arc::new(Vectors::new(2, values));
    let index = Index::open(vectors, Kind::Hnsw, None);
    let hits = index.nearest(&[0.8, 0.6], 150, None);
    assert_eq!(hits.len(), 150);
}
