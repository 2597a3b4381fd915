//! The scan against a plain sort.
use super::{by_sorting, clustered, numbers_of};
use puma::index::{Graph, Index, Vectors};
use std::sync::Arc;

#[test]
fn the_scan_gives_what_sorting_gives() {
    // The larger one is looked through by its codes first.
    for rows in [5_000, 30_000] {
        let vectors = clustered(rows, 33, 1);
        let index = Index::exact(vectors.clone());
        let queries = clustered(12, 33, 2);
        for query in (0..queries.len()).map(|row| queries.row(row)) {
            for k in [1, 10, 300] {
                assert_eq!(
                    numbers_of(&index.nearest(query, k, None)),
                    by_sorting(&vectors, query, k, |_| true)
                );
            }
            let odd = |row: usize| row % 2 == 1;
            assert_eq!(
                numbers_of(&index.nearest(query, 25, Some(&odd))),
                by_sorting(&vectors, query, 25, odd)
            );
        }
    }
}

#[test]
fn several_queries_in_one_pass_get_what_each_would_get_alone() {
    for rows in [3_000, 20_000] {
        let vectors = clustered(rows, 24, 3);
        let index = Index::exact(vectors.clone());
        let queries = clustered(20, 24, 4);
        let queries: Vec<&[f32]> = (0..queries.len()).map(|row| queries.row(row)).collect();
        let alone: Vec<_> = queries
            .iter()
            .map(|query| index.nearest(query, 7, None))
            .collect();
        assert_eq!(index.nearest_each(&queries, 7), alone);
    }
}

#[test]
fn scores_of_all_rows_come_with_the_neighbours() {
    for (rows, near) in [(3_000, 1e-5), (20_000, 0.01)] {
        let vectors = clustered(rows, 40, 5);
        let index = Index::exact(vectors.clone());
        let query = vectors.row(17);
        let (hits, scores) = index.nearest_and_scores(query, 5, None);
        assert_eq!(hits, index.nearest(query, 5, None));
        assert_eq!(scores.len(), rows);
        for (row, score) in scores.iter().enumerate() {
            let truth: f32 = vectors.row(row).iter().zip(query).map(|(a, b)| a * b).sum();
            assert!((score - truth).abs() < near, "{score} {truth}");
        }
    }
}

#[test]
fn scores_are_cosines_and_a_vector_is_its_own_neighbour() {
    let vectors = clustered(300, 128, 3);
    let graph = Arc::new(Graph::build(&vectors));
    for index in [
        Index::exact(vectors.clone()),
        Index::with_graph(vectors.clone(), graph),
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
    for rows in [5_000, 20_000] {
        let index = Index::exact(Arc::new(Vectors::new(2, one.repeat(rows))));
        let expected: Vec<usize> = (0..40).collect();
        for _ in 0..5 {
            assert_eq!(numbers_of(&index.nearest(&one, 40, None)), expected);
        }
    }
}

#[test]
fn odd_questions_have_plain_answers() {
    let vectors = clustered(10, 8, 4);
    let graph = Arc::new(Graph::build(&vectors));
    for index in [
        Index::exact(vectors.clone()),
        Index::with_graph(vectors.clone(), graph.clone()),
    ] {
        assert_eq!(index.nearest(vectors.row(3), 0, None), []);
        assert_eq!(index.nearest(vectors.row(3), 50, None).len(), 10);
        assert_eq!(index.nearest(&[1.0; 7], 5, None), []);
        assert_eq!(index.nearest(vectors.row(3), 5, Some(&|_| false)), []);
        assert_eq!(
            index.nearest_and_scores(&[1.0; 7], 5, None),
            (vec![], vec![])
        );
    }
    let nothing = Arc::new(Vectors::new(8, Vec::new()));
    for empty in [
        Index::exact(nothing.clone()),
        Index::with_graph(nothing.clone(), Arc::new(Graph::build(&nothing))),
        Index::with_graph(nothing, graph),
    ] {
        assert_eq!(empty.nearest(vectors.row(3), 5, None), []);
    }
}

#[test]
fn rows_that_are_no_numbers_do_not_hide_the_others() {
    let mut values: Vec<f32> = (0..20_000)
        .flat_map(|row| [1.0, row as f32 / 20_000.0])
        .collect();
    values[2 * 777] = f32::NAN;
    values[2 * 9_999 + 1] = f32::INFINITY;
    let vectors = Arc::new(Vectors::new(2, values));
    let hits = numbers_of(&Index::exact(vectors.clone()).nearest(&[0.0, 1.0], 6, None));
    assert_eq!(hits, by_sorting(&vectors, &[0.0, 1.0], 6, |_| true));
    assert!(hits.contains(&19_999));
}
