//! Whatever the vectors, the question and the filter: what is found are the true neighbours.
use super::{by_sorting, numbers_of};
use proptest::prelude::*;
use puma::index::{Accept, Block, Graph, Index, Vectors};
use std::sync::Arc;

const WIDTH: usize = 6;

/// Few distinct values, so that scores are often equal, and vectors of very different lengths.
fn vector() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        3 => (-4i8..5).prop_map(f32::from),
        2 => -1.0f32..1.0,
        1 => Just(0.0f32),
    ];
    let size = prop_oneof![4 => Just(1.0f32), 1 => Just(1e-5), 1 => Just(1e3)];
    (size, proptest::collection::vec(value, WIDTH))
        .prop_map(|(size, values)| values.into_iter().map(|value| value * size).collect())
}

/// A filter by a row's number that lets all, half, few or no rows pass.
fn filter() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        Just((1, 1)),
        (1..3usize, 1..4usize),
        Just((1, 97)),
        Just((0, 1))
    ]
}

/// Rows that repeat themselves until the scan reads codes.
fn many(few: &[Vec<f32>], rows: usize) -> Vectors {
    let values = few.iter().cycle().take(rows);
    Vectors::new(WIDTH, values.flatten().copied().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_scan_finds_the_true_filtered_neighbours(
        few in proptest::collection::vec(vector(), 1..40),
        query in vector(),
        (share, of) in filter(),
        k in 0usize..60,
        large in proptest::bool::ANY,
    ) {
        let vectors = Arc::new(many(&few, if large { 17_000 } else { few.len() }));
        let index = Index::exact(vectors.clone());
        let passes = |row: usize| row % of < share;
        let accept: Accept<'_> = Some(&passes);
        prop_assert_eq!(
            numbers_of(&index.nearest(&query, k, accept)),
            by_sorting(&vectors, &query, k, passes)
        );
        prop_assert_eq!(
            numbers_of(&index.nearest_and_scores(&query, k, None).0),
            by_sorting(&vectors, &query, k, |_| true)
        );
    }

    #[test]
    fn a_graph_loses_nothing_to_a_filter_whatever_came_or_went(
        first in proptest::collection::vec(vector(), 1..120),
        came in proptest::collection::vec(vector(), 0..60),
        gone in proptest::collection::vec(proptest::bool::ANY, 120),
        query in vector(),
        (share, of) in filter(),
        k in 0usize..60,
    ) {
        let graph = Graph::build(&Vectors::new(WIDTH, first.concat()));
        let stays = |key: &usize| *key >= first.len() || !gone[*key];
        let keys: Vec<usize> = (0..first.len() + came.len()).filter(stays).collect();
        let values = keys.iter().flat_map(|key| match key.checked_sub(first.len()) {
            None => &first[*key],
            Some(new) => &came[new],
        });
        let block = Block::new(
            WIDTH,
            keys.iter().map(|key| *key as i64).collect(),
            values.copied().collect(),
        );
        let vectors = Arc::new(Vectors::of_blocks(WIDTH, [Arc::new(block)]));
        let index = Index::with_graph(vectors.clone(), Arc::new(graph));
        let passes = |row: usize| row % of < share;
        prop_assert_eq!(
            numbers_of(&index.nearest(&query, k, Some(&passes))),
            by_sorting(&vectors, &query, k, passes)
        );
        // Fewer points than candidates: unfiltered, too, all are looked at.
        let all = index.nearest(&query, k, None);
        prop_assert_eq!(all.len(), k.min(vectors.len()));
        let scores: Vec<f32> = all.iter().map(|hit| hit.score).collect();
        prop_assert!(scores.is_sorted_by(|a, b| a >= b));
    }
}
