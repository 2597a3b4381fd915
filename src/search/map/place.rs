use crate::index::{Index, Vectors};
use rayon::prelude::*;
use std::sync::Arc;

/// Neighbours on the map that a photo is placed among.
const AMONG: usize = 5;
/// Rows placed between two looks at whether to go on.
const AT_ONCE: usize = 512;
/// Neighbours farther from the nearest than this part of the map belong to another island.
const SAME_ISLAND: f32 = 0.05;
/// How far copies of one photo are drawn apart, as a part of the map.
const APART: f32 = 0.002;

/// Places for all rows of `vectors`, when those of `laid_out` (ascending) have `points`: the others lie among those
/// that are most like them. `islands` holds the vectors of `laid_out`.
pub(super) fn beside_their_like(
    vectors: &Vectors,
    laid_out: &[usize],
    islands: &Arc<Vectors>,
    points: &[[f32; 2]],
    go_on: &mut (dyn FnMut(f32) -> bool + Send),
) -> Option<Vec<[f32; 2]>> {
    let mut all = vec![[0f32; 2]; vectors.len()];
    for (&row, point) in laid_out.iter().zip(points) {
        all[row] = *point;
    }
    let others: Vec<usize> = (0..vectors.len())
        .filter(|row| laid_out.binary_search(row).is_err())
        .collect();
    let index = Index::exact(Arc::clone(islands));
    let extent = extent(points);
    let mut done = 0;
    for rows in others.chunks(AT_ONCE) {
        let placed: Vec<[f32; 2]> = rows
            .par_iter()
            .map(|&row| {
                let near = index.nearest(vectors.row(row), AMONG, None);
                let near: Vec<([f32; 2], f32)> = near
                    .iter()
                    .map(|neighbour| (points[neighbour.row], neighbour.score))
                    .collect();
                among(&near, extent, row)
            })
            .collect();
        for (&row, point) in rows.iter().zip(placed) {
            all[row] = point;
        }
        done += rows.len();
        if !go_on(done as f32 / others.len() as f32) {
            return None;
        }
    }
    Some(all)
}

/// The middle of the neighbours that lie beside the first, the more alike the heavier.
fn among(near: &[([f32; 2], f32)], extent: f32, row: usize) -> [f32; 2] {
    let Some(&(first, _)) = near.first() else {
        return [0.0; 2];
    };
    let mut sum = [0f32; 2];
    let mut weights = 0f32;
    for (point, score) in near {
        let far = (point[0] - first[0]).hypot(point[1] - first[1]);
        if far <= SAME_ISLAND * extent {
            // Squared distance of unit vectors, kept from 0 so that no single copy decides alone.
            let weight = 1.0 / (2.0 - 2.0 * score + 0.02);
            sum[0] += weight * point[0];
            sum[1] += weight * point[1];
            weights += weight;
        }
    }
    let turn = row as f32 * 2.399_963;
    let aside = APART * extent * (row as f32 * 0.618_034).fract();
    [
        sum[0] / weights + aside * turn.cos(),
        sum[1] / weights + aside * turn.sin(),
    ]
}

fn extent(points: &[[f32; 2]]) -> f32 {
    let span = |axis: usize| {
        let values = || points.iter().map(|point| point[axis]);
        values().fold(f32::NEG_INFINITY, f32::max) - values().fold(f32::INFINITY, f32::min)
    };
    span(0).max(span(1)).max(0.0)
}
