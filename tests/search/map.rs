//! The map of a library: planted directions, planted clusters, and layouts that outlive a run.

use super::Place;
use puma::index::{Index, Kind, Vectors};
use puma::search::{Islands, Pca, SavedLayout};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// Unit vectors around `clusters` random directions, `each` of every cluster, cluster by cluster.
fn clustered(clusters: usize, each: usize, spread: f32) -> Vectors {
    const WIDTH: usize = 32;
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut noise = |scale: f32| -> Vec<f32> {
        (0..WIDTH)
            .map(|_| scale * (rng.random::<f32>() - 0.5))
            .collect()
    };
    let mut values = Vec::new();
    for _ in 0..clusters {
        let middle = noise(1.0);
        for _ in 0..each {
            let row: Vec<f32> = middle
                .iter()
                .zip(noise(spread))
                .map(|(a, b)| a + b)
                .collect();
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            values.extend(row.iter().map(|value| value / length));
        }
    }
    Vectors::new(WIDTH, values)
}

#[test]
fn pca_finds_planted_directions_and_their_shares() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    // Variance 9 along the third of six directions, 4 along the fifth, 0.01 along the others, far from 0.
    let mut values = Vec::new();
    let mut planted = Vec::new();
    for _ in 0..4_000 {
        let mut row: [f32; 6] = std::array::from_fn(|_| 0.173 * (2.0 * rng.random::<f32>() - 1.0));
        let uniform = |rng: &mut ChaCha8Rng| 3f32.sqrt() * (2.0 * rng.random::<f32>() - 1.0);
        let (a, b) = (3.0 * uniform(&mut rng), 2.0 * uniform(&mut rng));
        row[2] += a;
        row[4] += b;
        values.extend(row.map(|value| value + 7.0));
        planted.push([a, b]);
    }
    let vectors = Vectors::new(6, values);
    let pca = Pca::of(&vectors);
    let whole = 9.0 + 4.0 + 6.0 * 0.01;
    assert!(
        (pca.explained[0] - 9.0 / whole).abs() < 0.03,
        "{:?}",
        pca.explained
    );
    assert!(
        (pca.explained[1] - 4.0 / whole).abs() < 0.03,
        "{:?}",
        pca.explained
    );
    // The planted coordinates come out, with the sign that makes the largest component positive.
    let mean = |axis: usize| planted.iter().map(|p| p[axis]).sum::<f32>() / 4_000.0;
    let mean = [mean(0), mean(1)];
    for (row, expected) in planted.iter().enumerate() {
        let found = pca.project(vectors.row(row));
        for axis in 0..2 {
            let difference = found[axis] - (expected[axis] - mean[axis]);
            assert!(
                difference.abs() < 0.4,
                "row {row}, axis {axis}: {difference}"
            );
        }
    }
    let layout = pca.layout(&vectors);
    assert_eq!(layout.points, Pca::of(&vectors).layout(&vectors).points);
    let far = |axis: usize| {
        layout
            .points
            .iter()
            .map(|p| p[axis].abs())
            .fold(0.0, f32::max)
    };
    assert!((far(0) - 1.0).abs() < 1e-5 && far(1) < 1.0);
}

/// Of each point's ten nearest on the map, how many are of its cluster; and of its ten nearest by cosine, how many are
/// among its twenty nearest on the map.
fn kept_neighbours(vectors: &Arc<Vectors>, points: &[[f32; 2]], each: usize) -> (f64, f64) {
    let index = Index::exact(Arc::clone(vectors));
    let (mut same, mut kept) = (0, 0);
    for row in 0..points.len() {
        let mut order: Vec<usize> = (0..points.len()).filter(|other| *other != row).collect();
        let far = |other: usize| {
            (points[other][0] - points[row][0]).hypot(points[other][1] - points[row][1])
        };
        order.sort_by(|a, b| far(*a).total_cmp(&far(*b)));
        same += order[..10]
            .iter()
            .filter(|other| *other / each == row / each)
            .count();
        let near = index.nearest(vectors.row(row), 11, None);
        let near = near.iter().filter(|one| one.row != row).take(10);
        kept += near.filter(|one| order[..20].contains(&one.row)).count();
    }
    let of = 10.0 * points.len() as f64;
    (same as f64 / of, kept as f64 / of)
}

#[test]
fn islands_keep_planted_clusters_apart_and_neighbours_together() {
    let (clusters, each) = (10, 40);
    let vectors = Arc::new(clustered(clusters, each, 0.55));
    let pca = Pca::of(&vectors).layout(&vectors);
    let mut last = 0.0;
    let islands = Islands::default().of_vectors(&vectors, &mut |part| {
        assert!(part >= last && part <= 1.0);
        last = part;
        true
    });
    let islands = islands.unwrap().unwrap();
    assert!(last > 0.999);
    assert_eq!(islands.laid_out, clusters * each);
    let (pca_same, pca_kept) = kept_neighbours(&vectors, &pca.points, each);
    let (same, kept) = kept_neighbours(&vectors, &islands.points, each);
    println!(
        "same cluster: PCA {pca_same:.3}, islands {same:.3}; neighbours kept: {pca_kept:.3}, {kept:.3}"
    );
    assert!(same > 0.99, "{same}");
    assert!(kept > 0.7, "{kept}");
    assert!(same > pca_same && kept > pca_kept + 0.1);
    let again = Islands::default()
        .of_vectors(&vectors, &mut |_| true)
        .unwrap();
    assert_eq!(
        islands,
        again.unwrap(),
        "the same vectors give the same map"
    );
}

#[test]
fn what_is_not_laid_out_lies_on_the_island_of_its_like() {
    let (clusters, each) = (8, 60);
    let vectors = Arc::new(clustered(clusters, each, 0.5));
    let few = Islands {
        most_laid_out: 160,
        epochs: 400,
        ..Islands::default()
    };
    let layout = few.of_vectors(&vectors, &mut |_| true).unwrap().unwrap();
    assert_eq!(
        (layout.laid_out, layout.points.len()),
        (160, clusters * each)
    );
    let (same, _) = kept_neighbours(&vectors, &layout.points, each);
    assert!(same > 0.95, "{same}");
}

#[test]
fn a_layout_that_nobody_wants_ends_at_once() {
    let vectors = Arc::new(clustered(5, 40, 0.5));
    let mut told = 0;
    let ended = Islands::default().of_vectors(&vectors, &mut |_| {
        told += 1;
        told < 5
    });
    assert!(ended.unwrap().is_none());
    assert_eq!(told, 5);
}

#[test]
fn a_layout_is_kept_beside_the_library_until_too_much_changes() {
    let place = Place::new();
    place.index();
    let searcher = place.searcher(Kind::Exact);
    let photos = searcher.map_photos();
    assert_eq!(photos.len(), 17);
    let names: Vec<&str> = photos
        .domains()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["golden", "rings"]);
    let count = |domain: usize| (0..17).filter(|row| photos.domain(*row) == domain).count();
    assert_eq!((photos.domains()[0].1, photos.domains()[1].1), (5, 12));
    assert_eq!((count(0), count(1)), (5, 12));

    let layout = Islands::default()
        .layout(&photos, &mut |_| true)
        .unwrap()
        .unwrap();
    let file = searcher.map_file();
    SavedLayout::new(&photos, &layout).save(&file).unwrap();
    let saved = SavedLayout::load(&file).unwrap();
    let back = saved.layout(&photos).unwrap();
    for (a, b) in layout.points.iter().zip(&back.points) {
        assert!((a[0] - b[0]).abs() < 1e-5 && (a[1] - b[1]).abs() < 1e-5);
    }

    // One more photo, a copy: it lies beside the one it is a copy of.
    let source = place.photos().join("golden/chelsea.png");
    std::fs::copy(&source, place.photos().join("rings/copy.png")).unwrap();
    place.index();
    assert!(searcher.refresh().unwrap());
    let more = searcher.map_photos();
    let placed = saved.layout(&more).unwrap();
    let row = |name: &str| {
        (0..more.len())
            .find(|row| more.facts(*row).path.ends_with(name))
            .unwrap()
    };
    let (a, b) = (
        placed.points[row("chelsea.png")],
        placed.points[row("copy.png")],
    );
    let apart = (a[0] - b[0]).hypot(a[1] - b[1]);
    assert!(apart < 0.2, "{apart}");

    for number in 0..4 {
        crate::pictures::draw(
            &place.photos().join(format!("new/{number}.png")),
            90 + number,
            64,
        );
    }
    place.index();
    assert!(searcher.refresh().unwrap());
    assert!(saved.layout(&searcher.map_photos()).is_none());
    std::fs::write(&file, b"damaged").unwrap();
    assert!(SavedLayout::load(&file).is_none());
}
